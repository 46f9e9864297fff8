package trace

import "github.com/oakum-sec/oakum/scanner/gitsource/object"

// Newest learns which commit had blobs last. It is handed the commits of a class,
// the latest first: a blob's Last is the first commit of its own class that has it
// here, at any path and any depth. It is one goroutine's, and where the Trace is
// Settled it need not be the visits' one.
type Newest struct {
	sweep
	last []int32 // by file: the commit's number and one, 0 where none has come by
}

// Newest begins a class: before all visits where the Trace is Settled, else behind
// them.
func (t *Trace) Newest(class uint8) *Newest {
	n := &Newest{sweep: sweep{t: t, lists: t.lists}, last: make([]int32, len(t.census.files.nodes))}
	if t.newest == nil {
		t.newest = map[uint8]*Newest{}
	}
	t.newest[class] = n
	return n
}

// Settled tells whether all trees that are there were read. Where they were not, a
// visit reads them once more, for its words, and a Newest has to wait for that.
func (t *Trace) Settled() bool {
	for _, l := range t.lists {
		if l == unread {
			return false
		}
	}
	return true
}

// Tree goes over a commit's tree.
func (n *Newest) Tree(id object.ID, commit int32) {
	if tree, ok := n.t.census.tree(&id); ok {
		n.sweep.tree(tree, func(file int32) { n.note(file, commit) })
	}
}

func (n *Newest) note(file, commit int32) {
	for int(file) >= len(n.last) { // a stranger
		n.last = append(n.last, 0)
	}
	if n.last[file] == 0 {
		n.last[file] = commit + 1
	}
}
