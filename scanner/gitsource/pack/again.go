package pack

import (
	"fmt"
	"slices"
)

// heldMax is how many bytes of texts a worker keeps for what is still to be rebuilt
// from them, besides the one it works on. Real histories stay below it (10 to 16 MB
// for all workers were measured on git/git and moby/moby); it is for trees of texts of
// many megabytes, and for those that somebody made up to exhaust memory.
const heldMax = 32 << 20

// shed gives texts up until what is left is no more than heldMax: those nearest to the
// root, which are needed last. What Visit made of them goes with them, since it may be as
// large: their deltas come as if they were stored whole.
func (w *worker[S]) shed() {
	for i := 0; w.held > w.opt.held && i < len(w.stack)-1; i++ {
		f := &w.stack[i]
		if f.text == nil {
			continue
		}
		w.held -= int64(len(f.text.data))
		w.give(f.text)
		w.done(f)
		var none S
		f.text, f.value, f.told = nil, none, false
	}
}

// restore rebuilds the text of the frame on top, which was shed. If that fails, as it
// can where a file has changed, its deltas have.
func (w *worker[S]) restore(f *frame[S]) bool {
	t, _, _, err := w.again(f.node)
	if err == nil && t == nil { // it has become larger than what is rebuilt
		err = errNoWay
	}
	if err == nil {
		f.text = t
		w.held += int64(len(t.data))
		return true
	}
	for i := f.next; i < f.end; i = w.after(i+1, f.end) {
		w.fail(failure{w.children[i], err, true})
	}
	w.pop()
	return false
}

var errNoWay = fmt.Errorf("%w: what it is a delta of cannot be rebuilt", ErrDamaged)

// again rebuilds n from what it is a delta of in the end; in a salvage, by way of
// copies. No text without an error means that what n is, or a copy of it, is stored
// whole and has size bytes, too many to be rebuilt.
func (w *worker[S]) again(n int32) (t *text, size int64, depth int32, err error) {
	way := w.chain(n)
	if w.bad != nil {
		way = w.way(n)
	}
	for way != nil {
		t, size, failed, err := w.along(way)
		if err == nil || w.bad == nil {
			return t, size, int32(len(way) - 1), err
		}
		w.bad[failed] = true // each turn adds one, until no way is left
		way = w.way(n)
	}
	return nil, 0, 0, errNoWay
}

// chain lists n and what it is a delta of, to what is stored whole.
func (w *worker[S]) chain(n int32) (way []int32) {
	for ; n >= 0; n = w.base[n] {
		way = append(way, n)
	}
	return way
}

// along rebuilds the first of way, each being a delta of the next, and the last one
// whole. failed is what could not be rebuilt.
func (w *worker[S]) along(way []int32) (t *text, size int64, failed int32, err error) {
	deltas, root := way[:len(way)-1], way[len(way)-1]
	if t, size, err = w.whole(root); err == nil && t == nil && len(deltas) > 0 {
		err = errNoWay
	}
	failed = root
	for i, n := range slices.Backward(deltas) {
		if err != nil {
			break
		}
		base := t
		t, err = w.patched(n, base.data, int32(len(deltas)-i))
		w.give(base)
		failed = n
	}
	return t, size, failed, err
}
