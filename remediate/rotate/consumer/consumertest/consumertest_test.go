package consumertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/consumertest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// world is a variable somewhere, which a consumer in memory writes.
type world struct {
	value   string
	effects int
	asked   int
	cut     int
	lost    bool
}

// request is one to the world; it is done unless it is cut off, and then its answer may
// be lost.
func (w *world) request(ctx context.Context, do func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.asked++
	if w.cut > 0 && w.asked >= w.cut && !(w.lost && w.asked == w.cut) {
		return errors.New("nobody answers")
	}
	do()
	if w.cut > 0 && w.asked >= w.cut {
		return errors.New("the answer is lost")
	}
	return nil
}

// variable is a consumer with at most one thing wrong.
type variable struct {
	w     *world
	wrong string
	did   string
}

func (v *variable) is(wrong string) bool { return v.wrong == wrong }

func (v *variable) String() string {
	if v.is("no name") {
		return ""
	}
	return "a variable"
}

func (v *variable) Risk() string {
	if v.is("no risk") {
		return ""
	}
	return "whoever may read the world reads it; taken back by writing the old value"
}

func (v *variable) Check(ctx context.Context, u consumer.Update) ([]string, error) {
	if v.is("check wants the new value") && u.New["password"].Equal(u.Old["password"]) {
		return nil, errors.New("there is no new value")
	}
	if v.is("check writes") {
		return nil, v.write(ctx, u.New, u.Op)
	}
	return nil, v.w.request(ctx, func() {})
}

func (v *variable) Done(ctx context.Context, u consumer.Update) (is bool, err error) {
	if v.is("always done") {
		return true, nil
	}
	if v.is("remembers alone") {
		return v.did == u.Op, nil
	}
	err = v.w.request(ctx, func() { is = v.w.value == store.Plain(u.New["password"]) })
	return is, err
}

func (v *variable) write(ctx context.Context, fields map[string]leak.Secret, id string) error {
	want, is := store.Plain(fields["password"]), false
	if !v.is("writes blindly") {
		if err := v.w.request(ctx, func() { is = v.w.value == want }); err != nil {
			if v.is("leaks") {
				return fmt.Errorf("write %s: %w", want, err)
			}
			return err
		}
	}
	if is {
		v.did = id
		return nil
	}
	if v.is("in two halves") {
		if err := v.w.request(ctx, func() { v.w.value = "half"; v.w.effects++ }); err != nil {
			return err
		}
	}
	v.did = id
	return v.w.request(ctx, func() { v.w.value = want; v.w.effects++ })
}

func (v *variable) Do(ctx context.Context, u consumer.Update) error {
	if v.is("ignores its end") {
		ctx = context.WithoutCancel(ctx)
	}
	if u.Op == "" && !v.is("takes no id") {
		return u.Validate()
	}
	return v.write(ctx, u.New, u.Op)
}

func (v *variable) Undo(ctx context.Context, u consumer.Update) error {
	back, err := u.Back()
	switch {
	case v.is("does not go back"):
		return nil
	case v.is("goes back to nothing"):
		return v.write(ctx, back.New, consumer.UndoOp(u.Op))
	case err != nil:
		return err
	}
	return v.write(ctx, back.New, consumer.UndoOp(u.Op))
}

func bench(wrong string) *consumertest.Bench {
	w := &world{}
	words := strings.Fields(leaktest.Must(1, `{{uuid}} {{alnum 24}} {{alnum 24}}`))
	s := func(v string) map[string]leak.Secret {
		return map[string]leak.Secret{"password": leak.NewSecret([]byte(v))}
	}
	return &consumertest.Bench{
		Open:   func() consumer.Consumer { return &variable{w: w, wrong: wrong} },
		Reset:  func() error { *w = world{value: words[2]}; return nil },
		Update: consumer.Update{Op: words[0], New: s(words[1]), Old: s(words[2])},
		Holds: func() (string, error) {
			return map[string]string{words[1]: "new", words[2]: "old"}[w.value], nil
		},
		Effects: func() int { return w.effects },
		Cut:     func(n int, lost bool) { w.asked, w.cut, w.lost = 0, n, lost },
	}
}

func TestARightOne(t *testing.T) { consumertest.Run(t, bench("")) }

// Each thing that is wrong is found, by a case that is about it.
func TestWrongOnesAreFound(t *testing.T) {
	for wrong, by := range map[string]string{
		"no name": "named", "no risk": "named", "check wants the new value": "looked at", "check writes": "looked at", "always done": "once",
		"remembers alone": "resumed", "writes blindly": "once", "leaks": "cut off", "in two halves": "once", "ignores its end": "canceled", "takes no id": "no id",
		"does not go back": "back", "goes back to nothing": "no way back",
	} {
		b, found := bench(wrong), []string{}
		for _, c := range consumertest.Cases() {
			if err := c.Run(t.Context(), b); err != nil {
				found = append(found, c.Name)
			}
		}
		if len(found) == 0 || found[0] != by && !strings.Contains(strings.Join(found, ","), by) {
			t.Errorf("%s: found by %v, expected %s", wrong, found, by)
		}
	}
}
