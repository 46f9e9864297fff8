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
	"fmt"
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
		err = errUnseen
	}
	if err != nil {
		return l.failed(s, err)
	}
	return l.Note(journal.Verified, s, evidence(op, ""))
}

// Task is a step with what does it.
type Task struct {
	Step
	Op Op
}

// DoAll takes steps that all does at once, in one write to the world: each is journaled
// and looked at as Do does it, and the disk is waited for once for all of them. Where all
// fails, or its reply is lost, each is done alone, and says what is wrong with it.
func (l Log) DoAll(ctx context.Context, tasks []Task, all func(ctx context.Context, ops []Op) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var rest, done []Task
	for _, t := range tasks {
		is, err := t.Op.Done(ctx)
		if err != nil {
			return errors.Join(t.wrap(l.failed(t.Step, err)), l.noteAll(journal.Verified, done, "it is so already"))
		}
		if is {
			done = append(done, t)
		} else {
			rest = append(rest, t)
		}
	}
	if err := l.noteAll(journal.Verified, done, "it is so already"); err != nil || len(rest) == 0 {
		return err
	}
	if err := l.noteAll(journal.Intent, rest, ""); err != nil {
		return err
	}
	var ops []Op
	for _, t := range rest {
		l.Say("%s", t.Text)
		ops = append(ops, t.Op)
	}
	if err := all(ctx, ops); err != nil {
		return l.doEach(ctx, rest)
	}
	if err := l.noteAll(journal.Effect, rest, ""); err != nil {
		return err
	}
	for _, t := range rest {
		is, err := t.Op.Done(ctx)
		if err == nil && !is {
			err = errUnseen
		}
		if err != nil {
			return t.wrap(l.failed(t.Step, err))
		}
	}
	return l.noteAll(journal.Verified, rest, "")
}

var errUnseen = errors.New("it was done, and the world does not show it")

func (t Task) wrap(err error) error { return fmt.Errorf("step %s (%s): %w", t.ID, t.Text, err) }

// doEach takes steps one after the other.
func (l Log) doEach(ctx context.Context, tasks []Task) error {
	for _, t := range tasks {
		if err := l.Do(ctx, t.Step, t.Op); err != nil {
			return t.wrap(err)
		}
	}
	return nil
}

// noteAll notes a phase of several steps; an intent is in the step's own words.
func (l Log) noteAll(phase journal.Phase, tasks []Task, text string) error {
	var all []journal.Record
	for _, t := range tasks {
		words := text
		switch phase {
		case journal.Intent:
			words = t.Text
		case journal.Verified:
			words = evidence(t.Op, text)
		}
		all = append(all, journal.Record{Plan: l.Plan, Phase: phase, Step: t.ID, Text: words, Tags: t.Tags})
	}
	return l.Journal.AddAll(all)
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
