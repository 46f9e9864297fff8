package gitsource

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"slices"
)

// Fork is where a change leaves the history that was there before it.
type Fork struct {
	Base  string   // the latest commit that both have, id in hex; "" where they have none in common
	Edges []string // all that the change's own commits stand on and that were there before; Base is one
	Cut   bool     // the change's own commits end at a shallow clone's horizon: which they are cannot be told
}

// Fork finds where the selected commits leave those that are not. The walk is that of
// Commits, so both agree on which commits are the change's own.
func (r *Repo) Fork(sel Selection) (f Fork, err error) {
	tips, not, err := r.ends(sel)
	if err != nil {
		return f, err
	}
	refs, _ := r.roots(sel) // what could not be read is told where it is scanned
	tips, not = append(tips, refs.tips...), append(not, refs.not...)
	g := newGraph(r, newLosses(r), func() bool { return false })
	g.limit(tips, not, sel.Since)
	edges, own := map[int32]bool{}, 0
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.class != inRefs || n.state != usable {
			continue
		}
		own++
		f.Cut = f.Cut || g.cut(n)
		for _, p := range n.parents {
			if g.nodes[p].class != inRefs {
				edges[p] = true
			}
		}
	}
	if own == 0 && len(tips) > 0 && len(not) > 0 { // what was there before leads to the tip itself
		top, err := r.db.Peel(tips[0])
		f.Base, f.Edges = top.String(), []string{top.String()}
		return f, err
	}
	latest := int32(-1)
	for p := range edges {
		f.Edges = append(f.Edges, g.nodes[p].id.String())
		if latest < 0 || cmp.Or(cmp.Compare(g.nodes[p].when, g.nodes[latest].when), bytes.Compare(g.nodes[p].id[:], g.nodes[latest].id[:])) > 0 {
			latest, f.Base = p, g.nodes[p].id.String()
		}
	}
	slices.Sort(f.Edges)
	return f, nil
}

// cut tells whether a commit's parents were left out of a shallow clone.
func (g *graph) cut(n *node) bool {
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
	w, err := r.changed(from, to)
	if err != nil {
		return nil, err
	}
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

// changed walks the files that Changed lists.
func (r *Repo) changed(from, to string) (*walker, error) {
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
	return w, nil
}

// Lacks tells whether this is a partial clone in which content of a file that Changed
// lists is left on the remote, or of one of the named files of the commit rev.
func (r *Repo) Lacks(from, to, rev string, names []string) bool {
	if !r.dir.Promisor {
		return false
	}
	for _, name := range names {
		if _, err := r.File(rev, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	w, err := r.changed(from, to)
	return err != nil || slices.ContainsFunc(w.blobs, func(b found) bool { return !r.db.Has(b.id) })
}
