package pack

import (
	"fmt"
	"slices"
)

// failure is an object that could not be rebuilt; its deltas were not tried.
type failure struct {
	node  int32
	err   error
	below bool // err is about what node is a delta of
}

// fail puts aside what there may be another copy of, until all else is rebuilt
// (salvage), and tells that the rest is lost.
func (w *worker[S]) fail(x failure) {
	if w.marks[x.node]&twinMark != 0 {
		w.failed = append(w.failed, x)
		return
	}
	w.lose(x)
}

// lose tells that x is lost, and so is what hangs on it, down to what has copies.
func (w *worker[S]) lose(x failure) {
	if w.told(x.node) {
		w.visitor.Lost(w.id, x.node, x.err)
	}
	if len(w.deltas(x.node)) == 0 {
		return
	}
	if !x.below {
		x.err = fmt.Errorf("it is a delta of %s in the end: %w", w.ID(x.node), x.err)
	}
	for below := slices.Clone(w.deltas(x.node)); len(below) > 0; {
		n := below[len(below)-1]
		below = below[:len(below)-1]
		switch {
		case !w.need(n):
			continue
		case w.marks[n]&twinMark != 0:
			w.failed = append(w.failed, failure{n, x.err, true})
			continue
		case w.told(n):
			w.visitor.Lost(w.id, n, x.err)
		}
		below = append(below, w.deltas(n)...)
	}
}
