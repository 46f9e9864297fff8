package gitsource

import (
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/gitdir"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// token tells whether the scanner has to look at a name. It is asked while trees
// are walked, which a panic must not end: then the scanner looks, and tells.
func (t *narrowing) token(worker int, name []byte) (is bool) {
	p := &t.blobs.workers[worker]
	defer func() {
		if r := recover(); r != nil {
			pack.Rethrow(r)
			p.Probe, is = t.n.Probe(), true
		}
	}()
	return p.Name(name)
}

// indexNamed are the blobs that an index has under a path with a token in it. It
// need not be in any tree, where trace would come by it.
func (t *narrowing) indexNamed() map[int32]bool {
	named, seen := map[int32]bool{}, map[id]bool{}
	add := func(h id) {
		if n, ok := t.forest.Find(h); ok {
			named[n] = true
		}
	}
	t.r.eachIndexed(func(e gitdir.IndexEntry) { // what it cannot read is told when it is visited
		kind := e.Mode & gitdir.ModeType
		if kind == gitdir.ModeLink || !t.tokenIn(e.Path) {
			return
		}
		if kind == gitdir.ModeTree { // of a sparse index
			t.r.eachBelow(e.ID, seen, func(below odb.Entry) { add(below.ID) })
		} else {
			add(e.ID)
		}
	})
	return named
}

func (t *narrowing) tokenIn(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if t.token(0, []byte(part)) {
			return true
		}
	}
	return false
}
