package dynamic

import (
	"context"
	"fmt"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
)

// step is an act with what a person is told before.
type step struct {
	act.Step
	op    act.Op
	risk  string // what can go wrong
	final bool   // cannot be taken back
	late  bool   // its world is there only after the steps before it
}

// state is what a look at the world finds.
type state int

const (
	absent  state = iota
	equal         // as the step wants it
	differs       // there, and otherwise
)

// thing is an Op about something that is there, is not, or is there and differs.
type thing struct {
	what   string // in messages
	look   func(ctx context.Context) (state, error)
	make   func(ctx context.Context) error
	remove func(ctx context.Context) error
	ours   func() bool // the journal says that we made it
}

func (t thing) Done(ctx context.Context) (bool, error) {
	at, err := t.look(ctx)
	if err == nil && at == differs && !t.ours() {
		err = fmt.Errorf("%s is there, is not as the settings want it, and was not made by oakum: it stays as it is; choose another name, or have it removed", t.what)
	}
	return at == equal, err
}

func (t thing) Do(ctx context.Context) error { return t.make(ctx) }

// Undo removes what we made. What was there before us stays, and so does what somebody
// changed since.
func (t thing) Undo(ctx context.Context) error {
	at, err := t.look(ctx)
	switch {
	case err != nil || at == absent || !t.ours():
		return err
	case at == differs:
		return fmt.Errorf("%s was changed since it was made: it is left there; remove it by hand if nobody needs it", t.what)
	}
	return t.remove(ctx)
}

// made tells from a journal whether a step was begun and not taken back. An intent
// counts: whether it came to something is the world's to say.
func made(records []journal.Record, id string) (is bool) {
	for _, r := range records {
		if r.Step == id && r.Phase == journal.Intent {
			is = true
		}
		if r.Step == id && r.Phase == journal.Undone {
			is = false
		}
	}
	return is
}

// once is an Op of which the world shows nothing: the journal alone knows that it was
// done. Doing it again does no harm.
type once struct {
	do   func(ctx context.Context) error
	done bool
	was  func() bool
}

func (o *once) Done(context.Context) (bool, error) { return o.done || o.was(), nil }

func (o *once) Do(ctx context.Context) error {
	err := o.do(ctx)
	o.done = err == nil
	return err
}

func (o *once) Undo(context.Context) error { return nil }

// happened tells from a journal whether a step was done to its end.
func happened(records []journal.Record, id string) (is bool) {
	for _, r := range records {
		if r.Step == id && r.Phase == journal.Effect {
			is = true
		}
		if r.Step == id && r.Phase == journal.Undone {
			is = false
		}
	}
	return is
}
