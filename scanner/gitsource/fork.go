package gitsource

import (
	"slices"
	"time"
)

// Fork is where a change leaves the history that was there before it.
type Fork struct {
	Base string // the latest commit that both have, id in hex; "" where they have none in common
	Cut  bool   // the change's own commits end at a shallow clone's horizon: which they are cannot be told
}

// Fork finds where head leaves what the revisions of not lead to. The walk is that
// of Commits, so both agree on which commits are the change's own.
func (r *Repo) Fork(not []string, head string) (f Fork, err error) {
	tips, err := r.dir.ResolveAll(r.db, []string{head})
	if err != nil {
		return f, err
	}
	before, err := r.dir.ResolveAll(r.db, not)
	if err != nil {
		return f, err
	}
	g := newGraph(r, newLosses(r), func() bool { return false })
	g.limit(tips, before, time.Time{})
	base, own := int32(-1), 0
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.class != inRefs || n.state != usable {
			continue
		}
		own++
		f.Cut = f.Cut || g.ends(n)
		for _, p := range n.parents {
			if parent := &g.nodes[p]; parent.class != inRefs && (base < 0 || parent.when > g.nodes[base].when) {
				base = p
			}
		}
	}
	switch {
	case base >= 0:
		f.Base = g.nodes[base].id.String()
	case own == 0 && len(tips) > 0 && len(before) > 0: // not leads to head itself
		top, err := r.db.Peel(tips[0])
		if err != nil {
			return f, err
		}
		f.Base = top.String()
	}
	return f, nil
}

// ends tells whether a commit's parents were left out of a shallow clone.
func (g *graph) ends(n *node) bool {
	return g.r.dir.Shallow[n.id] && slices.ContainsFunc(n.parents, func(p int32) bool { return g.nodes[p].state == absent })
}

// Shallow tells whether the clone's history is cut off somewhere.
func (r *Repo) Shallow() bool { return len(r.dir.Shallow) > 0 }

// ID is the id, in hex, of the object that rev names and that is here; "" where
// there is none.
func (r *Repo) ID(rev string) string {
	h, err := r.dir.Resolve(r.db, rev)
	if err != nil || !r.db.Has(h) {
		return ""
	}
	return h.String()
}

// Changed lists the paths (with '/') of the files that the commit from has and the
// commit to has not, or not with that content.
func (r *Repo) Changed(from, to string) ([]string, error) {
	old, err := r.treeOf(from)
	if err != nil {
		return nil, err
	}
	now, err := r.treeOf(to)
	if err != nil {
		return nil, err
	}
	w := newWalker(r, newLosses(r))
	w.walk(old, []id{now}, "", 0)
	var paths []string
	for i, b := range w.blobs {
		paths = append(paths, w.paths[b.path])
		for _, p := range w.more[int32(i)] {
			paths = append(paths, w.paths[p])
		}
	}
	slices.Sort(paths)
	return paths, nil
}
