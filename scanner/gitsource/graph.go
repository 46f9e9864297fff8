package gitsource

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// class is how an object is reached, best first. What several lead to belongs
// to the first of them.
type class uint8

const (
	inRefs class = iota
	inNotes
	inIndex
	inStash
	inReflog
	inNowhere
	classes
)

func (c class) reach() leak.Reach {
	return [classes]leak.Reach{leak.Reachable, leak.Reachable, leak.Staged, leak.Stash, leak.Reflog, leak.Unreachable}[c]
}

// node is a commit of the graph. Parents are indexes, not ids, and texts are not
// kept: a million commits are to fit.
type node struct {
	id      id
	tree    id
	when    int64 // corrected: later than each parent's
	parents []int32
	class   class
	state   nodeState
	ref     int32 // in graph.refs: by which it was reached
}

type nodeState uint8

const (
	unread nodeState = iota
	usable
	absent // missing or damaged, or behind a shallow clone's horizon
)

// target is an object other than a commit that a ref leads to: a tag, or the
// tree or blob at the end of one.
type target struct {
	id    id
	kind  object.Kind
	class class
	ref   string
}

// graph is the history that roots lead to.
type graph struct {
	r       *Repo
	nodes   []node
	at      map[id]int32
	refs    []string // the last is the one that is being followed
	targets []target
	seen    map[id]bool // targets
	lost    *losses
	stop    func() bool  // tells that nobody waits for the rest
	table   *commitTable // of commits that were read already
}

func newGraph(r *Repo, lost *losses, stop func() bool) *graph {
	return &graph{r: r, at: map[id]int32{}, seen: map[id]bool{}, lost: lost, stop: stop}
}

// reserve makes room for so many commits.
func (g *graph) reserve(n int) {
	g.nodes, g.at = make([]node, 0, n), make(map[id]int32, n)
}

// add visits what root leads to that no better class has reached before.
func (g *graph) add(root id, c class, ref string) {
	if top, ok := g.peel(root, c, ref); ok && !g.known(top) {
		g.refs = append(g.refs, ref)
		g.visit(top, c)
	}
}

// peel follows tags to the commit that root leads to, if it leads to one. It
// notes as targets what is no commit and was not known.
func (g *graph) peel(root id, c class, ref string) (commit id, ok bool) {
	for !root.IsZero() && !g.seen[root] {
		if _, ok := g.at[root]; ok {
			return root, true
		}
		if g.table.find(root) != nil {
			return root, true
		}
		kind, raw, err := g.r.db.Read(root)
		if err != nil {
			g.seen[root] = true
			g.lost.add(err, root, "ref", leak.GitMessage{Repo: g.r.name, Object: root.String(), What: "ref", Ref: ref})
			return id{}, false
		}
		if kind == object.Commit {
			return root, true
		}
		g.seen[root] = true
		g.targets = append(g.targets, target{root, kind, c, ref})
		if kind != object.Tag {
			return id{}, false
		}
		tag := root
		if root, err = odb.ParseTag(raw); err != nil {
			g.lost.add(damage(err), tag, "tag", leak.GitMessage{Repo: g.r.name, Object: tag.String(), What: "tag", Ref: ref})
			return id{}, false
		}
	}
	return id{}, false
}

func (g *graph) known(h id) bool {
	_, ok := g.at[h]
	return ok || g.seen[h]
}

// refOf is the ref by which node i was reached first; "" where none leads to it.
func (g *graph) refOf(i int32) string {
	if at := g.nodes[i].ref; at >= 0 {
		return g.refs[at]
	}
	return ""
}

// visit reads root and its ancestors, without recursion: history is deep.
func (g *graph) visit(root id, c class) {
	first, _ := g.node(root, c)
	stack := []int32{first}
	for len(stack) > 0 && !g.stop() {
		n := stack[len(stack)-1]
		stack = append(stack[:len(stack)-1], g.expand(n, c)...)
	}
}

// expand reads commit n, links it to its parents, and returns those of them
// that are new and to be read; they are of class c.
func (g *graph) expand(n int32, c class) (fresh []int32) {
	for _, p := range g.read(n) {
		i, known := g.node(p, c)
		g.nodes[n].parents = append(g.nodes[n].parents, i)
		switch {
		case known:
		case g.r.dir.Shallow[g.nodes[n].id] && !g.r.db.Has(p):
			g.nodes[i].state = absent
		default:
			fresh = append(fresh, i)
		}
	}
	return fresh
}

// node is the place of a commit in the graph, and whether it had one.
func (g *graph) node(h id, c class) (i int32, known bool) {
	if i, known = g.at[h]; !known {
		i = int32(len(g.nodes))
		g.at[h] = i
		g.nodes = append(g.nodes, node{id: h, class: c, ref: int32(len(g.refs) - 1)})
	}
	return i, known
}

// commit reads a commit, from the table if it is there.
func (g *graph) commit(h id) (odb.Commit, error) {
	if c := g.table.find(h); c != nil {
		return *c, nil
	}
	return g.r.db.ReadCommit(h)
}

// read parses a commit and returns its parents' ids.
func (g *graph) read(i int32) []id {
	n := &g.nodes[i]
	c, err := g.commit(n.id)
	if err != nil {
		n.state = absent
		g.lost.add(err, n.id, "commit", leak.GitMessage{Repo: g.r.name, Object: n.id.String(), What: "commit"})
		return nil
	}
	n.tree, n.when, n.state = c.Tree, c.When, usable
	return c.Parents
}

// order lists the commits of class c, each after its parents, else by date,
// else by id: an order that does not depend on how objects are stored, in which
// the first commit that has a blob is the one that brought it.
func (g *graph) order(c class) []int32 {
	var list []int32
	for i := range g.nodes {
		if g.nodes[i].class == c && g.nodes[i].state == usable {
			list = append(list, int32(i))
		}
	}
	g.correct(list)
	slices.SortFunc(list, func(a, b int32) int {
		x, y := &g.nodes[a], &g.nodes[b]
		return cmp.Or(cmp.Compare(x.when, y.when), bytes.Compare(x.id[:], y.id[:]))
	})
	return list
}

// correct makes each commit of list later than its parents, in post-order;
// parents of better classes are corrected already.
func (g *graph) correct(list []int32) {
	done := make([]bool, len(g.nodes))
	for _, root := range list {
		stack := []int32{root}
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			before := len(stack)
			if !done[i] {
				for _, p := range g.nodes[i].parents {
					if !done[p] && g.nodes[p].class == g.nodes[i].class && g.nodes[p].state == usable {
						stack = append(stack, p)
					}
				}
			}
			if len(stack) > before {
				continue
			}
			stack = stack[:before-1]
			if !done[i] {
				done[i] = true
				for _, p := range g.nodes[i].parents {
					g.nodes[i].when = max(g.nodes[i].when, g.nodes[p].when+1)
				}
			}
		}
	}
}

// trees are the trees of i's parents that can be compared with, all or the first.
func (g *graph) trees(i int32, all bool) (trees []id) {
	for _, p := range g.nodes[i].parents {
		if g.nodes[p].state == unread { // a limited walk ended before it
			g.read(p)
		}
		if g.nodes[p].state == usable {
			trees = append(trees, g.nodes[p].tree)
			if !all {
				break
			}
		}
	}
	return trees
}
