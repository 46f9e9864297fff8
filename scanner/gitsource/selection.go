package gitsource

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Selection names commits, as git log would: those reachable from Tips (every
// ref, where there is none) and from nothing in Not.
type Selection struct {
	Tips    []string  // revisions
	Not     []string  // revisions; an id of zeros is none
	Since   time.Time // zero; else not of commits made before it, and what they stand on (git log --since)
	NotRefs []string  // nor from any ref whose name begins so: "refs/" is all, "refs/remotes/" what was pushed
	Head    string    // the revision whose files are told as those at HEAD; "": HEAD
}

// ParseRange reads "A..B": what B has and A has not. A missing side is HEAD.
func ParseRange(s string) (Selection, error) {
	from, to, ok := strings.Cut(s, "..")
	if !ok || strings.HasPrefix(to, ".") {
		return Selection{}, fmt.Errorf("%q is no range: write A..B, for what B has and A has not", s)
	}
	if from == "" {
		from = "HEAD"
	}
	if to == "" {
		to = "HEAD"
	}
	return Selection{Tips: []string{to}, Not: []string{from}}, nil
}

// Commits yields the messages of the selected commits and the blobs that they
// introduce: those that no parent has at the same path, so that a merge brings
// what its parents did not have, and nothing else.
func (r *Repo) Commits(sel Selection) (scanner.Source, error) {
	tips, not, err := r.ends(sel)
	if err != nil {
		return nil, err
	}
	return sourceFunc(func(e *emitter) { r.selected(e, tips, not, sel) }), nil
}

// ends finds the revisions that a selection names.
func (r *Repo) ends(sel Selection) (tips, not []id, err error) {
	if tips, err = r.dir.ResolveAll(r.db, sel.Tips); err == nil {
		not, err = r.dir.ResolveAll(r.db, sel.Not)
	}
	return tips, not, err
}

// roots are the commits that a selection means without naming them.
type roots struct{ tips, not []id }

func (r *Repo) roots(sel Selection) (found roots, gaps []*leak.Gap) {
	if len(sel.Tips) > 0 && len(sel.NotRefs) == 0 {
		return found, nil
	}
	refs, gaps := r.dir.Refs()
	for _, ref := range refs {
		if slices.ContainsFunc(sel.NotRefs, func(prefix string) bool { return strings.HasPrefix(ref.Name, prefix) }) {
			found.not = append(found.not, ref.ID)
		} else if len(sel.Tips) == 0 && classOf(ref.Name) == inRefs {
			found.tips = append(found.tips, ref.ID)
		}
	}
	return found, gaps
}

func (r *Repo) selected(e *emitter, tips, not []id, sel Selection) {
	s := r.newWalk(e.stopped)
	s.all = true // a merge brings neither parent's content
	s.gaps = append(s.gaps, r.dir.Gaps...)
	refs, gaps := r.roots(sel)
	s.gaps = append(s.gaps, gaps...)
	tips, not = append(tips, refs.tips...), append(not, refs.not...)
	s.g.limit(tips, not, sel.Since)
	s.orders[inRefs] = s.g.order(inRefs)
	s.class(inRefs)
	s.present()
	if e.stopped() {
		return
	}
	s.head = r.atHead(sel.Head)
	e.gaps(r.db.Gaps()...)
	e.gaps(s.gaps...)
	e.gaps(s.beyond(s.orders[inRefs])...)
	e.gaps(s.lost.all()...)
	s.emit(e, nil, nil)
	for _, path := range sortedKeys(s.w.links) {
		e.gaps(r.submoduleGap(path, s.w.links[path]))
	}
}

// present drops blobs that are not there, each with a Gap.
func (s *walkState) present() {
	for i := range s.w.blobs {
		if b := &s.w.blobs[i]; s.r.db.Has(b.id) {
			b.size = -1
		} else {
			s.lose(b)
		}
	}
}

// beyond is the shallow horizon's Gap, where the selected commits end at it.
func (s *walkState) beyond(order []int32) []*leak.Gap {
	if slices.ContainsFunc(order, func(i int32) bool { return s.r.dir.Shallow[s.g.nodes[i].id] }) {
		return s.r.horizon()
	}
	return nil
}
