package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/remediate/act"
)

// tasks are a run's, in their order. Undo goes the same way back.
func (r *run) tasks() (all []task) {
	p, w := r.plan, r.kind(r.plan).words()
	add := func(id, text, undo string, op act.Op) {
		all = append(all, task{Step: act.Step{ID: id, Text: text, Undo: undo}, op: op})
	}
	if provider, audience := p.issuer(); provider != "" {
		add("provider", "have IAM know "+provider+", for tokens to "+audience, "remove it, where this run made it and no other role needs it", &providerOp{r.cloud, p})
	}
	add("role", "make the role "+p.Role+", which the "+p.Workload.String()+" alone may take", "delete the role", &roleOp{r.cloud, p})
	add("policy", fmt.Sprintf("have the role allow what is needed: %d needs, exact names", len(p.Needs)), "remove the policy", &policyOp{r.cloud, p})
	if n := len(p.Before.Managed) + len(p.Before.Inline); n > 0 {
		add("carry", fmt.Sprintf("have the role allow what %s does, too: %d policies", p.Before.Role, n), "take them off again", &carryOp{r.cloud, p})
	}
	add("proof", "prove that the role allows what is needed and nothing else", "nothing", &proofOp{cloud: r.cloud, p: p})
	if p.Workload.EC2 != nil {
		add("profile", "make the instance profile "+p.Role, "delete it", &profileOp{r.cloud, p})
	}
	kind := r.kind(p)
	all = append(all, r.theirs("attach", w.attach, w.attachUndo, kind.attach()))
	add("show", "have the workload show, from inside, that it is the role", "forget it", &probeOp{run: r, step: "show", command: r.settings.Probe.Before, line: w.probe})
	strip := r.theirs("strip", w.strip, w.stripUndo, kind.strip(r))
	strip.asks = strip.op != nil
	all = append(all, strip)
	add("show-again", "have it show that again, without the key", "forget it", &probeOp{run: r, step: "show-again", command: r.settings.Probe.After, line: w.after})
	add("key", "leave the key "+shown(p.Key)+" of "+p.User+" to the rotator", "nothing", &keyOp{cloud: r.cloud, p: p})
	return all
}

// theirs is a step of a kind, or what is told in its place.
func (r *run) theirs(id, text, undo string, op act.Op) task {
	t := task{Step: act.Step{ID: id, Text: text, Undo: undo}, op: op}
	if op == nil {
		t.instead = text
	}
	return t
}

// keyOp looks at the key, and leaves it as it is.
type keyOp struct {
	*cloud
	p    *Plan
	told string
}

func (o *keyOp) Evidence() string { return o.told }

func (o *keyOp) Done(ctx context.Context) (bool, error) {
	state, err := o.keyState(ctx, o.p)
	if err != nil {
		return false, err
	}
	o.told = "the key " + shown(o.p.Key) + " of " + o.p.User + " is " + orGone(state)
	if state == "Active" {
		o.told += ", and as leaked as before: deactivate it once nothing uses it, then delete it"
		o.say("%s", o.told)
	}
	return true, nil
}

func (o *keyOp) Do(context.Context) error   { return errors.New("the key cannot be looked at") }
func (o *keyOp) Undo(context.Context) error { return nil }

// Told is a step for people, before it is done.
type Told struct {
	ID, Text, Undo string
	Asks           bool // for --approve
	Yours          bool // nothing is done from here
}

// Steps tells a plan step by step.
func (t *Tools) Steps(p *Plan, s *Settings) (all []Told, todo []string) {
	r := &run{cloud: t.cloud(s.Region), settings: s, plan: p}
	for _, one := range r.tasks() {
		all = append(all, Told{one.ID, one.Text, one.Step.Undo, one.asks, one.op == nil})
	}
	return all, r.kind(p).words().todo
}
