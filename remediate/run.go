package remediate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
)

// ErrStale is in the error about a plan that is older than the world; the error names
// what moved.
var ErrStale = errors.New("the plan is older than the world")

// The acts of a run, as the journal names them in the step of Begin and End.
const (
	actApply    = "apply"
	actRollback = "rollback"
	actFinish   = "finish"
)

// planName is the copy of a plan in its run's folder.
const planName = "plan.json"

// run is a plan at work, in a folder of its own and under the lock.
type run struct {
	*Tools
	*act.Folder
	plan   *Plan
	hash   string
	opened map[[2]string]opened
}

// opened is a store that a run asks: one of a thousand steps opens none of its own.
type opened struct {
	store *store.Store
	is    store.Description
}

// open opens a store once.
func (r *run) open(ctx context.Context, named, dir string) (*store.Store, store.Description, error) {
	at := [2]string{named, dir}
	if o, ok := r.opened[at]; ok {
		return o.store, o.is, nil
	}
	s, d, err := r.Tools.open(ctx, named, dir)
	if err == nil {
		if r.opened == nil {
			r.opened = map[[2]string]opened{}
		}
		for _, o := range r.opened { // a store that many targets share remembers what it read once
			if o.is.Kind == d.Kind && o.is.Identity == d.Identity {
				s = o.store
				break
			}
		}
		r.opened[at] = opened{s, d}
	}
	return s, d, err
}

// begin takes the lock and opens the run of a plan; file is nil for one that has begun.
func (t *Tools) begin(id string, file []byte) (*run, error) {
	f, err := t.Home().Open(id, planName, file)
	if err != nil {
		return nil, err
	}
	r := &run{Tools: t, Folder: f, hash: signed.Hash(f.File)}
	if r.plan, err = Decode(bytes.NewReader(f.File), t.Key); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// log is where steps are written down.
func (r *run) log() act.Log {
	return act.Log{Plan: r.plan.ID, Journal: r.Journal, Say: r.say}
}

// told is a step as the journal knows it.
func (r *run) told(s Step) act.Step {
	t := act.Step{ID: s.ID, Text: s.Text, Undo: s.Undo}
	for _, i := range s.Secrets {
		t.Tags = append(t.Tags, r.plan.Secrets[i].Tag)
	}
	return t
}

// mark writes the beginning or end of an act.
func (r *run) mark(phase journal.Phase, act string) error {
	return r.Journal.Add(journal.Record{Plan: r.plan.ID, Phase: phase, Step: act, Text: r.hash})
}

// Apply does a plan, given as its file. approve is the hash that irreversible steps ask for.
// The id is that of the run, where there is one.
func (t *Tools) Apply(ctx context.Context, file []byte, approve string) (id string, err error) {
	p, err := Decode(bytes.NewReader(file), t.Key)
	if err != nil {
		return "", err
	}
	r, err := t.begin(p.ID, file)
	if err != nil {
		return "", err
	}
	defer r.Close()
	if last, _ := journal.Last(r.Journal.Records()); last != "" && last != actApply {
		return p.ID, fmt.Errorf("the run of %s ended with %s: plan again", p.ID, last)
	}
	return p.ID, r.apply(ctx, approve)
}

// Resume goes on with what a run was about when it ended: applying or rolling back.
func (t *Tools) Resume(ctx context.Context, id, approve string) error {
	r, err := t.begin(id, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	switch last, _ := journal.Last(r.Journal.Records()); last {
	case actRollback:
		return r.rollback(ctx)
	case actFinish:
		return r.finish()
	}
	return r.apply(ctx, approve)
}

func (r *run) apply(ctx context.Context, approve string) error {
	if s, ok := r.needsApproval(); ok && approve != r.hash {
		return fmt.Errorf("step %s (%s) cannot be taken back: read the plan, then say --approve %s", s.ID, s.Text, r.hash)
	}
	if err := r.current(ctx); err != nil {
		return err
	}
	if err := r.mark(journal.Begin, actApply); err != nil {
		return err
	}
	for steps := r.plan.Steps; len(steps) > 0; {
		n := r.together(ctx, steps)
		do := r.putAll
		if n == 1 {
			do = func(ctx context.Context, one []Step) error { return r.step(ctx, one[0]) }
		}
		if err := do(ctx, steps[:n]); err != nil {
			return err
		}
		steps = steps[n:]
	}
	return r.mark(journal.End, actApply)
}

func (r *run) needsApproval() (Step, bool) {
	i := slices.IndexFunc(r.plan.Steps, func(s Step) bool { return s.Irreversible })
	if i < 0 {
		return Step{}, false
	}
	return r.plan.Steps[i], true
}

// step takes a step, by the world's state and into the journal.
func (r *run) step(ctx context.Context, s Step) error {
	op, err := r.op(s)
	if err == nil {
		err = r.log().Do(ctx, r.told(s), op)
	}
	if err != nil {
		return fmt.Errorf("step %s (%s): %w", s.ID, s.Text, err)
	}
	return nil
}

// current compares the plan with the world before anything is done, and names all files
// that moved.
func (r *run) current(ctx context.Context) error {
	var moved []string
	for i, t := range r.plan.Targets {
		err := inRoot(t.Dir, func(root *os.Root) error {
			for _, f := range r.plan.Files {
				if f.Target != i {
					continue
				}
				at, _, err := r.look(root, f)
				if err != nil {
					return err
				}
				if at == other {
					moved = append(moved, filepath.Join(t.Dir, filepath.FromSlash(f.Path)))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(moved) > 0 {
		return fmt.Errorf("%w: changed since it was made: %s\nplan again", ErrStale, strings.Join(moved, ", "))
	}
	for _, s := range r.plan.Steps {
		if err := r.fits(ctx, s); err != nil {
			return fmt.Errorf("step %s (%s): %w\nnothing was done; plan again", s.ID, s.Text, err)
		}
	}
	return nil
}

// fits looks at what a step will meet: the store's entry, the repository's commit.
func (r *run) fits(ctx context.Context, s Step) error {
	if s.Do == DoWrite || s.Do == DoCheck {
		return nil
	}
	op, err := r.op(s)
	if err != nil {
		return err
	}
	is, err := op.Done(ctx)
	if err == nil && !is && s.Do == DoCommit {
		_, err = r.draft(ctx, s)
	}
	return err
}

// Rollback takes a run back, its last step first.
func (t *Tools) Rollback(ctx context.Context, id string) error {
	r, err := t.begin(id, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	if last, _ := journal.Last(r.Journal.Records()); last == actFinish {
		return errors.New("the run is finished: what a rollback would need is gone; the values are in the store")
	}
	if err := r.begunHere(ctx); err != nil {
		return err
	}
	return r.rollback(ctx)
}

func (r *run) rollback(ctx context.Context) error {
	if err := r.mark(journal.Begin, actRollback); err != nil {
		return err
	}
	for _, s := range slices.Backward(r.plan.Steps) {
		op, err := r.op(s)
		if err != nil {
			return err
		}
		if err := r.log().Undo(ctx, r.told(s), op); err != nil {
			return fmt.Errorf("take back step %s (%s): %w", s.ID, s.Text, err)
		}
	}
	if err := r.forget(); err != nil {
		return err
	}
	return r.mark(journal.End, actRollback)
}

// Finish gives up the way back: the sealed old contents go. It asks for the plan's
// hash, as every step does that cannot be taken back.
func (t *Tools) Finish(id, approve string) error {
	r, err := t.begin(id, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	switch last, ended := journal.Last(r.Journal.Records()); {
	case last == actFinish && ended:
		return nil
	case last != actFinish && (last != actApply || !ended):
		return fmt.Errorf("the plan is not applied to its end: `oakum remediate resume %s` first", id)
	case approve != r.hash:
		return fmt.Errorf("after this nothing can be rolled back: say --approve %s", r.hash)
	}
	return r.finish()
}

func (r *run) finish() error {
	if err := r.mark(journal.Begin, actFinish); err != nil {
		return err
	}
	if err := r.forget(); err != nil {
		return err
	}
	return r.mark(journal.End, actFinish)
}

// forget removes the sealed contents.
func (r *run) forget() error {
	for _, s := range r.plan.Steps {
		if s.Do != DoWrite {
			continue
		}
		if err := r.Disk.Remove(r.Root, keptPrefix+s.ID); err != nil {
			return fmt.Errorf("remove what a rollback would need: %w", err)
		}
	}
	return nil
}
