package sourcetest

import (
	"context"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// watched is a Narrowing source that is held to what it owes a Narrower.
type watched struct {
	scanner.Narrowing
	t *testing.T
}

func (w watched) Narrow(ctx context.Context, n scanner.Narrower) error {
	c := &checking{Narrower: n, t: w.t, ranks: map[int64]bool{}, busy: make([]sync.Mutex, n.Jobs())}
	err := w.Narrowing.Narrow(ctx, c)
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	return err
}

// checking is a Narrower that fails the test where two texts have one rank, two
// goroutines are one worker, or something is told after the end.
type checking struct {
	scanner.Narrower
	t    *testing.T
	busy []sync.Mutex // by worker

	mu    sync.Mutex
	ranks map[int64]bool
	over  bool
}

func (c *checking) Look(ctx context.Context, worker int, rank int64, b scanner.Blob, text []byte, regions []leak.Span) {
	c.rank(rank)
	end := int64(0)
	for _, r := range regions {
		if r.Start < end || r.End < r.Start || r.End > int64(len(text)) {
			c.t.Errorf("%s: region %v is out of order, or out of the text", b.Place, r)
		}
		end = r.End
	}
	c.as(worker, func() { c.Narrower.Look(ctx, worker, rank, b, text, regions) })
}

func (c *checking) Read(ctx context.Context, worker int, rank int64, b scanner.Blob) {
	c.rank(rank)
	c.as(worker, func() { c.Narrower.Read(ctx, worker, rank, b) })
}

func (c *checking) Gap(rank int64, g *leak.Gap) {
	c.rank(rank)
	c.Narrower.Gap(rank, g)
}

func (c *checking) as(worker int, do func()) {
	if worker < 0 || worker >= len(c.busy) {
		c.t.Errorf("there is no worker %d", worker)
		return
	}
	if !c.busy[worker].TryLock() {
		c.t.Errorf("two goroutines are worker %d", worker)
		return
	}
	defer c.busy[worker].Unlock()
	do()
}

func (c *checking) rank(rank int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ranks[rank] {
		c.t.Errorf("two texts or gaps have rank %d", rank)
	}
	if c.over {
		c.t.Errorf("rank %d is told after Narrow has returned", rank)
	}
	c.ranks[rank] = true
}
