package scanner

import (
	"context"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// progressEvery keeps progress to what a person can see.
const progressEvery = 200 * time.Millisecond

// delivery hands events to the sink and sums them up.
type delivery struct {
	sink func(Event) error
	sum  Summary
	told time.Time
}

func newDelivery(sink func(Event) error) *delivery {
	return &delivery{sink: sink, told: time.Now(), sum: Summary{
		Gaps: map[string]int64{}, Dropped: map[string]int64{}, Suppressed: map[string]int64{},
	}}
}

// deliver hands the batches on in order. It returns at the queue's end, the
// sink's first error, or ctx's end.
func (d *delivery) deliver(ctx context.Context, queue <-chan *batch, ahead *live) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case b, ok := <-queue:
			if !ok {
				return ctx.Err()
			}
			if err := d.await(ctx, b, tick.C, ahead); err != nil {
				return err
			}
			if err := d.batch(b); err != nil {
				return err
			}
		}
	}
}

// await waits until b is done. What takes long is shown as it goes on.
func (d *delivery) await(ctx context.Context, b *batch, tick <-chan time.Time, ahead *live) error {
	for {
		select {
		case <-b.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick:
			if so := ahead.soFar(); so != nil && time.Since(d.told) >= progressEvery {
				if err := d.progress(so); err != nil {
					return err
				}
			}
		}
	}
}

func (d *delivery) batch(b *batch) error {
	d.add(&b.result)
	for _, e := range b.result.events {
		if err := d.event(e); err != nil {
			return err
		}
	}
	if b.result.last == nil || time.Since(d.told) < progressEvery {
		return nil
	}
	return d.progress(&result{last: b.result.last})
}

// watch tells of n's progress until it is done, ctx ends, or the sink does not
// want to know.
func (d *delivery) watch(ctx context.Context, n *narrowed, done <-chan struct{}) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := d.progress(n.soFar()); err != nil {
				return err
			}
		}
	}
}

// held hands on what was held back until its order was known.
func (d *delivery) held(n *narrowed) error {
	d.add(&n.sum)
	return n.ledger.each(d.event)
}

func (d *delivery) add(r *result) {
	d.sum.Blobs += r.blobs
	d.sum.Bytes += r.bytes
	for why, n := range r.dropped {
		d.sum.Dropped[why] += n
	}
}

func (d *delivery) event(e Event) error {
	d.count(e)
	return d.sink(e)
}

func (d *delivery) count(e Event) {
	switch {
	case e.Finding != nil:
		d.sum.Findings++
		if s := e.Finding.Suppressed; s != nil {
			d.sum.Suppressed[s.Kind]++
		}
	case e.Gap != nil:
		d.sum.Gaps[e.Gap.Code]++
		if e.Gap.Class == leak.Failure {
			d.sum.Failures++
		} else {
			d.sum.Boundaries++
		}
	}
}

// progress tells how far the scan is: at what was delivered, and at ahead, which
// is not yet.
func (d *delivery) progress(ahead *result) error {
	d.told = time.Now()
	return d.sink(Event{Progress: &Progress{
		Blobs: d.sum.Blobs + ahead.blobs,
		Bytes: d.sum.Bytes + ahead.bytes,
		Place: ahead.last,
	}})
}
