package gitsource

import (
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// found is a blob that a walk came by, with the way it came by first.
type found struct {
	id     id
	commit int32 // in the graph; -1 where no commit has it
	last   int32 // the last commit of its class that has it; -1 likewise
	path   int32 // in walker.paths; -1 where no tree has it
	class  class
	size   int64 // unseen, or as odb.Each tells it
}

const unseen = -2

// walker collects the blobs of trees. A tree is read once for each path under
// which it stands, and only compared where a parent's tree stands there too.
type walker struct {
	r      *Repo
	lost   *losses
	paths  []string
	pathAt map[string]int32
	blobs  []found
	blobAt map[id]int32
	more   map[int32][]int32 // further paths of a blob
	trees  map[id]*treeSeen
	links  map[string]id // submodules: path to the commit that came to it last
	linked map[link]bool // every pair of them that came

	commit int32 // whose tree is walked
	class  class
}

// treeSeen is under which paths a tree was walked: mostly one.
type treeSeen struct {
	path int32
	more map[int32]bool
}

const (
	// maxDepth is git's core.maxTreeDepth.
	maxDepth = 2048
	// maxPaths bounds the paths known of one blob or tree. Ten trees that name
	// each other ten times make ten billion paths; an honest project's most
	// copied file stands under some hundred.
	maxPaths = 1000
)

func newWalker(r *Repo, lost *losses) *walker {
	return &walker{r: r, lost: lost, pathAt: map[string]int32{}, blobAt: map[id]int32{}, more: map[int32][]int32{},
		trees: map[id]*treeSeen{}, links: map[string]id{}, linked: map[link]bool{}, commit: -1}
}

// walkCommits walks the trees of commits in order. all compares with every
// parent, not the first alone: what is left is what no parent has.
func (w *walker) walkCommits(g *graph, order []int32, all bool) {
	for _, i := range order {
		if g.stop() {
			return
		}
		w.commit, w.class = i, g.nodes[i].class
		w.walk(g.nodes[i].tree, g.trees(i, all), "", 0)
	}
	w.commit = -1
}

// walk notes the blobs of tree, which stands at dir ("" or with a slash at its
// end), but for entries that one of olds has as well: commits come after their
// parents, so whoever walked olds saw them. That is what makes a long history
// affordable: git's own has 5.8 GB of trees, which repeat each other all but whole.
//
// What it leaves out can only be an entry that a parent has byte for byte at the
// same path; a parent that cannot be read leaves out nothing.
func (w *walker) walk(tree id, olds []id, dir string, depth int) {
	for _, old := range olds {
		if old == tree {
			return
		}
	}
	if !w.enter(tree, dir) {
		return
	}
	raw, err := w.r.db.ReadTree(tree)
	if err == nil && depth > maxDepth {
		err = fmt.Errorf("trees nest deeper than %d", maxDepth)
	}
	if err != nil {
		w.lost.add(err, tree, "tree", leak.GitMessage{Repo: w.r.name, Object: tree.String(), What: "tree", Ref: dir})
		return
	}
	cursors := make([]odb.Cursor, 0, len(olds))
	for _, old := range olds {
		if b, err := w.r.db.ReadTree(old); err == nil { // else all of tree is new
			cursors = append(cursors, odb.NewCursor(b, w.r.dir.Format))
		}
	}
	for rest := raw; len(rest) > 0; {
		var e odb.Entry
		if e, rest, err = odb.NextEntry(rest, w.r.dir.Format); err != nil {
			w.lost.add(damage(err), tree, "tree", leak.GitMessage{Repo: w.r.name, Object: tree.String(), What: "tree", Ref: dir})
			return
		}
		if subs, same := odb.Seek(cursors, e); !same {
			w.entry(e, subs, dir, depth)
		}
	}
}

func (w *walker) entry(e odb.Entry, olds []id, dir string, depth int) {
	path := dir + string(e.Name)
	switch {
	case e.IsTree():
		w.walk(e.ID, olds, path+"/", depth+1)
	case e.IsLink():
		w.link(path, e.ID)
	default:
		w.blob(e.ID, w.path(path))
	}
}

// link is a submodule's path and commit.
type link struct {
	path   string
	commit id
}

// link notes a submodule. A pair counts when it comes first: which branch or
// revert brings it again depends on how trees are compared.
func (w *walker) link(path string, commit id) {
	if l := (link{path, commit}); !w.linked[l] {
		w.linked[l] = true
		w.links[path] = commit
	}
}

// enter tells whether tree has yet to be walked at dir. Merges bring the same
// trees again and again, and a hostile one brings them ten billion times.
func (w *walker) enter(tree id, dir string) bool {
	at := w.path(dir)
	seen := w.trees[tree]
	switch {
	case seen == nil:
		w.trees[tree] = &treeSeen{path: at}
		return true
	case seen.path == at || seen.more[at] || len(seen.more) >= maxPaths:
		return false
	case seen.more == nil:
		seen.more = map[int32]bool{}
	}
	seen.more[at] = true
	return true
}

func (w *walker) path(p string) int32 {
	i, ok := w.pathAt[p]
	if !ok {
		i = int32(len(w.paths))
		w.paths = append(w.paths, p)
		w.pathAt[p] = i
	}
	return i
}

// blob notes a blob at path (-1: none).
func (w *walker) blob(h id, path int32) {
	i, ok := w.blobAt[h]
	if !ok {
		w.blobAt[h] = int32(len(w.blobs))
		w.blobs = append(w.blobs, found{id: h, commit: w.commit, last: -1, path: path, class: w.class, size: unseen})
		return
	}
	if path < 0 || w.blobs[i].path == path || len(w.more[i]) >= maxPaths {
		return
	}
	for _, p := range w.more[i] {
		if p == path {
			return
		}
	}
	w.more[i] = append(w.more[i], path)
}

// last notes commit as the last one of each blob in its tree that has none yet.
// Trees that were seen in a later commit of the class are passed over.
func (w *walker) last(tree id, commit int32, seen map[id]bool) {
	w.r.eachBelow(tree, seen, func(e odb.Entry) {
		i, ok := w.blobAt[e.ID]
		if !ok || e.IsLink() {
			return
		}
		if b := &w.blobs[i]; b.last < 0 && b.commit >= 0 && b.class == w.class {
			b.last = commit
		}
	})
}
