package identity

import (
	"context"

	"github.com/oakum-sec/oakum/remediate/act"
)

// kind is what differs between workloads.
type kind interface {
	// look fills what the workload had into the plan, and refuses what cannot be done.
	look(ctx context.Context) error
	// attach gives the role to the workload; nil where that is done elsewhere, and told.
	attach() act.Op
	// strip takes the key's variables away; nil where that is done elsewhere, and told.
	strip(r *run) act.Op
	// words say for people what is done, how it is taken back, and what they do
	// themselves.
	words() words
}

// words are a kind's, for people.
type words struct {
	attach, attachUndo string
	strip, stripUndo   string
	probe              string // a line that asks the workload who it is, the key's variables set aside
	after              string // the same when they are gone
	todo               []string
}

// kind is the plan's workload at work.
func (c *cloud) kind(p *Plan) kind {
	w := p.Workload
	switch {
	case w.ECS != nil:
		return &service{c, p}
	case w.EC2 != nil:
		return &instance{c, p}
	case w.Lambda != nil:
		return &function{c, p}
	case w.IRSA != nil:
		return &annotated{c, p}
	case w.PodIdentity != nil:
		return &associated{c, p}
	}
	return &pipeline{c, p}
}
