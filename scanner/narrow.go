package scanner

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// narrowed is the Narrower of one scan. A text that tells nothing costs it two
// numbers; what others tell is held until the source ends, since which of them
// comes first is not known before.
type narrowed struct {
	scanner *Scanner
	workers []*worker

	mu     sync.Mutex
	closed bool // nothing is heard any more
	sum    result
	ledger ledger
}

func newNarrowed(s *Scanner, now time.Time) *narrowed {
	n := &narrowed{scanner: s}
	for range s.jobs() {
		n.workers = append(n.workers, newWorker(s, now))
	}
	return n
}

func (n *narrowed) Set() *rules.Set { return n.scanner.set }
func (n *narrowed) Probe() *Probe   { return NewProbe(n.scanner.set, n.scanner.opt) }
func (n *narrowed) Jobs() int       { return len(n.workers) }

func (n *narrowed) Log() *slog.Logger {
	if n.scanner.opt.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return n.scanner.opt.Log
}

func (n *narrowed) Seen(blobs, bytes int64) { n.tell(0, &result{blobs: blobs, bytes: bytes}) }

func (n *narrowed) Gap(rank int64, g *leak.Gap) { n.tell(rank, &result{events: []Event{{Gap: g}}}) }

func (n *narrowed) Look(ctx context.Context, worker int, rank int64, b Blob, text []byte, regions []leak.Span) {
	n.scan(ctx, rank, func(out *result) { n.workers[worker].look(b, text, regions, out) })
}

func (n *narrowed) Read(ctx context.Context, worker int, rank int64, b Blob) {
	n.scan(ctx, rank, func(out *result) { n.workers[worker].scan(ctx, b, out) })
}

func (n *narrowed) scan(ctx context.Context, rank int64, do func(*result)) {
	if ctx.Err() != nil {
		return
	}
	var r result
	do(&r)
	n.tell(rank, &r)
}

func (n *narrowed) tell(rank int64, r *result) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.sum.add(r)
	if len(r.events) > 0 {
		n.ledger.add(rank, r.events)
	}
}

// soFar is how much was looked at, and the last of it.
func (n *narrowed) soFar() *result {
	n.mu.Lock()
	defer n.mu.Unlock()
	return &result{blobs: n.sum.blobs, bytes: n.sum.bytes, last: n.sum.last}
}

// close ends the telling: the ledger is whole.
func (n *narrowed) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
}

// narrow drives the scan of a Narrowing source: the source's goroutines scan, the
// caller's delivers. No goroutine of either outlives it.
func (s *Scanner) narrow(outer context.Context, src Narrowing, now time.Time, d *delivery) error {
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	n := newNarrowed(s, now)
	var broken error
	done := make(chan struct{})
	go func() {
		defer close(done)
		broken = src.Narrow(ctx, n)
	}()
	err := d.watch(ctx, n, done)
	n.close() // at an interrupt too, at once: who stops a long scan wants to know what it found
	if err == nil {
		err = d.held(n)
	}
	cancel()
	<-done
	return cmp.Or(err, broken, outer.Err())
}
