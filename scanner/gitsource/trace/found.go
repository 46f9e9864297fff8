package trace

import (
	"bytes"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// Found is a blob that a visit came by.
type Found struct {
	ID     object.ID
	Node   int32 // -1 where it is missing; may be an object of another kind
	First  Visit
	Last   int32 // commit; -1 where no Newest of its class came by it
	AtHead bool
	Path   string   // the first; "" where it was noted without one
	Paths  []string // all, Path first; nil where that is ""
}

// Len is how many blobs were found.
func (t *Trace) Len() int { return len(t.files.order) }

// At is the i-th blob found.
func (t *Trace) At(i int) Found {
	n := t.files.order[i]
	f := Found{ID: t.census.id(&t.census.files, n), Node: t.census.node(&t.census.files, n), First: t.files.visit[n], Last: -1, AtHead: t.head.has(int(n))}
	if c := t.newest[f.First.Class]; c != nil && int(n) < len(c.last) {
		f.Last = c.last[n] - 1
	}
	if at := t.files.first[n]; at != nowhere {
		f.Path = t.paths.text(at)
		f.Paths = append(f.Paths, f.Path)
		for _, at := range t.files.more[n] {
			f.Paths = append(f.Paths, t.paths.text(at))
		}
	}
	return f
}

// Links are the submodules by path. Of several commits at a path it is the one
// that stood there first as the latest: what a revert brings back does not count.
func (t *Trace) Links() map[string]object.ID {
	links := make(map[string]object.ID, len(t.linkAt))
	for at, thing := range t.linkAt {
		links[t.paths.text(at)] = t.census.links.strangers[thing]
	}
	return links
}

// Tree visits a tree that stands at dir ("" or a path): all that it holds is found,
// unless it was visited there before. Visits are made in the order in which blobs
// count as found: the commits of the best class, each after its parents, and so on.
func (t *Trace) Tree(id object.ID, dir string, v Visit) {
	tree, _ := t.census.look(aTree, id)
	if dir != "" && !strings.HasSuffix(dir, "/") {
		dir += "/"
	}
	at := t.paths.parse(top, dir)
	t.visit(tree, at.dir, v)
}

// Blob notes a blob that something other than a tree names, at a path; "" is none.
func (t *Trace) Blob(id object.ID, path string, v Visit) {
	thing, _ := t.census.look(aFile, id)
	switch {
	case thing == passed:
	case path == "":
		t.files.note(thing, nowhere, v)
	default:
		t.files.note(thing, t.paths.parse(top, path), v)
	}
}

// Link notes a submodule that something other than a tree names: whatever stood at
// path, it is this one.
func (t *Trace) Link(path string, id object.ID) {
	thing, _ := t.census.look(aLink, id)
	t.linkAt[t.paths.parse(top, path)] = thing
}

// Tops are the trees that nothing has led to and that no other such tree holds, by
// id: what is visited after them has a path already.
func (t *Trace) Tops() []object.ID {
	var parts bitset
	known := int32(len(t.census.trees.nodes))
	for tree := range known {
		if l := t.lists[tree]; l != unread && !t.trees.has(tree) {
			for _, c := range t.blocks.get(l) {
				for _, e := range t.chunks.get(c) {
					if e.role() == aTree {
						parts.set(int(e.thing))
					}
				}
			}
		}
	}
	var tops []object.ID
	for tree := range known {
		if !t.trees.has(tree) && !parts.has(int(tree)) {
			tops = append(tops, t.census.id(&t.census.trees, tree))
		}
	}
	slices.SortFunc(tops, compareIDs)
	return tops
}

// Rest notes, by id, the wanted blobs that nothing has led to.
func (t *Trace) Rest(v Visit) {
	var rest []int32
	for file := range int32(len(t.census.files.nodes)) {
		if !t.files.has(file) {
			rest = append(rest, file)
		}
	}
	slices.SortFunc(rest, func(a, b int32) int {
		return compareIDs(t.census.id(&t.census.files, a), t.census.id(&t.census.files, b))
	})
	for _, file := range rest {
		t.files.note(file, nowhere, v)
	}
}

func compareIDs(a, b object.ID) int { return bytes.Compare(a[:], b[:]) }

// Head marks the blobs of HEAD's tree.
func (t *Trace) Head(id object.ID) {
	tree, _ := t.census.look(aTree, id)
	s := sweep{t: t, lists: t.lists}
	s.tree(tree, func(file int32) { t.head.set(int(file)) })
}
