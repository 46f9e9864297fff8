package scanner

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// progressEvery keeps progress to what a person can see.
const progressEvery = 200 * time.Millisecond

// tally counts what a Narrowing source passed over, from any goroutine.
type tally struct{ blobs, bytes atomic.Int64 }

func (t *tally) add(blobs, bytes int64) {
	t.blobs.Add(blobs)
	t.bytes.Add(bytes)
}

// delivery hands the batches' events to the sink in order and sums them up.
type delivery struct {
	sink   func(Event) error
	sum    Summary
	passed *tally
	told   time.Time
}

func newDelivery(sink func(Event) error, passed *tally) *delivery {
	return &delivery{sink: sink, passed: passed, told: time.Now(), sum: Summary{
		Gaps: map[string]int64{}, Dropped: map[string]int64{}, Suppressed: map[string]int64{},
	}}
}

// deliver returns at the queue's end, the sink's first error, or ctx's end.
func (d *delivery) deliver(ctx context.Context, queue <-chan *batch) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case b, ok := <-queue:
			if !ok {
				return ctx.Err()
			}
			select {
			case <-b.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := d.batch(b); err != nil {
				return err
			}
		}
	}
}

func (d *delivery) batch(b *batch) error {
	d.sum.Blobs += b.result.blobs
	d.sum.Bytes += b.result.bytes
	for why, n := range b.result.dropped {
		d.sum.Dropped[why] += n
	}
	for _, e := range b.result.events {
		d.count(e)
		if err := d.sink(e); err != nil {
			return err
		}
	}
	return d.progress(b.result.last)
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

func (d *delivery) progress(last leak.Place) error {
	if last == nil || time.Since(d.told) < progressEvery {
		return nil
	}
	d.told = time.Now()
	return d.sink(Event{Progress: &Progress{
		Blobs: d.sum.Blobs + d.passed.blobs.Load(),
		Bytes: d.sum.Bytes + d.passed.bytes.Load(),
		Place: last,
	}})
}

// finish adds what a Narrowing source saw by itself. The texts that it yielded
// are counted by the scanner, the others by seen.
func (d *delivery) finish() Summary {
	d.sum.Blobs += d.passed.blobs.Load()
	d.sum.Bytes += d.passed.bytes.Load()
	return d.sum
}
