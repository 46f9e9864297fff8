package remediate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// steps orders a target's acts: everything is in the store before any file changes,
// and a scan ends it.
func (p *planner) steps(ctx context.Context, at, begin int) error {
	if len(p.plan.Secrets) == begin {
		return nil
	}
	if err := p.puts(ctx, at, begin); err != nil {
		return err
	}
	t := p.plan.Targets[at]
	var files []int
	for i, f := range p.plan.Files {
		if f.Target != at {
			continue
		}
		files = append(files, i)
		if t.Mode == InPlace {
			s := Step{Do: DoWrite, Target: at, Files: []int{i}, Text: "rewrite " + f.Path, Undo: "put the old content back, byte for byte"}
			if f.Was == "" {
				s.Text, s.Undo = "write "+f.Path, "remove it, if it is still as written"
			}
			p.add(s)
		}
	}
	if len(files) == 0 {
		return nil
	}
	switch t.Mode {
	case Branch:
		p.add(Step{Do: DoCommit, Target: at, Files: files, Text: fmt.Sprintf("commit %d files to branch %s", len(files), t.Branch), Undo: "delete the branch, if it is still as made",
			Risk: "programs read the old values until the branch is merged and deployed"})
	case Patch:
		p.add(Step{Do: DoPatch, Target: at, Files: files, Text: fmt.Sprintf("write a patch of %d files to %s", len(files), t.Patch), Undo: "remove the patch"})
	}
	p.add(Step{Do: DoCheck, Target: at, Files: files, Text: "scan what was changed", Undo: "nothing to take back"})
	return nil
}

func (p *planner) add(s Step) {
	s.ID = fmt.Sprintf("s%03d-%s", len(p.plan.Steps)+1, s.Do)
	s.Op = opID(p.plan.ID, s.ID)
	p.plan.Steps = append(p.plan.Steps, s)
}

// puts is a step a name: the fields of one document are stored together.
func (p *planner) puts(ctx context.Context, at, begin int) error {
	type place struct {
		store int
		name  string
	}
	by := map[place][]int{}
	var order []place
	for i, s := range p.plan.Secrets[begin:] {
		at := place{s.Store, s.Name}
		if by[at] == nil {
			order = append(order, at)
		}
		by[at] = append(by[at], begin+i)
	}
	for _, to := range order {
		s := Step{Do: DoPut, Target: at, Secrets: by[to], Undo: "remove it, if we made it and it is unchanged"}
		what := "1 value"
		if fields := p.plan.fields(s); len(fields) > 0 {
			what = strings.Join(fields, ", ")
		}
		s.Text = fmt.Sprintf("store %s at %s in %s", what, to.name, p.plan.Stores[to.store].Kind)
		if !p.plan.Stores[to.store].Atomic {
			s.Risk = "this store has no create-if-absent: nobody else should write this name meanwhile"
		}
		if err := p.look(ctx, &s); err != nil {
			return err
		}
		p.add(s)
	}
	return nil
}

// fields are the document's fields that a step stores; none for a whole value.
func (p *Plan) fields(s Step) (fields []string) {
	for _, i := range s.Secrets {
		if f := p.Secrets[i].Field; f != "" {
			fields = append(fields, f)
		}
	}
	slices.Sort(fields)
	return fields
}

// look says what a step finds under its name; what would be a conflict has been left out
// by settle.
func (p *planner) look(ctx context.Context, s *Step) error {
	first := p.plan.Secrets[s.Secrets[0]]
	at, err := p.stands(ctx, first)
	if err != nil || at.code == store.NotFound {
		return err
	}
	s.Found, s.Undo = at.entry.Version, "nothing: it was there before"
	if at.code == store.PermissionDenied {
		s.Risk = "there is a secret of this name already, which this identity may not read: apply compares the values"
		return nil
	}
	if s.Adds = p.adds(*s, at); len(s.Adds) == 0 {
		s.Risk = "there is an equal value already: it is adopted"
		return nil
	}
	s.Text = fmt.Sprintf("add %s to %s in %s", strings.Join(s.Adds, ", "), first.Name, p.plan.Stores[first.Store].Kind)
	s.Undo = "take that out again, if it is unchanged"
	return nil
}

// holds tells whether a store's value is what a step wants it to hold: all fields of
// ours in a document, whatever else is in it, or the value.
func (t *Tools) holds(p *Plan, s Step, value leak.Secret) bool {
	if len(p.fields(s)) == 0 {
		return t.Key.Tag(value) == p.Secrets[s.Secrets[0]].Tag
	}
	fields, ok := store.Fields(value)
	for _, i := range s.Secrets {
		f, has := fields[p.Secrets[i].Field]
		ok = ok && has && t.Key.Tag(f) == p.Secrets[i].Tag
	}
	return ok
}
