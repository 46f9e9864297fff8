// Package act does steps that whatever may interrupt: a crash, a full disk, a lost
// reply, an impatient person.
//
// A step is done between two looks at the world, and each of them is written to a
// journal before the next one begins. The journal is a hint; the world is what
// counts. So going on after an interruption is doing it all again, and finding most
// of it done.
package act

import (
	"context"
	"errors"
	"time"

	"github.com/oakum-sec/oakum/remediate/journal"
)

// Op is a step at work. Each method looks at the world first: doing twice is doing
// once, and what others changed meanwhile is an error and stays.
type Op interface {
	// Done tells whether the world is as the step wants it.
	Done(ctx context.Context) (bool, error)
	Do(ctx context.Context) error
	Undo(ctx context.Context) error
}

// Witness is an Op that can say what it saw when it was done, for the journal: "logged
// in three times as app_b". It holds no value.
type Witness interface{ Evidence() string }

// Wait is the error of an Op that cannot go on now, and is not to be blamed: a time
// has to pass, or a person has to do something. Resuming later goes on.
type Wait struct {
	For   string    // in words, with what to do
	Until time.Time // zero: nobody knows
}

func (w *Wait) Error() string {
	if w.Until.IsZero() {
		return w.For
	}
	return w.For + " (until " + w.Until.UTC().Format(time.RFC3339) + ")"
}

// Step is an act as a plan tells it.
type Step struct {
	ID   string
	Text string   // what it does
	Undo string   // how it is taken back
	Tags []string // of the values that it is about
}

// Log is where the steps of one plan are written down.
type Log struct {
	Plan    string // its id
	Journal *journal.Journal
	Say     func(format string, args ...any) // tells a person; never nil
}

// Do takes a step, between an intent and a look at what came of it. What is as it
// should be already is left alone.
func (l Log) Do(ctx context.Context, s Step, op Op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	is, err := op.Done(ctx)
	if err != nil {
		return l.failed(s, err)
	}
	if is {
		return l.Note(journal.Verified, s, evidence(op, "it is so already"))
	}
	if err := l.Note(journal.Intent, s, s.Text); err != nil {
		return err
	}
	l.Say("%s", s.Text)
	if err := op.Do(ctx); err != nil {
		return l.failed(s, err)
	}
	if err := l.Note(journal.Effect, s, ""); err != nil {
		return err
	}
	if is, err = op.Done(ctx); err == nil && !is {
		err = errors.New("it was done, and the world does not show it")
	}
	if err != nil {
		return l.failed(s, err)
	}
	return l.Note(journal.Verified, s, evidence(op, ""))
}

// Undo takes a step back.
func (l Log) Undo(ctx context.Context, s Step, op Op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.Note(journal.Undoing, s, s.Undo); err != nil {
		return err
	}
	if err := op.Undo(ctx); err != nil {
		return l.failed(s, err)
	}
	return l.Note(journal.Undone, s, "")
}

// Note writes a record of a step.
func (l Log) Note(phase journal.Phase, s Step, text string) error {
	return l.Journal.Add(journal.Record{Plan: l.Plan, Phase: phase, Step: s.ID, Text: text, Tags: s.Tags})
}

// failed notes why a step did not work; the error is told, whatever comes of the note.
func (l Log) failed(s Step, err error) error {
	phase := journal.Failed
	if _, waits := errors.AsType[*Wait](err); waits {
		phase = journal.Waiting
		if last := l.last(); last.Phase == phase && last.Step == s.ID && last.Text == err.Error() {
			return err // it was said already
		}
	}
	return errors.Join(err, l.Note(phase, s, err.Error()))
}

func (l Log) last() journal.Record {
	all := l.Journal.Records()
	if len(all) == 0 {
		return journal.Record{}
	}
	return all[len(all)-1]
}

func evidence(op Op, otherwise string) string {
	if w, ok := op.(Witness); ok {
		if e := w.Evidence(); e != "" {
			return e
		}
	}
	return otherwise
}
