package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
)

// The acts of a run, as the journal names them in the step of Begin and End.
const (
	actApply  = "apply"
	actUndo   = "undo"
	actFinish = "finish"
)

const planName = "identity.json"

// ErrApprove is in the error about a step that takes the key from a running workload.
var ErrApprove = errors.New("it waits for your yes")

// run is a plan at work.
type run struct {
	*cloud
	settings *Settings
	plan     *Plan
	hash     string
	folder   *act.Folder
	log      act.Log
}

// task is a step, with its work.
type task struct {
	act.Step
	op      act.Op
	asks    bool   // takes the key from a running workload
	instead string // what is told where there is nothing to do from here
}

func (t *Tools) home() act.Home {
	return act.Home{Dir: t.State, Key: t.Key, Disk: t.Disk, Who: t.Who, Now: time.Now}
}

// Plan says what will be done, or, of a run that has begun, is done.
func (t *Tools) Plan(ctx context.Context, s *Settings) (*Plan, error) {
	c := t.cloud(s.Region)
	plan, begun, err := c.latest(ctx, s)
	if err != nil || begun {
		return plan, errors.Join(err, c.sameNeeds(s, plan))
	}
	fresh, err := c.look(ctx, s)
	if err == nil {
		fresh.Run = plan.Run
	}
	return fresh, err
}

// latest is the plan of the last run for these settings; where none has begun, or the
// last one was taken back, a plan that has nothing but the name of the next.
func (c *cloud) latest(ctx context.Context, s *Settings) (p *Plan, begun bool, err error) {
	who := &Plan{Key: s.Key}
	if err := c.who(ctx, who); err != nil {
		return nil, false, err
	}
	id, err := runID(who.Account, s)
	if err != nil {
		return nil, false, err
	}
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s-%d", id, n)
		p, back, err := c.read(name)
		if errors.Is(err, fs.ErrNotExist) { // it never began, or ended before it wrote its plan
			return &Plan{Run: name}, false, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("read the run %s: %w", name, err)
		}
		if !back {
			return p, true, nil
		}
	}
}

// read reads a run's plan, and whether the run was taken back.
func (c *cloud) read(name string) (p *Plan, back bool, err error) {
	p = &Plan{}
	records, err := c.home().Look(name, planName, func(file []byte) error {
		if err := json.Unmarshal(file, p); err != nil {
			return err
		}
		if p.Schema != Schema {
			return fmt.Errorf("its layout is %q, and this oakum reads %q", p.Schema, Schema)
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	last, ended := journal.Last(records)
	return p, last == actUndo && ended, nil
}

// sameNeeds refuses settings that were changed in the middle of a run.
func (c *cloud) sameNeeds(s *Settings, p *Plan) error {
	if p == nil {
		return nil
	}
	fresh := &Plan{Key: p.Key, Account: p.Account, Workload: p.Workload}
	needs, err := c.needs(s, fresh)
	if err != nil {
		return err
	}
	a, errA := json.Marshal([]any{needs, s.variables()})
	b, errB := json.Marshal([]any{p.Needs, p.Variables})
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if string(a) != string(b) {
		return errors.New("needs or variables were changed since this run began: take it back (`oakum remediate identity undo`) and begin again")
	}
	return nil
}

// begin opens the run for settings, which begins where none has.
func (t *Tools) begin(ctx context.Context, s *Settings, fresh bool) (*run, error) {
	c := t.cloud(s.Region)
	p, begun, err := c.latest(ctx, s)
	if err != nil {
		return nil, err
	}
	var file []byte
	if begun && fresh {
		if err := c.sameNeeds(s, p); err != nil {
			return nil, err
		}
	}
	if !begun {
		if !fresh {
			return nil, errors.New("no run for these settings has begun, or the last one was taken back")
		}
		name := p.Run
		if p, err = c.look(ctx, s); err != nil {
			return nil, err
		}
		p.Run = name
		if file, err = p.encode(); err != nil {
			return nil, err
		}
	}
	hash, err := p.Hash()
	if err != nil {
		return nil, err
	}
	folder, err := t.home().Open(p.Run, planName, file)
	if err != nil {
		return nil, err
	}
	r := &run{cloud: c, settings: s, plan: p, hash: hash, folder: folder}
	for _, rec := range folder.Journal.Records() {
		if rec.Phase == journal.Begin && rec.Text != hash {
			folder.Close()
			return nil, fmt.Errorf("the plan in %s is not the one that the run began with: somebody changed it", t.home().Of(p.Run))
		}
	}
	r.log = act.Log{Plan: p.Run, Journal: folder.Journal, Say: t.say}
	return r, nil
}

func (r *run) mark(phase journal.Phase, name string) error {
	return r.folder.Journal.Add(journal.Record{Plan: r.plan.Run, Phase: phase, Step: name, Text: r.hash})
}

// Apply begins a run, or goes on with it.
func (t *Tools) Apply(ctx context.Context, s *Settings) (*Plan, error) {
	r, err := t.begin(ctx, s, true)
	if err != nil {
		return nil, err
	}
	defer r.folder.Close()
	switch last, ended := journal.Last(r.folder.Journal.Records()); {
	case last == actUndo && !ended:
		return r.plan, errors.New("this run is being taken back: `oakum remediate identity undo` goes on with that")
	case last == actFinish:
		return r.plan, nil
	}
	if err := r.mark(journal.Begin, actApply); err != nil {
		return r.plan, err
	}
	for _, one := range r.tasks() {
		if err := r.take(ctx, one); err != nil {
			return r.plan, fmt.Errorf("step %s (%s): %w", one.ID, one.Text, err)
		}
	}
	return r.plan, r.mark(journal.End, actApply)
}

func (r *run) take(ctx context.Context, one task) error {
	if one.op == nil {
		r.say("%s", one.instead)
		return nil
	}
	if one.asks && r.Approve != r.hash {
		is, err := one.op.Done(ctx)
		if err != nil {
			return err
		}
		if !is {
			return fmt.Errorf("%w: it takes the key from a running workload; look at the plan, then say --approve %s", ErrApprove, r.hash)
		}
	}
	return r.log.Do(ctx, one.Step, one.op)
}

// Undo takes a run back, its last step first. It needs the key to be there still.
func (t *Tools) Undo(ctx context.Context, s *Settings) (*Plan, error) {
	r, err := t.begin(ctx, s, false)
	if err != nil {
		return nil, err
	}
	defer r.folder.Close()
	if last, _ := journal.Last(r.folder.Journal.Records()); last == actFinish {
		return r.plan, errors.New("the run is finished: what its undo would need is gone")
	}
	state, err := r.keyState(ctx, r.plan)
	if err == nil && state != "Active" {
		err = fmt.Errorf("the key %s is %s: without the role the workload would have nothing; have the rotator bring the key back first", shown(r.plan.Key), orGone(state))
	}
	if err != nil {
		return r.plan, err
	}
	if err := r.mark(journal.Begin, actUndo); err != nil {
		return r.plan, err
	}
	for _, one := range slices.Backward(r.tasks()) {
		if one.op == nil {
			continue
		}
		if err := r.log.Undo(ctx, one.Step, one.op); err != nil {
			return r.plan, fmt.Errorf("take back step %s (%s): %w", one.ID, one.Text, err)
		}
	}
	return r.plan, r.mark(journal.End, actUndo)
}

// Finish gives up the way back: variables that were kept, sealed, for undo are forgotten.
func (t *Tools) Finish(ctx context.Context, s *Settings) (*Plan, error) {
	r, err := t.begin(ctx, s, false)
	if err != nil {
		return nil, err
	}
	defer r.folder.Close()
	switch last, ended := journal.Last(r.folder.Journal.Records()); {
	case last == actFinish && ended:
		return r.plan, nil
	case last != actFinish && (last != actApply || !ended):
		return r.plan, errors.New("the run is not applied to its end: `oakum remediate identity apply` first")
	case r.Approve != r.hash:
		return r.plan, fmt.Errorf("%w: after this nothing can be taken back; say --approve %s", ErrApprove, r.hash)
	}
	if err := r.mark(journal.Begin, actFinish); err != nil {
		return r.plan, err
	}
	if err := r.Disk.Remove(r.folder.Root, keptName); err != nil {
		return r.plan, err
	}
	return r.plan, r.mark(journal.End, actFinish)
}
