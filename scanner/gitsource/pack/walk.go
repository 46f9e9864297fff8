package pack

import (
	"context"
	"runtime"
	"sync"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// Copied is a stretch that a delta takes over from its base: Len bytes of the
// base from From on stand in the object from At on. (An alias, so that
// scanner.Copied is the same type.)
type Copied = struct{ At, From, Len int }

// Text is an object as a walk rebuilds it.
type Text struct {
	Node   int32
	Data   []byte   // until the visitor returns; not to be written to
	Delta  bool     // made of its base, which was told before, by:
	Copies []Copied // by At; neighbours in both texts are one; the rest of Data is new
	Base   int      // size of the base
	Old    []byte   // the base itself, as long as Data
}

// Visitor is told of the objects of a walk, by several goroutines at once; worker
// tells them apart (0 ≤ worker < jobs). Each object is told once, by the smallest
// number of its id, whichever of its copies was read.
type Visitor[S any] interface {
	// Visit returns what the deltas of this text are to be handed as base; it is
	// shared between them. For a text that is no delta base is the zero value; so
	// it is for a delta of a base that is not told, or was given up for its size, or
	// a delta of more than 4 MB, which come as if they were stored whole.
	Visit(worker int, t *Text, base S) S
	// Large is told of an object that is stored whole and larger than
	// WalkOptions.Whole, in place of Visit; its deltas are told as lost.
	Large(worker int, node int32, size int64)
	// Lost is told of an object that cannot be rebuilt from any of its copies, each
	// of its deltas included.
	Lost(worker int, node int32, err error)
}

// Releaser is a Visitor that makes use of the values that no Visit is handed any
// more. Of those that several workers had, it is not told.
type Releaser[S any] interface {
	Release(worker int, s S)
}

// WalkOptions say what a walk goes over.
type WalkOptions struct {
	Jobs  int                   // goroutines; 0: as many as there are processors
	Kind  object.Kind           // Unknown: the objects whose kind is not to be had, all of which are lost
	Whole int64                 // texts up to this many bytes are rebuilt in memory; 0: MaxWhole
	Only  func(node int32) bool // nil: all of Kind; else what is visited (bases are rebuilt, not told); any goroutine calls it

	held int64 // heldMax, but in tests
}

// MaxWhole is git's core.bigFileThreshold, 512 MB: git makes no delta of a larger
// object (git-config(1)).
const MaxWhole = 512 << 20

// Walk rebuilds objects, each from its base while that is at hand: depth first,
// the heaviest delta last, so that few texts are alive at a time. Which worker is
// told of an object, and in which order, differs from walk to walk; what is told
// does not. It returns when all is told, or ctx's error.
func Walk[S any](ctx context.Context, f *Forest, opt WalkOptions, v Visitor[S]) error {
	if opt.Jobs < 1 {
		opt.Jobs = runtime.GOMAXPROCS(0)
	}
	if opt.Whole <= 0 {
		opt.Whole = MaxWhole
	}
	if opt.held == 0 {
		opt.held = heldMax
	}
	w := &walk[S]{Forest: f, opt: opt, visitor: v, crew: newCrew[S](opt.Jobs)}
	w.release, _ = v.(Releaser[S])
	// Looking for copies reads the packs' indexes, which are mapped too.
	if err := Guard(func() error { w.needs(); return nil }); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, w.crew.dismiss)()
	workers := make([]*worker[S], opt.Jobs)
	errs := make([]error, opt.Jobs)
	var wg sync.WaitGroup
	for i := range workers {
		workers[i] = &worker[S]{walk: w, id: i, shelf: shelf{live: &w.crew.live}}
		wg.Go(func() {
			// What reads the indexes, the visitor included, is not worth a Guard each.
			errs[i] = Guard(func() error { return workers[i].work(ctx) })
			if errs[i] != nil {
				w.crew.dismiss()
			}
		})
	}
	wg.Wait()
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return err
		}
	}
	return Guard(func() error { return salvage(ctx, workers) })
}

// walk is what the workers of one walk share.
type walk[S any] struct {
	*Forest
	opt     WalkOptions
	visitor Visitor[S]
	release Releaser[S] // visitor, if it is one
	crew    *crew[S]
	needed  []uint64 // a bit for each object that is told or on the way to one; nil: all
}

// needs finds what the walk must rebuild.
func (w *walk[S]) needs() {
	if w.opt.Only == nil && len(w.copies) == 0 {
		return
	}
	w.needed = make([]uint64, (w.Len()+63)/64)
	for n := range int32(w.Len()) {
		if w.Kind(n) != w.opt.Kind || !w.told(n) {
			continue
		}
		for m := n; m >= 0 && !w.need(m); m = w.base[m] {
			w.needed[m/64] |= 1 << (m % 64)
		}
	}
}

func (w *walk[S]) need(n int32) bool {
	return w.needed == nil || w.needed[n/64]>>(n%64)&1 != 0
}

// told tells whether the visitor is to be told of n.
func (w *walk[S]) told(n int32) bool {
	return !w.Copy(n) && (w.opt.Only == nil || w.opt.Only(n))
}

// after is the first place from i on where children names a needed object, or end.
func (w *walk[S]) after(i, end int32) int32 {
	for i < end && !w.need(w.children[i]) {
		i++
	}
	return i
}
