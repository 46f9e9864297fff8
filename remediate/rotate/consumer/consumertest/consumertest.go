// Package consumertest is the conformance suite of consumer.Consumer: what every kind of
// consumer must do, whatever it tells of a new credential. A driver's test calls [Run]
// with a [Bench] on which such a consumer stands.
//
// Its promise is that the suite can fail: its own test runs it over a consumer in memory
// with one thing wrong at a time, and each of those must be found.
package consumertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Bench is a consumer to try out.
type Bench struct {
	// Open is the consumer as a new process has it.
	Open func() consumer.Consumer
	// Reset makes the world hold the old value, and nothing of the update.
	Reset func() error
	// Update is what it is told.
	Update consumer.Update
	// Holds is what the world holds: "old", "new", or something else in words, without
	// asking the consumer.
	Holds func() (string, error)
	// Effects is how often the world was changed since Reset; nil: it is not counted.
	Effects func() int
	// Cut has the consumer's requests cut off from the n-th on, counted from now; where
	// lost is set that one is done, and its answer lost. 0 ends that. nil: the consumer
	// makes none.
	Cut func(n int, lost bool)

	// Blind: nobody can see the value, so a new process writes it again.
	Blind bool
	// Rereads: the consumer holds no value, it only reads the store again, and goes back
	// without knowing the old one.
	Rereads bool
}

// Case is one thing that a consumer must do. Its error says what it did in its place.
type Case struct {
	Name string
	Run  func(ctx context.Context, b *Bench) error
}

// Run runs every case.
func Run(t *testing.T, b *Bench) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if b.Cut == nil && c.cuts() {
				t.Skip("it makes no requests")
			}
			if err := c.Run(t.Context(), b); err != nil {
				t.Error(err)
			}
		})
	}
}

func (c Case) cuts() bool { return strings.HasPrefix(c.Name, "cut off") }

// Cases are all of them.
func Cases() []Case {
	return []Case{
		{"named", named}, {"looked at", lookedAt}, {"once", once}, {"resumed", resumed}, {"back", back}, {"back without having been there", backOnly},
		{"no way back", noWayBack}, {"canceled", canceled}, {"no id", noID}, {"cut off", cutOff}, {"cut off on the way back", cutOffBack},
	}
}

// quiet passes an error on, unless it holds a value.
func (b *Bench) quiet(what string, err error) error {
	if err == nil {
		return nil
	}
	for _, v := range b.Update.Secrets() {
		if v.Len() > 8 && strings.Contains(err.Error(), store.Plain(v)) {
			return fmt.Errorf("%s: %w", what, errValue)
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// expect looks at the world.
func (b *Bench) expect(when, want string) error {
	got, err := b.Holds()
	if err == nil && got != want {
		err = fmt.Errorf("the world holds %q, not %q", got, want)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", when, err)
	}
	return nil
}

func (b *Bench) effects(when string, want int) error {
	if b.Effects == nil {
		return nil
	}
	if got := b.Effects(); got != want {
		return fmt.Errorf("%s: the world was changed %d times, not %d", when, got, want)
	}
	return nil
}

func (b *Bench) done(ctx context.Context, c consumer.Consumer, when string, want bool) error {
	got, err := c.Done(ctx, b.Update)
	if err != nil {
		return b.quiet(when+", Done", err)
	}
	if got != want {
		return fmt.Errorf("%s: Done is %v", when, got)
	}
	return nil
}

func (b *Bench) do(ctx context.Context, c consumer.Consumer) error {
	return b.quiet("Do", c.Do(ctx, b.Update))
}

func (b *Bench) undo(ctx context.Context, c consumer.Consumer) error {
	return b.quiet("Undo", c.Undo(ctx, b.Update))
}

// first is the first error; what follows one is not done.
func first(steps ...func() error) error {
	for _, s := range steps {
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

func named(_ context.Context, b *Bench) error {
	if err := b.Reset(); err != nil {
		return err
	}
	c, other := b.Open(), b.Open()
	switch {
	case c.String() == "" || c.String() != other.String():
		return fmt.Errorf("it is called %q, and %q by another process", c, other)
	case len(c.Risk()) < 40:
		return fmt.Errorf("its risk says %q", c.Risk())
	}
	for _, v := range b.Update.Secrets() {
		if v.Len() > 8 && strings.Contains(c.String()+c.Risk(), store.Plain(v)) {
			return errors.New("its name or its risk holds a value")
		}
	}
	return nil
}

// lookedAt: before an order is made, nobody knows the new value.
func lookedAt(ctx context.Context, b *Bench) error {
	if err := b.Reset(); err != nil {
		return err
	}
	k, ok := b.Open().(consumer.Checker)
	if !ok {
		return errors.New("it is no Checker: what will not work is told when half is done")
	}
	ahead := b.Update
	ahead.New, ahead.Version = maps.Clone(b.Update.Old), ""
	return first(
		func() error { _, err := k.Check(ctx, ahead); return b.quiet("Check, before there is a new value", err) },
		func() error { _, err := k.Check(ctx, b.Update); return b.quiet("Check", err) },
		func() error { return b.expect("after Check", "old") },
		func() error { return b.effects("after Check", 0) })
}

func once(ctx context.Context, b *Bench) error {
	if err := b.Reset(); err != nil {
		return err
	}
	c := b.Open()
	return first(
		func() error { return b.done(ctx, c, "before", false) },
		func() error { return b.do(ctx, c) },
		func() error { return b.expect("after Do", "new") },
		func() error { return b.done(ctx, c, "after Do", true) },
		func() error { return b.do(ctx, c) },
		func() error { return b.effects("after Do twice", 1) },
		func() error { return b.done(ctx, c, "after Do twice", true) })
}

// resumed: what one process did another one sees, where it can be seen.
func resumed(ctx context.Context, b *Bench) error {
	err := first(b.Reset, func() error { return b.do(ctx, b.Open()) })
	c := b.Open()
	if err != nil || b.Blind {
		return first(func() error { return err }, func() error { return b.do(ctx, c) },
			func() error { return b.done(ctx, c, "after another process", true) }, func() error { return b.expect("after two processes", "new") })
	}
	return first(
		func() error { return b.done(ctx, c, "after another process", true) },
		func() error { return b.do(ctx, c) },
		func() error { return b.effects("after two processes", 1) },
		func() error { return b.expect("after two processes", "new") })
}

func back(ctx context.Context, b *Bench) error {
	for _, same := range []bool{true, false} {
		if err := b.Reset(); err != nil {
			return err
		}
		c := b.Open()
		there := c
		if !same {
			there = b.Open()
		}
		err := first(
			func() error { return b.do(ctx, there) },
			func() error { return b.undo(ctx, c) },
			func() error { return b.expect("after Undo", "old") },
			func() error { return b.done(ctx, c, "after Undo", false) },
			func() error { return b.undo(ctx, c) },
			func() error { return b.expect("after Undo twice", "old") },
			func() error { return b.do(ctx, c) }, // and there again
			func() error { return b.expect("after Undo and Do", "new") },
			func() error { return b.done(ctx, c, "after Undo and Do", true) })
		if err != nil {
			return err
		}
	}
	return nil
}

func backOnly(ctx context.Context, b *Bench) error {
	return first(b.Reset, func() error { return b.undo(ctx, b.Open()) }, func() error { return b.expect("after Undo alone", "old") })
}

func noWayBack(ctx context.Context, b *Bench) error {
	u := b.Update
	u.Old = nil
	if err := first(b.Reset, func() error { return b.do(ctx, b.Open()) }); err != nil {
		return err
	}
	c := b.Open()
	err := c.Undo(ctx, u)
	switch {
	case b.Rereads && err != nil:
		return b.quiet("it holds no value, and does not go back without the old one", err)
	case b.Rereads:
		return b.expect("after Undo", "old")
	case !errors.Is(err, consumer.ErrNoWayBack):
		return b.quiet("going back to what nobody knows is", errors.Join(errors.New("no ErrNoWayBack"), err))
	}
	return b.expect("after it cannot go back", "new")
}

func canceled(ctx context.Context, b *Bench) error {
	if err := b.Reset(); err != nil {
		return err
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := b.Open().Do(over, b.Update); err == nil {
		return errors.New("it goes on after its context has ended")
	}
	return b.expect("after it was canceled", "old")
}

func noID(ctx context.Context, b *Bench) error {
	u := b.Update
	u.Op = ""
	if err := b.Reset(); err != nil {
		return err
	}
	if err := b.Open().Do(ctx, u); err == nil {
		return errors.New("it goes on without the rotation's id")
	}
	return b.expect("after it had no id", "old")
}

func cutOff(ctx context.Context, b *Bench) error {
	return b.everywhere(ctx, (*Bench).do, func(c consumer.Consumer) error {
		return first(
			func() error { return b.do(ctx, c) },
			func() error { return b.expect("after Do", "new") },
			func() error { return b.done(ctx, c, "after Do", true) },
			func() error {
				if b.Blind {
					return nil
				}
				return b.effects("after Do", 1)
			})
	}, b.Reset)
}

func cutOffBack(ctx context.Context, b *Bench) error {
	return b.everywhere(ctx, (*Bench).undo, func(c consumer.Consumer) error {
		return first(
			func() error { return b.undo(ctx, c) },
			func() error { return b.expect("after Undo", "old") },
			func() error { return b.done(ctx, c, "after Undo", false) },
			func() error {
				if b.Blind {
					return nil
				}
				return b.effects("after Do and Undo", 2)
			})
	}, func() error { return first(b.Reset, func() error { return b.do(ctx, b.Open()) }) })
}

// most bounds the requests of one act; least is what any has: a look and a change.
const least, most = 2, 60

// everywhere cuts an act off at each of its requests, before it is done and after, and
// has another process come to the end.
func (b *Bench) everywhere(ctx context.Context, act func(*Bench, context.Context, consumer.Consumer) error, end func(consumer.Consumer) error, begin func() error) error {
	places := 0
	for _, lost := range []bool{false, true} {
		for n := 1; ; n++ {
			if n > most {
				return fmt.Errorf("after %d requests it is not at its end", most)
			}
			if err := begin(); err != nil {
				return err
			}
			b.Cut(n, lost)
			err := act(b, ctx, b.Open())
			b.Cut(0, false)
			if err == nil {
				break
			}
			if errors.Is(err, errValue) {
				return err
			}
			places++
			if err := end(b.Open()); err != nil {
				return fmt.Errorf("cut off at request %d (done: %v): %w", n, lost, err)
			}
		}
	}
	if places < 2*least {
		return fmt.Errorf("only %d places to be cut off at", places)
	}
	return nil
}

var errValue = errors.New("its error holds a value")
