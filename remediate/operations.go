package remediate

import (
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/audit"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/rotate"
)

// Operations are what the journals of all runs say was written into stores of a kind.
// What was there already wrote nothing.
func (t *Tools) Operations(kind string) (all []audit.Operation, err error) {
	plans, err := t.Home().Runs(act.Plans)
	if err != nil {
		return nil, err
	}
	for _, id := range plans {
		s, err := t.Status(id)
		if err != nil {
			return nil, err
		}
		for _, step := range s.Plan.Steps {
			if step.Do != DoPut {
				continue
			}
			first := s.Plan.Secrets[step.Secrets[0]]
			if r, did := wrote(s.Records, step.ID); did && s.Plan.Stores[first.Store].Kind == kind {
				all = append(all, audit.Operation{ID: step.Op, Run: id, Entry: first.Name, What: step.Text, When: r.Time})
			}
		}
	}
	rotations, err := t.Home().Runs(act.Rotations)
	if err != nil {
		return nil, err
	}
	for _, id := range rotations {
		p, err := rotate.ProgressOf(t.Home(), id)
		if err != nil {
			return nil, err
		}
		if r, did := wrote(p.Records, "promote"); did && p.Order.Store.Kind == kind {
			for _, entry := range p.Order.Store.Entries() {
				all = append(all, audit.Operation{ID: p.Order.Op, Run: id, Entry: entry, What: "make the new credential of " + p.Order.Name + " current", When: r.Time})
			}
		}
	}
	return all, nil
}

// wrote is the record of a step's effect.
func wrote(records []journal.Record, step string) (r journal.Record, did bool) {
	for _, rec := range records {
		if rec.Step == step && rec.Phase == journal.Effect {
			r, did = rec, true
		}
	}
	return r, did
}
