package rotatetest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
)

// whole: a rotation comes to its end, and each stage is told before it is taken.
func whole(w *world) {
	o, file := w.order()
	for _, s := range o.Stages {
		if s.Text == "" || s.Undo == "" {
			w.Errorf("stage %s says nothing of itself or of its undoing", s.ID)
		}
	}
	if !strings.Contains(o.Explain(), o.Subject.ID) {
		w.Error("the explanation does not name the credential")
	}
	w.finish(o, file, nil, 0)
	w.rotated("a rotation", o)
	if err := w.machine().Resume(w.Context(), o.ID, ""); err == nil {
		w.Error("what is over goes on")
	}
}

// plain: the same where the next value waits beside the entry.
func plain(w *world) {
	w.plain = true
	o, file := w.order()
	w.finish(o, file, nil, 0)
	w.rotated("a rotation", o)
}

// asks: without the order's hash, nothing that hurts is done.
func asks(w *world) {
	o, file := w.order()
	_, err := w.machine().Run(w.Context(), file, "")
	for range 10 {
		wait, ok := asWait(err)
		if !ok {
			w.Fatalf("without a word it ends with %v", err)
		}
		if strings.Contains(wait.For, signed.Hash(file)) {
			break
		}
		w.waited(err)
		err = w.machine().Resume(w.Context(), o.ID, strings.Repeat("0", 64))
	}
	if works, err := w.scene.Works(w.scene.Old); err != nil || !works {
		w.Errorf("the old credential works: %v, %v", works, err)
	}
	w.finish(o, file, nil, 0)
	w.rotated("a rotation", o)
}

// steps is how many steps a whole rotation has.
func (w *world) steps() int {
	w.Helper()
	o, file := w.order()
	w.count = 0
	w.finish(o, file, nil, 0)
	w.rotated("an uninterrupted rotation", o)
	return w.count
}

func (w *world) every() int { return killtest.Every(max(1, w.suite.Every)) }

// killedAnywhere ends a rotation at each step that can be its last, before and after.
// Resumed, it comes to the same end.
func killedAnywhere(w *world) {
	dice := rand.New(rand.NewPCG(3, 4))
	steps := w.steps()
	for n := 1; n <= steps; n += w.every() {
		w.again()
		w.plain = n%3 == 0
		o, file := w.order()
		w.count, w.at = 0, killtest.At(n)
		killtest.Alive(func() error { return w.goOn(o, file) })
		w.kills++
		w.finish(o, file, dice, n%3)
		w.rotated(name("killed at step", n), o)
		if w.Failed() {
			w.Fatalf("killed at step %d of %d; what was told:\n%s", n, steps, w.said.String())
		}
	}
}

// lostReplies has each call fail once, before it took effect or after.
func lostReplies(w *world) {
	steps := w.steps()
	for n := 1; n <= steps; n += 2*w.every() + 1 {
		w.again()
		o, file := w.order()
		w.count, w.at = 0, killtest.FailAt(n, errors.New("the connection was closed"))
		err := w.goOn(o, file)
		w.kills++
		if err != nil && !w.waited(err) && strings.Contains(err.Error(), rotate.ErrLost.Error()) {
			w.Fatalf("a lost reply at step %d loses the credential: %v", n, err)
		}
		w.finish(o, file, nil, 0)
		w.rotated(name("a reply was lost at step", n), o)
		if w.Failed() {
			w.FailNow()
		}
	}
}

// diskFull has everything fail from a step on, and then the disk has room again.
func diskFull(w *world) {
	steps := w.steps()
	for n := 1; n <= steps; n += 3*w.every() + 1 {
		w.again()
		o, file := w.order()
		w.count, w.at = 0, func(count int) error {
			if count >= n {
				return errors.New("no space left on device")
			}
			return nil
		}
		if err := w.goOn(o, file); err == nil {
			w.Fatalf("with a full disk from step %d on it ends well", n)
		}
		w.kills++
		w.finish(o, file, nil, 0)
		w.rotated(name("the disk was full at step", n), o)
		if w.Failed() {
			w.FailNow()
		}
	}
}

// rolledBack takes a rotation back from every step until the old credential is deleted.
func rolledBack(w *world) {
	steps := w.steps()
	back := 0
	for n := 1; n <= steps; n += 3*w.every() + 1 {
		w.again()
		o, file := w.order()
		w.count, w.at = 0, killtest.At(n)
		for { // time passes, as long as it is not killed
			err, lived := killtest.Alive(func() error { return w.goOn(o, file) })
			if !lived || err == nil || !w.waited(err) {
				break
			}
		}
		w.kills++
		w.at = nil
		err := w.machine().Rollback(w.Context(), o.ID)
		if err != nil && w.deleted(err) {
			continue
		}
		if err != nil {
			w.Fatalf("roll back from step %d of %d: %v", n, steps, err)
		}
		back++
		w.unrotated(name("rolled back from step", n), o)
		if w.Failed() {
			w.FailNow()
		}
	}
	if back == 0 {
		w.Error("nothing was rolled back")
	}
}

// deleted tells that the old credential is gone, so that there is no way back: the new
// one must work. Before the run has its folder there is nothing to take back either.
func (w *world) deleted(err error) bool {
	if strings.Contains(err.Error(), "has begun") || strings.Contains(err.Error(), "read the run's plan") {
		return true
	}
	gone := strings.Contains(err.Error(), "is deleted") || strings.Contains(err.Error(), "came to its end") || strings.Contains(err.Error(), "is gone")
	if gone {
		w.works("there is no way back", "the new credential", w.current(), true)
	}
	return gone
}

// twoAtOnce: while one host rotates, another is told who does.
func twoAtOnce(w *world) {
	o, file := w.order()
	other, _, err := w.machine().Order(w.Context(), w.state, "app")
	if err != nil {
		w.Fatal(err)
	}
	theirs, err := signed.Encode(other)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.machine().Run(w.Context(), file, signed.Hash(file)); err != nil && !w.waited(err) {
		w.Fatal(err)
	}
	state := w.state
	for _, rival := range [][]byte{theirs, file} { // another order, and the same one elsewhere
		w.state, w.who = w.TempDir(), "bob@desk"
		_, err = w.machine().Run(w.Context(), rival, signed.Hash(rival))
		if !errors.Is(err, rotate.ErrTaken) && !strings.Contains(str(err), "order again") || errors.Is(err, rotate.ErrTaken) && !strings.Contains(err.Error(), "ada@laptop") {
			w.Errorf("a second host ends with %v", err)
		}
	}
	w.state, w.who = state, "ada@laptop"
	w.finish(o, file, nil, 0)
	w.rotated("the first of two", o)
}

func str(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// stale: an order that is older than the entry is refused, and changes nothing.
func stale(w *world) {
	_, file := w.order()
	theirs := w.document(w.scene.Old)
	if w.suite.Apart {
		theirs = w.scene.Old[w.trait.Parts[len(w.names)-1]]
	}
	if err := w.overwrite(theirs); err != nil {
		w.Fatal(err)
	}
	if _, err := w.machine().Run(w.Context(), file, signed.Hash(file)); err == nil || !strings.Contains(err.Error(), "order again") {
		w.Errorf("an order that is older than the entry: %v", err)
	}
	w.alone("an order that is older than the entry")
}

// last is the name of the entry, or of the last of them.
func (w *world) last() string { return w.names[len(w.names)-1] }

// overwrite is what somebody else does to the entry.
func (w *world) overwrite(value leak.Secret) error {
	e, err := w.store.Stat(w.Context(), w.last())
	if err != nil {
		return err
	}
	_, err = w.store.Write(w.Context(), store.Write{Name: w.last(), Value: value, Token: uuid.NewString(), From: e.Version, Tags: map[string]string{"owner": "bob"}})
	return err
}

// changedInTheMiddle: what somebody else puts into the entry during a rotation stays,
// and the old credential is not retired.
func changedInTheMiddle(w *world) {
	o, file := w.order()
	theirs := w.document(rotate.Credential{rotate.Token: leak.NewSecret([]byte("theirs"))})
	steps := 0
	w.at = func(int) error {
		if steps++; steps == 12 {
			return w.overwrite(theirs)
		}
		return nil
	}
	err := w.goOn(o, file)
	w.at = nil
	if err == nil || w.waited(err) {
		w.Errorf("a change by somebody else ends with %v", err)
	}
	if _, value, err := w.store.Read(w.Context(), w.last(), ""); err != nil || !value.Equal(theirs) {
		w.Errorf("what somebody else stored is gone: %v", err)
	}
	if w.trait.Overlap {
		w.works("the entry was changed", "the old credential", w.scene.Old, true)
	}
}

// goingOn: where a version waits already, no order is made.
func goingOn(w *world) {
	theirs := store.Write{Name: w.last() + "-oakum-next", Value: w.document(nil), Token: uuid.NewString(), Tags: map[string]string{"owner": "bob"}}
	if _, waits := w.store.(store.Promoter); waits {
		e, err := w.store.Stat(w.Context(), w.last())
		if err != nil {
			w.Fatal(err)
		}
		theirs.Name, theirs.From, theirs.Pending = w.last(), e.Version, true
	}
	if _, err := w.store.Write(w.Context(), theirs); err != nil {
		w.Fatal(err)
	}
	_, _, err := w.machine().Order(w.Context(), w.state, "app")
	if _, refused := errors.AsType[*rotate.Refusal](err); !refused {
		w.Errorf("beside a version that waits, an order is made: %v", err)
	}
}

// notYet: a provider that needs a minute is waited for; before the new credential
// works nothing is promoted.
func notYet(w *world) {
	slow := &slow{Rotator: w.scene.Rotator, w: w}
	w.scene.Rotator = slow
	o, file := w.order()
	slow.until = w.clock.Add(45 * time.Second)
	w.finish(o, file, nil, 0)
	w.rotated("a slow provider", o)
	if slow.early == 0 {
		w.Error("it was never tried too early")
	}
	if slow.promoted {
		w.Error("it was promoted before it worked")
	}
}

// stillUsed: while somebody uses the old credential it is not retired, and the error
// says who.
func stillUsed(w *world) {
	if w.scene.Use == nil {
		w.Skip("the provider cannot tell who uses a credential")
	}
	o, file := w.order()
	end, err := w.scene.Use(w.scene.Old)
	if err != nil {
		w.Fatal(err)
	}
	err = w.goOn(o, file)
	wait, ok := asWait(err)
	if !ok || !strings.Contains(wait.For, "used") {
		w.Fatalf("while the old credential is used it ends with %v", err)
	}
	w.works("in use", "the old credential", w.scene.Old, w.trait.Overlap)
	end()
	w.finish(o, file, nil, 0)
	w.rotated("after it was used", o)
}

// alreadyDead: what does not work any more is told when it is ordered, or rotated all
// the same; it is never made live again.
func alreadyDead(w *world) {
	o, file := w.order()
	w.finish(o, file, nil, 0)
	w.rotated("a rotation", o)
	if s, err := w.scene.Rotator.Status(w.Context(), w.scene.Old); err != nil || s != rotate.Gone && s != rotate.Inactive {
		w.Errorf("the status of a dead credential is %q, %v", s, err)
	}
	if err := w.scene.Rotator.Delete(w.Context(), w.scene.Old, w.current()); err != nil {
		w.Errorf("deleting what is deleted: %v", err)
	}
	w.works("deleted twice", "the new credential", w.current(), true)
}

// publicFirst: what leaked in public is dead before anything new is made.
func publicFirst(w *world) {
	w.set.Exposure = rotate.Public
	o, file := w.order()
	first := slices.IndexFunc(o.Stages, func(s rotate.Stage) bool { return s.ID == "quarantine" })
	if w.trait.Overlap && w.trait.Reversible != (first >= 0) {
		w.Fatalf("the quarantine is stage %d of a kind that overlaps", first)
	}
	if first > 1 {
		w.Errorf("the quarantine is stage %d only", first+1)
	}
	w.finish(o, file, nil, 0)
	w.rotated("a public leak", o)
}

// retired: where a role took its place, the credential is ended and nothing is made; it
// can be taken back until it is deleted.
func retired(w *world) {
	w.set.Retire = true
	if !w.trait.Overlap {
		if _, _, err := w.machine().Order(w.Context(), w.state, "app"); err == nil {
			w.Error("the only credential of a user can be retired")
		}
		return
	}
	o, file := w.order()
	if w.trait.Reversible {
		if err := w.goOn(o, file); err == nil || !w.waited(err) {
			w.Fatalf("before it is used no more it ends with %v", err)
		}
		w.goOn(o, file)
		if err := w.machine().Rollback(w.Context(), o.ID); err != nil {
			w.Fatal(err)
		}
		w.unrotated("a retirement", o)
		o, file = w.order()
	}
	w.finish(o, file, nil, 0)
	w.works("retired", "the old credential", w.scene.Old, false)
	if n, err := w.scene.Count(); err != nil || n != 0 {
		w.Errorf("%d credentials are live, %v", n, err)
	}
	if !w.current().Equal(w.scene.Old) || len(w.kept) == 0 {
		w.Error("the entry was changed, or the value was not remembered")
	}
	w.tidy("retired", o)
}
