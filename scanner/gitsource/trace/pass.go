package trace

import (
	"context"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// maxWhole is up to which size a tree is rebuilt by the walk; git's
// core.bigFileThreshold. Larger ones are read one by one.
const maxWhole = 512 << 20

// pass is a walk over all trees.
type pass struct {
	t       *Trace
	workers []*worker
}

// worker is one goroutine of a pass.
type worker struct {
	stepper
	block block
	free  []*folder // released ones, to be used again
	bad   []int32   // trees that do not parse to their end
	named named
}

func (t *Trace) worker(test func(component []byte) bool) *worker {
	w := &worker{block: block{all: t.blocks, number: none}}
	w.stepper = stepper{ids: &recent{census: t.census}, size: t.size, words: newLexicon(t.names, test), listing: listing{chunks: t.chunks}, token: w.named.add}
	return w
}

// readAll lists all trees, and tells what tokens are names of.
func (t *Trace) readAll(ctx context.Context, token func(worker int, component []byte) bool) (named, error) {
	t.chunks, t.blocks, t.bad, t.spare = newChunks(), &blocks{}, map[int32]bool{}, nil
	t.census.forget()
	t.lists = make([]list, len(t.census.trees.nodes))
	for i := range t.lists {
		t.lists[i] = unread
	}
	p := &pass{t: t}
	for n := range t.opt.Jobs {
		var test func([]byte) bool
		if token != nil {
			test = func(component []byte) bool { return token(n, component) }
		}
		p.workers = append(p.workers, t.worker(test))
	}
	err := t.walk(ctx, pack.WalkOptions{Jobs: t.opt.Jobs, Kind: object.Tree, Whole: maxWhole}, p)
	if err != nil {
		return named{}, err
	}
	p.rest()
	var all named
	for _, w := range p.workers {
		all.join(&w.named)
		for _, tree := range w.bad {
			t.bad[tree] = true
		}
	}
	return all, ctx.Err()
}

// Visit lists a tree.
func (p *pass) Visit(worker int, text *pack.Text, base *folder) *folder {
	at := p.t.census.at[text.Node]
	if at < 0 || at%2 != 0 {
		return nil // copies disagree about what it is
	}
	w := p.workers[worker]
	f := w.folder()
	p.t.lists[at/2] = w.list(at/2, text, base, f)
	return f
}

// Large and Lost leave a tree unread.
func (p *pass) Large(int, int32, int64) {}
func (p *pass) Lost(int, int32, error)  {}

// Release takes back what no tree is made of any more.
func (p *pass) Release(worker int, f *folder) {
	if f != nil {
		w := p.workers[worker]
		w.free = append(w.free, f)
	}
}

// rest reads what the walk could not: another reader may have more luck.
func (p *pass) rest() {
	for tree := range p.t.lists {
		if p.t.lists[tree] != unread {
			continue
		}
		raw, err := p.t.opt.Read(p.t.census.id(&p.t.census.trees, int32(tree)))
		if err == nil {
			w := p.workers[0]
			p.t.lists[tree] = w.list(int32(tree), &pack.Text{Data: raw}, nil, w.folder())
		}
	}
}

// folder is one to be filled.
func (w *worker) folder() *folder {
	if n := len(w.free); n > 0 {
		f := w.free[n-1]
		w.free = w.free[:n-1]
		return f
	}
	return &folder{}
}

func (w *worker) list(tree int32, text *pack.Text, base, f *folder) list {
	w.read(text, base, f)
	if w.broken {
		w.bad = append(w.bad, tree)
	}
	if f.same(base) {
		f.list = base.list
	} else {
		f.list = w.block.put(f.cuts, f.tail)
	}
	return f.list
}

// readWhole reads a tree that has no list, while visits are made.
func (t *Trace) readWhole(tree int32) (list, error) {
	raw, err := t.opt.Read(t.census.id(&t.census.trees, tree))
	if err != nil {
		return unread, err
	}
	t.adding.Lock()
	defer t.adding.Unlock()
	if t.spare == nil {
		t.spare = t.worker(nil)
	}
	t.lists[tree] = t.spare.list(tree, &pack.Text{Data: raw}, nil, &folder{})
	if t.spare.broken {
		t.bad[tree] = true
	}
	return t.lists[tree], nil
}
