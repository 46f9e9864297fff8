package remediate

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/snippet"
)

// writing plans the changes of one target's files.
type writing struct {
	*planner
	at     int
	target Target
	begin  int // of the target's secrets in the plan
	groups []*group
	edits  map[string][]Edit // by file, those that are asked for
}

// files works the change out twice: first with all places, to learn which of them can
// be changed; then with those alone, and with the names of what moves.
func (w *writing) files(ctx context.Context) error {
	w.gather()
	first, err := work(ctx, w.target, w.asked(), nil, w.plan.options())
	if err != nil {
		return err
	}
	w.refusals(first)
	w.dropUnmoved()
	if len(w.plan.Secrets) == w.begin {
		return nil
	}
	second, err := work(ctx, w.target, w.asked(), w.names(), w.plan.options())
	if err != nil {
		return err
	}
	for name, edits := range w.edits {
		if made := second.results[name].Made; len(made) != len(edits) {
			return fmt.Errorf("%s: %d of %d places can be changed together, and all of them alone: change some of them by hand", name, len(made), len(edits))
		}
	}
	w.record(second)
	return nil
}

// gather collects the spots of all secrets by file. Where spots overlap, as a password
// within a URL that is a secret as a whole, the larger one is changed.
func (w *writing) gather() {
	w.edits = map[string][]Edit{}
	for i, g := range w.groups {
		for _, v := range g.values {
			for _, s := range v.Spots {
				w.edits[s.File] = append(w.edits[s.File], Edit{w.begin + i, s.Span.Start, s.Span.End, s.Line})
			}
		}
	}
	for name, all := range w.edits {
		slices.SortFunc(all, func(a, b Edit) int {
			return cmp.Or(cmp.Compare(b.End-b.Start, a.End-a.Start), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Secret, b.Secret))
		})
		var kept []Edit
		for _, e := range all {
			if !slices.ContainsFunc(kept, func(k Edit) bool { return e.Start < k.End && k.Start < e.End }) {
				kept = append(kept, e)
			}
		}
		slices.SortFunc(kept, func(a, b Edit) int { return cmp.Compare(a.Start, b.Start) })
		w.edits[name] = kept
	}
}

// asked are the edits as package rewrite wants them.
func (w *writing) asked() map[string][]rewrite.Edit { return w.plan.rewrites(w.edits) }

func (p *Plan) rewrites(edits map[string][]Edit) map[string][]rewrite.Edit {
	all := map[string][]rewrite.Edit{}
	for name, list := range edits {
		for _, e := range list {
			r, _ := ref.Parse(p.Secrets[e.Secret].Ref) // what is none, rewrite refuses
			all[name] = append(all[name], rewrite.Edit{Span: leak.Span{Start: e.Start, End: e.End}, Ref: r, Name: p.Secrets[e.Secret].Env})
		}
	}
	return all
}

// refusals takes out the edits that are not made, and says where the values stay.
func (w *writing) refusals(d *draft) {
	for _, name := range slices.Sorted(maps.Keys(w.edits)) {
		all := w.edits[name]
		no := map[int]string{}
		for _, r := range d.results[name].Refused {
			no[r.Edit] = r.Error()
			if e := all[r.Edit]; r.Reason == change.NotYet && d.refused[name] == "" {
				w.plan.Secrets[e.Secret].From = &From{name, e.Start, e.End}
			}
		}
		var kept []Edit
		for i, e := range all {
			why, refused := no[i]
			if whole := d.refused[name]; whole != "" {
				why, refused = whole, true
			}
			if !refused {
				kept = append(kept, e)
				continue
			}
			w.plan.Secrets[e.Secret].stay(Stay{Place: fmt.Sprintf("%s:%d", name, e.Line), File: name, Why: why})
		}
		if w.edits[name] = kept; len(kept) == 0 {
			delete(w.edits, name)
		}
	}
}

// dropUnmoved leaves secrets alone that no file would lose: a copy in a store of what
// stays where it is makes nothing better. But what a file can lose once it is stored is.
func (w *writing) dropUnmoved() {
	moved := map[int]bool{}
	for _, list := range w.edits {
		for _, e := range list {
			moved[e.Secret] = true
		}
	}
	number, kept := map[int]int{}, w.plan.Secrets[:w.begin:w.begin]
	for i := w.begin; i < len(w.plan.Secrets); i++ {
		s := w.plan.Secrets[i]
		if moved[i] {
			s.From = nil
		}
		if !moved[i] && s.From == nil {
			place, why := "", "no place of it can be changed"
			if len(s.Stays) > 0 {
				place, why = s.Stays[0].Place, s.Stays[0].Why
				for _, stay := range s.Stays { // the worktree's, which says what to do
					if stay.File != "" {
						place, why = stay.Place, stay.Why
						break
					}
				}
			}
			w.plan.Left = append(w.plan.Left, Left{s.Findings[0], s.Rule, place, why})
			continue
		}
		number[i] = len(kept)
		kept = append(kept, s)
	}
	w.plan.Secrets = kept
	for _, list := range w.edits {
		for i := range list {
			list[i].Secret = number[list[i].Secret]
		}
	}
}

// names are what the names file is to hold.
func (w *writing) names() ref.Names { return w.plan.names(w.at) }

func (p *Plan) names(target int) ref.Names {
	names := ref.Names{}
	for _, s := range p.Secrets {
		if s.Target != target { // of a migration's thousands
			continue
		}
		if r, err := ref.Parse(s.Ref); err == nil {
			names[s.Env] = r
		}
	}
	return names
}

// fetching says of source code how it could fetch its secrets itself.
func (w *writing) fetching(file string) []string {
	lang := snippet.Of(file)
	for _, e := range w.edits[file] {
		r, err := ref.Parse(w.plan.Secrets[e.Secret].Ref)
		if err == nil && lang != "" && snippet.Has(r) {
			return []string{fmt.Sprintf("it reads variables, which `oakum run` sets; to have it fetch by itself: oakum remediate snippet %s '%s'", lang, r)}
		}
	}
	return nil
}

// record puts the files into the plan.
func (w *writing) record(d *draft) {
	for _, f := range d.files {
		file := File{Target: w.at, Path: f.path, Becomes: w.Key.FileTag(f.after), Edits: w.edits[f.path], OldMode: uint32(f.mode & fs.ModePerm)}
		if !f.fresh {
			file.Was = w.Key.FileTag(f.before)
		}
		if len(file.Edits) == 0 {
			content := string(f.after)
			file.Content = &content
		}
		res := d.results[f.path]
		for _, n := range res.Needs {
			if need := n.Kind + " " + n.Name; !slices.Contains(file.Needs, need) {
				file.Needs = append(file.Needs, need)
			}
		}
		file.Notes = append(res.Notes, w.fetching(f.path)...)
		w.plan.Files = append(w.plan.Files, file)
	}
}
