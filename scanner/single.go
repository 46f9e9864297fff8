package scanner

import (
	"context"
	"time"
)

// Single scans in the goroutine of its caller, one text after the other, with
// buffers that it keeps: for a server that looks at one small thing at a time and
// has to end with it. It tells the same as [Scanner.Scan]. It is for one goroutine
// at a time.
type Single struct {
	w   *worker
	out result
}

// Single makes a new one.
func (s *Scanner) Single() *Single { return &Single{w: newWorker(s, time.Time{})} }

// Scan looks at one text and hands sink what it tells. An error of sink ends that
// and is returned; so is ctx's, where it has ended before.
func (x *Single) Scan(ctx context.Context, b Blob, sink func(Event) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	x.out = result{events: x.out.events[:0]}
	defer func() { clear(x.out.events) }() // findings hold values
	if x.w.now = x.w.opt.Now; x.w.now.IsZero() {
		x.w.now = time.Now()
	}
	x.w.scan(ctx, b, &x.out)
	for _, e := range x.out.events {
		if err := sink(e); err != nil {
			return err
		}
	}
	return nil
}
