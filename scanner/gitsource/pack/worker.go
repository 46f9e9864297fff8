package pack

import (
	"context"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// maxChain is more than the longest chain of deltas that git can make (4,095).
const maxChain = 4096

// rootBatch is how many objects a worker looks through for roots at a time.
const rootBatch = 64

// worker is one goroutine of a walk.
type worker[S any] struct {
	*walk[S]
	shelf
	id     int
	z      inflate.Inflater
	delta  []byte
	copies []Copied
	listed bool       // whether copies are those of the delta that was applied last
	stack  []frame[S] // from the root on; the heaviest deltas left their bases behind
	held   int64      // bytes of the texts in stack
	shown  Text
	failed []failure // objects that have copies

	bad map[int32]bool // of a salvage: what cannot be rebuilt as it stands
}

// work goes over trees until there are no more, then over what others give.
func (w *worker[S]) work(ctx context.Context) error {
	for {
		first := w.crew.roots.Add(rootBatch) - rootBatch
		if first >= int64(w.Len()) {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for n := int32(first); n < int32(min(first+rootBatch, int64(w.Len()))); n++ {
			if w.base[n] >= 0 || w.Kind(n) != w.opt.Kind || !w.need(n) {
				continue
			}
			w.root(n)
			if err := w.run(ctx); err != nil {
				return err
			}
		}
	}
	for {
		f, ok := w.crew.wait()
		if !ok {
			return ctx.Err()
		}
		w.push(f)
		if err := w.run(ctx); err != nil {
			return err
		}
	}
}

// run rebuilds all that the stack holds.
func (w *worker[S]) run(ctx context.Context) error {
	for turn := 0; len(w.stack) > 0; turn++ {
		if turn%16 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if w.crew.wanted() {
			w.share()
		}
		w.step()
	}
	return nil
}

// root begins a tree.
func (w *worker[S]) root(n int32) {
	t, size, err := w.whole(n)
	switch {
	case err != nil:
		w.fail(failure{n, err, false})
	case t == nil:
		w.large(n, size)
	default:
		w.enter(n, t, nil, 0)
	}
}

// large tells of an object that is not rebuilt for its size.
func (w *worker[S]) large(n int32, size int64) {
	if w.told(n) {
		w.visitor.Large(w.id, n, size)
	}
	err := fmt.Errorf("%w: it is a delta of %s, which has %d bytes", ErrTooLarge, w.ID(n), size)
	for _, d := range w.deltas(n) {
		if w.need(d) {
			w.fail(failure{d, err, true})
		}
	}
}

// step rebuilds the next delta of the frame on top. With the last one the frame goes,
// before what hangs on that delta is rebuilt.
func (w *worker[S]) step() {
	f := &w.stack[len(w.stack)-1]
	if f.text == nil && !w.restore(f) {
		return
	}
	n, depth := w.children[f.next], f.depth+1
	f.next = w.after(f.next+1, f.end)
	base := *f
	last := base.next == base.end
	if last {
		w.pop()
	}
	t, err := w.patched(n, base.text.data, depth)
	if err != nil {
		w.fail(failure{n, err, false})
	} else {
		w.enter(n, t, &base, depth)
	}
	if last {
		w.give(base.text)
		w.done(&base)
	}
}

// done gives back what Visit returned for f, of which nothing more is made.
func (w *worker[S]) done(f *frame[S]) {
	if w.release != nil && f.told && !f.lent {
		w.release.Release(w.id, f.value)
	}
}

func (w *worker[S]) push(f frame[S]) {
	w.stack = append(w.stack, f)
	if f.text != nil {
		w.held += int64(len(f.text.data))
	}
	w.shed()
}

func (w *worker[S]) pop() {
	top := len(w.stack) - 1
	if t := w.stack[top].text; t != nil {
		w.held -= int64(len(t.data))
	}
	w.stack[top] = frame[S]{}
	w.stack = w.stack[:top]
}

// enter tells of n, whose text is t, and puts it on the stack if it has deltas.
// base is what it was made of, nil where it was not made of any that was told.
func (w *worker[S]) enter(n int32, t *text, base *frame[S], depth int32) {
	var f frame[S]
	if f.told = w.told(n); f.told {
		var value S
		w.shown = Text{Node: n, Data: t.data[:len(t.data):len(t.data)]}
		if base != nil && base.told && w.listed {
			value = base.value
			size := len(base.text.data)
			w.shown.Delta, w.shown.Copies, w.shown.Base, w.shown.Old = true, w.copies, size, base.text.data[:size:size]
		}
		f.value = w.visitor.Visit(w.id, &w.shown, value)
	}
	f.end = w.start[n+1]
	f.next = w.after(w.start[n], f.end)
	if f.next == f.end {
		w.give(t)
		w.done(&f)
		return
	}
	f.node, f.text, f.depth = n, t, depth
	w.push(f)
}

// share gives another worker half of the deltas of what is nearest to the root, which
// the most hangs on, the heaviest one among them. One delta stays.
func (w *worker[S]) share() {
	top := len(w.stack) - 1
	for i := range w.stack {
		f := &w.stack[i]
		left := f.end - f.next
		if left == 1 && i == top {
			return
		}
		half := w.after(f.next+left/2, f.end)
		if half == f.end {
			continue
		}
		given := *f
		given.next = half
		if half > f.next {
			f.end, f.lent, given.lent = half, true, true
			if f.text != nil {
				f.text.shares.Add(1)
			}
		} else {
			if f.text != nil {
				w.held -= int64(len(f.text.data))
			}
			w.stack = slices.Delete(w.stack, i, i+1)
		}
		w.crew.give(given)
		return
	}
}
