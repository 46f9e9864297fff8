package scanner

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// A batch is what travels between goroutines: enough texts that a channel
// operation costs nothing beside them, few enough that the results of the
// batches under way, kept until their turn, stay small.
const (
	batchBlobs   = 32
	batchBytes   = 1 << 20
	batchesAhead = 4 // for each worker
	// A batch has at most so large a part of the texts seen before it, so that a
	// folder of eight large files keeps more than one worker busy.
	batchPart = 4
)

// item is one pair that the source yielded.
type item struct {
	blob Blob
	gap  *leak.Gap
}

type batch struct {
	items  []item
	result result
	done   chan struct{}
}

// result is what scanning a batch gave, in order.
type result struct {
	events  []Event
	blobs   int64
	bytes   int64
	dropped map[string]int64
	last    leak.Place
	until   time.Time // see Told
}

// add takes the numbers of another result over, not its events.
func (r *result) add(other *result) {
	r.blobs += other.blobs
	r.bytes += other.bytes
	for why, n := range other.dropped {
		r.drops(why, n)
	}
	if other.last != nil {
		r.last = other.last
	}
}

func (r *result) drop(why string) { r.drops(why, 1) }

func (r *result) drops(why string, n int64) {
	if r.dropped == nil {
		r.dropped = map[string]int64{}
	}
	r.dropped[why] += n
}

func (r *result) gap(g *leak.Gap) { r.events = append(r.events, Event{Gap: g}) }

// run drives the scan of one source that is no Narrowing one: one producer reads
// it, the workers scan, and the caller's goroutine delivers.
type run struct {
	queue chan *batch // in the source's order
	work  chan *batch
	ended error // the source's last error, read after queue is closed
	live  live
}

func (s *Scanner) scan(ctx context.Context, src Source, sink func(Event) error) (Summary, error) {
	now := s.opt.Now
	if now.IsZero() {
		now = time.Now()
	}
	d := newDelivery(sink)
	err := s.part(ctx, src, now, d)
	return d.sum, err
}

// part scans src in the way that it is made for.
func (s *Scanner) part(ctx context.Context, src Source, now time.Time, d *delivery) error {
	switch src := src.(type) {
	case chain:
		for _, link := range src {
			if err := s.part(ctx, link, now, d); err != nil {
				return err
			}
		}
		return nil
	case Narrowing:
		return s.narrow(ctx, src, now, d)
	}
	return s.batches(ctx, src, now, d)
}

func (s *Scanner) batches(ctx context.Context, src Source, now time.Time, d *delivery) error {
	ctx, cancel := context.WithCancel(ctx)
	r := &run{
		queue: make(chan *batch, s.jobs()*batchesAhead),
		work:  make(chan *batch, s.jobs()*batchesAhead),
	}
	var workers sync.WaitGroup
	workers.Go(func() { r.produce(ctx, src) })
	for range s.jobs() {
		w := newWorker(s, now)
		w.live = &r.live
		workers.Go(func() { r.scanBatches(ctx, w) })
	}
	err := d.deliver(ctx, r.queue, &r.live)
	cancel()
	for range r.queue { // lets the producer see the end
	}
	workers.Wait()
	return errors.Join(err, r.ended)
}

// produce reads the source into batches until it ends or ctx does.
func (r *run) produce(ctx context.Context, src Source) {
	defer close(r.queue)
	defer close(r.work)
	seen, size := 0, int64(0)
	b := newBatch(seen)
	for blob, err := range src.Blobs(ctx) {
		if ctx.Err() != nil {
			return
		}
		it, ok := r.itemOf(blob, err)
		if !ok {
			break
		}
		b.items = append(b.items, it)
		seen++
		size += max(blob.Size, 0)
		if len(b.items) == cap(b.items) || size >= batchBytes {
			if !r.send(ctx, b) {
				return
			}
			b, size = newBatch(seen), 0
		}
	}
	if len(b.items) > 0 {
		r.send(ctx, b)
	}
}

// newBatch has room for as many texts as are to be in it after seen others.
func newBatch(seen int) *batch {
	return &batch{items: make([]item, 0, min(1+seen/batchPart, batchBlobs)), done: make(chan struct{})}
}

// itemOf makes an item of what a source yielded; false ends the source.
func (r *run) itemOf(blob Blob, err error) (item, bool) {
	if err == nil {
		return item{blob: blob}, true
	}
	if gap, ok := errors.AsType[*leak.Gap](err); ok {
		return item{gap: gap}, true
	}
	r.ended = err
	return item{}, false
}

func (r *run) send(ctx context.Context, b *batch) bool {
	for _, ch := range []chan *batch{r.queue, r.work} {
		select {
		case ch <- b:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (r *run) scanBatches(ctx context.Context, w *worker) {
	for b := range r.work {
		for _, it := range b.items {
			if ctx.Err() != nil {
				break
			}
			if it.gap != nil {
				b.result.gap(it.gap)
				continue
			}
			w.scan(ctx, it.blob, &b.result)
		}
		r.live.bytes.Add(-b.result.bytes)
		close(b.done)
	}
}
