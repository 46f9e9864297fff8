package gitsource

import (
	"errors"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/gitdir"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
	"github.com/oakum-sec/oakum/scanner/gitsource/trace"
)

// passes goes over commits, blobs and trees. After it s knows of the flagged blobs
// what a walk of its own would have found out about all.
func (t *narrowing) passes(s *walkState, refs []gitdir.Ref, logs []gitdir.Reflog) error {
	m := t.messagePass()
	for _, m.kind = range []object.Kind{object.Commit, object.Tag} {
		if err := pack.Walk(t.ctx, t.forest, t.walk(m.kind), m); err != nil {
			return err
		}
	}
	m.finish()
	s.passed = func(h id) bool {
		node, ok := t.forest.Find(h)
		return ok && m.find(node) == nil
	}
	t.took("commits probed", "texts", m.texts(), "flagged", len(m.list))
	graph := beside(func() error {
		s.g.table = m.table(t.forest)
		s.g.reserve(len(s.g.table.list))
		s.commits(refs, logs, func() []id { return t.kinds(s.g.known, object.Tag, object.Commit) })
		s.g.table = nil
		return nil
	})
	b := blobPass{t.probing()}
	opt := t.walk(object.Blob)
	opt.Only = b.remembered(object.Blob)
	if err := errors.Join(pack.Walk(t.ctx, t.forest, opt, b), graph()); err != nil {
		return err
	}
	b.finish()
	t.blobs = b.probing
	t.took("blobs probed", "texts", b.texts(), "flagged", len(b.list)) // detection ends here
	if err := t.attribute(s); err != nil {
		return err
	}
	t.took("trees traced")
	return nil
}

// beside takes a step that one goroutine alone can take while others have work of
// their own.
func beside(step func() error) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- pack.Guard(step) }()
	return func() error { return <-done }
}

// kinds lists the objects of some kinds that are not known yet, by kind, then id.
func (t *narrowing) kinds(known func(id) bool, kinds ...object.Kind) (ids []id) {
	for _, kind := range kinds {
		from := len(ids)
		for n := range int32(t.forest.Len()) {
			if t.forest.Kind(n) != kind || t.forest.Copy(n) {
				continue
			}
			if h := t.forest.ID(n); known == nil || !known(h) {
				ids = append(ids, h)
			}
		}
		slices.SortFunc(ids[from:], compareIDs)
	}
	return ids
}

// attribute is the pass over trees and the visit of all commits.
func (t *narrowing) attribute(s *walkState) error {
	named := t.indexNamed()
	opt := trace.Options{
		Jobs:   t.n.Jobs(),
		Wanted: func(node int32) bool { return t.blobs.find(node) != nil || named[node] },
		Token:  t.token,
		Read:   t.r.db.ReadTree,
		Lost: func(h id, dir string, err error) {
			if errors.Is(err, trace.ErrTree) {
				err = damage(err)
			}
			s.lost.add(err, h, "tree", leak.GitMessage{Repo: t.r.name, Object: h.String(), What: "tree", Ref: dir})
		},
	}
	tr, err := trace.New(t.ctx, t.forest, t.r.dir.Format, opt)
	if err != nil {
		return err
	}
	if err := t.visits(s, tr); err != nil {
		return err
	}
	none := trace.Visit{Commit: -1, Class: uint8(inNowhere)}
	for _, h := range tr.Tops() {
		tr.Tree(h, "", none)
	}
	tr.Rest(none)
	t.collect(s, tr)
	for _, h := range t.kinds(nil, object.Unknown) {
		if _, _, err := t.r.db.Read(h); err != nil {
			s.lost.add(err, h, "object", leak.GitBlob{Repo: t.r.name, Blob: h.String()})
		}
	}
	return nil
}

// visits goes over all commits in both directions: the oldest first, for when a
// blob came, and the newest first, for when it was there last.
func (t *narrowing) visits(s *walkState, tr *trace.Trace) error {
	first := func() {
		for c := range classes {
			t.visit(s, tr, c)
		}
	}
	if !tr.Settled() {
		first()
		return newest(s, tr)()
	}
	last := beside(newest(s, tr))
	first()
	return last()
}

// newest is the visit from the newest on.
func newest(s *walkState, tr *trace.Trace) func() error {
	var of [classes]*trace.Newest
	for c := range classes {
		of[c] = tr.Newest(uint8(c))
	}
	return func() error {
		for c := range classes {
			for _, i := range slices.Backward(s.orders[c]) {
				if s.g.stop() {
					return nil
				}
				of[c].Tree(s.g.nodes[i].tree, i)
			}
		}
		return nil
	}
}

// visit is walkState.class with a trace.
func (t *narrowing) visit(s *walkState, tr *trace.Trace, c class) {
	for _, i := range s.orders[c] {
		if s.g.stop() {
			return
		}
		tr.Tree(s.g.nodes[i].tree, "", trace.Visit{Commit: i, Class: uint8(c)})
	}
	v := trace.Visit{Commit: -1, Class: uint8(c)}
	for _, x := range s.g.targets {
		switch {
		case x.class != c:
		case x.kind == object.Blob:
			tr.Blob(x.id, "", v)
		case x.kind == object.Tree:
			tr.Tree(x.id, "", v)
		}
	}
	if c == inIndex {
		s.gaps = append(s.gaps, t.r.eachIndexed(indexTrace{tr, v}.indexed)...)
	}
}

// indexTrace visits an index's entries.
type indexTrace struct {
	*trace.Trace
	v trace.Visit
}

func (x indexTrace) indexed(e gitdir.IndexEntry) {
	switch e.Mode & gitdir.ModeType {
	case gitdir.ModeLink:
		x.Link(e.Path, e.ID)
	case gitdir.ModeTree:
		x.Tree(e.ID, e.Path, x.v)
	default:
		x.Blob(e.ID, e.Path, x.v)
	}
}

// collect makes of what the trace found what a walk would have noted.
func (t *narrowing) collect(s *walkState, tr *trace.Trace) {
	s.head = map[id]struct{}{}
	if head, err := t.r.headTree(); err == nil && !head.IsZero() {
		tr.Head(head)
	}
	for i := range tr.Len() {
		f := tr.At(i)
		b := found{id: f.ID, commit: f.First.Commit, last: f.Last, path: -1, class: class(f.First.Class), size: -1}
		for j, p := range f.Paths {
			if at := s.w.path(p); j == 0 {
				b.path = at
			} else {
				s.w.more[int32(i)] = append(s.w.more[int32(i)], at)
			}
		}
		if f.AtHead {
			s.head[f.ID] = struct{}{}
		}
		if f.Node < 0 {
			b.size = unseen
			s.lose(&b)
		}
		s.w.blobs = append(s.w.blobs, b)
	}
	s.w.links = tr.Links()
}
