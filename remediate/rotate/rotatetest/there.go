package rotatetest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// place is where programs run: other rules may hold there than here.
type place struct {
	w       *world
	refuses bool
	tried   rotate.Credential
}

func (p *place) String() string { return "the programs' network" }
func (p *place) Risk() string   { return "none" }

func (p *place) Done(context.Context, consumer.Update) (bool, error) { return false, nil }

func (p *place) Do(_ context.Context, u consumer.Update) error {
	if err := p.w.step(); err != nil {
		return err
	}
	if p.tried = u.New; p.refuses {
		return errors.New("the server closed the connection")
	}
	return p.w.step()
}

func (p *place) Undo(context.Context, consumer.Update) error { return nil }

// refusedThere: a new credential that works from here, and not from where programs run,
// is given to none of them.
func refusedThere(w *world) {
	w.there.refuses = true
	o, file := w.order()
	err := w.goOn(o, file)
	if _, waits := asWait(err); waits || !strings.Contains(str(err), "not from the programs' network") {
		w.Fatalf("what is refused where programs run ends with %v", err)
	}
	if w.told.holds != nil || !w.current().Equal(w.scene.Old) {
		w.Error("programs were given what is refused where they run")
	}
	w.works("refused where programs run", "the old credential", w.scene.Old, w.trait.Overlap)
	w.there.refuses = false
	w.finish(o, file, nil, 0)
	w.rotated("after it was let in", o)
	if !w.there.tried.Equal(w.current()) {
		w.Error("another credential was tried there than the one that programs have")
	}
}

// triedFromHere: where nothing tries the new credential elsewhere, the order says so, and
// the old one is not deleted before a program was seen with the new one. Of a kind of
// which nobody could tell that, there is no order unless the settings accept it.
func triedFromHere(w *world) {
	w.there = nil
	if !w.trait.SeesNew {
		_, _, err := w.machine().Order(w.Context(), w.state, "app")
		if _, refused := errors.AsType[*rotate.Refusal](err); !refused || !strings.Contains(err.Error(), "verify_from") || !strings.Contains(err.Error(), "accept_unseen") {
			w.Fatalf("nothing speaks for the new credential, and an order is made: %v", err)
		}
		w.set.AcceptUnseen = true
	}
	o, file := w.order()
	if !strings.Contains(o.Explain(), "verified from this machine only") {
		w.Errorf("the order does not say from where the new credential is tried:\n%s", o.Explain())
	}
	if w.trait.SeesNew {
		w.scene.Rotator = &ahead{Rotator: w.scene.Rotator, w: w}
		w.unseen(o, file)
		end, err := w.scene.Use(w.current())
		if err != nil {
			w.Fatal(err)
		}
		defer end()
	}
	w.finish(o, file, nil, 0)
	w.rotated("tried from here only", o)
}

// ahead is a provider whose clock is ten minutes ahead, and which takes our own tries of
// the new credential for uses.
type ahead struct {
	rotate.Rotator
	w     *world
	tried time.Time
}

func (a *ahead) Verify(ctx context.Context, c rotate.Credential) error {
	a.tried = a.w.clock.Add(10 * time.Minute)
	return a.Rotator.Verify(ctx, c)
}

func (a *ahead) Uses(ctx context.Context, c rotate.Credential, since time.Time) ([]rotate.Use, error) {
	if !c.Equal(a.w.scene.Old) && a.tried.After(since) {
		return []rotate.Use{{When: a.tried, What: "a try of ours"}}, nil
	}
	return a.Rotator.Uses(ctx, c, since)
}

// unseen runs until a program would have to be seen, however much time passes: the old
// credential is there, and can come back.
func (w *world) unseen(o *rotate.Order, file []byte) {
	w.Helper()
	for range 10 {
		err := w.goOn(o, file)
		wait, ok := asWait(err)
		if !ok {
			w.Fatalf("although no program was seen it ends with %v", err)
		}
		if w.waited(err); strings.Contains(wait.For, "no program is seen") {
			break
		}
	}
	err := w.goOn(o, file)
	if wait, ok := asWait(err); !ok || !strings.Contains(wait.For, "no program is seen") {
		w.Fatalf("although no program was seen it ends with %v", err)
	}
	if s, err := w.scene.Rotator.Status(w.Context(), w.scene.Old); err != nil || s != rotate.Inactive {
		w.Errorf("while no program is seen with the new credential, the old one is %s, %v", s, err)
	}
}
