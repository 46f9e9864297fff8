package gitsource

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

var _ scanner.Narrowing = (*Repo)(nil)

// Narrow implements scanner.Narrowing: what Blobs yields, at the cost of the
// deltas that it is stored as (docs/design/006).
func (r *Repo) Narrow(ctx context.Context, n scanner.Narrower) error {
	t := &narrowing{r: r, n: n, ctx: ctx, began: time.Now()}
	if err := pack.Guard(t.run); err != nil { // ids are read in the mapped indexes
		return err
	}
	return ctx.Err()
}

// narrowing is one Narrow. Everything that Blobs would yield goes through an
// emitter in the same order, and gets its rank there.
type narrowing struct {
	r   *Repo
	n   scanner.Narrower
	ctx context.Context

	began  time.Time
	rank   int64
	forest *pack.Forest
	blobs  *probing
	looks  map[int32]look // by node
	reads  []look
}

// look is a text that the scanner is to look at.
type look struct {
	rank    int64
	blob    scanner.Blob
	regions []leak.Span // nil: all of it; empty: its name
}

// named tells whether the text was seen already, and is looked at for its name.
func (l look) named() bool { return l.regions != nil && len(l.regions) == 0 }

func (t *narrowing) run() error {
	e := &emitter{ctx: t.ctx, yield: t.tell}
	t.r.metadata(e)
	s := t.r.newWalk(func() bool { return t.ctx.Err() != nil })
	refs, logs := s.names()
	if err := t.survey(s); err != nil {
		return err
	}
	if err := t.passes(s, refs, logs); err != nil || e.stopped() {
		return err
	}
	t.looks = map[int32]look{}
	e.gaps(s.allGaps()...)
	s.emit(e, refs, logs)
	if err := t.second(); err != nil {
		return err
	}
	t.r.submodules(e, s.w.links, t.submodule)
	t.read()
	return nil
}

// tell gives what is emitted its rank, and a text to the second stage: to be
// rebuilt and looked at, or to be read.
func (t *narrowing) tell(b scanner.Blob, err error) bool {
	rank := t.rank
	t.rank++
	if err != nil {
		if gap, ok := errors.AsType[*leak.Gap](err); ok {
			t.n.Gap(rank, gap)
		}
		return t.ctx.Err() == nil
	}
	node, probed := t.nodeOf(b)
	if !probed {
		t.reads = append(t.reads, look{rank: rank, blob: b})
		return true
	}
	switch f := t.blobs.find(node); {
	case f == nil: // it passed, and is here for its name
		t.looks[node] = look{rank, b, []leak.Span{}}
	case f.read:
		t.reads = append(t.reads, look{rank: rank, blob: b})
	default:
		t.looks[node] = look{rank, b, f.regions}
	}
	return true
}

// nodeOf is the node of the file that b is, if it is one that was probed.
func (t *narrowing) nodeOf(b scanner.Blob) (int32, bool) {
	if t.blobs == nil || b.Sum == "" {
		return -1, false
	}
	h, _ := object.Parse(b.Sum) // which reads what String wrote, of either format
	node, ok := t.forest.Find(h)
	return node, ok && t.forest.Kind(node) == object.Blob
}

// survey plants the forest.
func (t *narrowing) survey(s *walkState) (err error) {
	loose, gaps := t.r.db.Loose()
	cut := beside(func() error { s.gaps = append(append(s.gaps, gaps...), t.r.db.Cut()...); return nil })
	if t.forest, err = pack.Plant(t.r.db.Packs(), loose, t.n.Jobs()); err != nil {
		err = fmt.Errorf("read packs: %w", err)
	}
	if err := errors.Join(err, cut()); err != nil {
		return err
	}
	t.learn()
	t.took("objects listed", "objects", t.forest.Len())
	return nil
}

// wholeLimit is up to which size a text is rebuilt in memory. git makes no deltas
// of larger ones (core.bigFileThreshold).
const wholeLimit = odb.MaxDelta

func (t *narrowing) walk(kind object.Kind) pack.WalkOptions {
	return pack.WalkOptions{Jobs: t.n.Jobs(), Kind: kind, Whole: wholeLimit}
}

// second is the second stage over blobs: each is rebuilt and looked at.
func (t *narrowing) second() error {
	opt := t.walk(object.Blob)
	opt.Only = func(node int32) bool { _, ok := t.looks[node]; return ok }
	if err := pack.Walk(t.ctx, t.forest, opt, lookPass{t}); err != nil {
		return err
	}
	t.took("second stage", "texts", len(t.looks))
	t.looks = nil
	t.read()
	return nil
}

// took says how far the scan is, for who wants to know where the time goes.
func (t *narrowing) took(step string, more ...any) {
	t.n.Log().Debug(step, append([]any{"done_at", time.Since(t.began).Round(time.Millisecond)}, more...)...)
}

// lookPass is the second stage's visitor.
type lookPass struct{ *narrowing }

// Visit implements pack.Visitor.
func (p lookPass) Visit(worker int, x *pack.Text, _ struct{}) struct{} {
	l := p.looks[x.Node]
	if !covers(l.regions, len(x.Data)) { // they are another text's: somebody made them up
		l.regions = nil
	}
	if l.named() {
		p.n.Seen(-1, -int64(len(x.Data))) // once is enough
	}
	p.n.Look(p.ctx, worker, l.rank, l.blob, x.Data, l.regions)
	return struct{}{}
}

// Large and Lost implement pack.Visitor: reading says what there is to say.
func (p lookPass) Large(worker int, node int32, _ int64) { p.Lost(worker, node, nil) }

// Lost implements pack.Visitor.
func (p lookPass) Lost(worker int, node int32, _ error) {
	l := p.looks[node]
	if l.named() { // it was there a moment ago
		p.n.Seen(-1, 0)
	}
	p.n.Read(p.ctx, worker, l.rank, l.blob)
}

// read has the texts read that are not rebuilt.
func (t *narrowing) read() {
	work := make(chan look)
	var workers sync.WaitGroup
	for worker := range t.n.Jobs() {
		workers.Go(func() {
			for l := range work {
				t.n.Read(t.ctx, worker, l.rank, l.blob)
			}
		})
	}
	for _, l := range t.reads {
		work <- l
	}
	close(work)
	workers.Wait()
	t.reads = nil
}

// submodule narrows another repository, with ranks behind all that were given.
func (t *narrowing) submodule(sub *Repo) {
	sub.recall = t.r.recall
	inner := &narrowing{r: sub, n: t.n, ctx: t.ctx, began: time.Now(), rank: t.rank}
	if err := inner.run(); err != nil && t.ctx.Err() == nil {
		t.n.Gap(inner.rank, sub.dir.Gap("", leak.GapUnreadable, err))
		inner.rank++
	}
	t.rank = inner.rank
}
