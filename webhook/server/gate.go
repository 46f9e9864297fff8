package server

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// gate bounds what is taken at once. Memory is what an admission process dies of: five
// hundred reviews of 1.5 MB are 750 MB, if all are read before one is looked at.
type gate struct {
	most     int64
	inFlight atomic.Int64
	bytes    *semaphore.Weighted
}

func newGate(l Limits) *gate {
	return &gate{most: int64(l.InFlight), bytes: semaphore.NewWeighted(l.BodyBytes)}
}

// enter takes a review in, or not; leave lets it out.
func (g *gate) enter() bool {
	if g.inFlight.Add(1) > g.most {
		g.inFlight.Add(-1)
		return false
	}
	return true
}

func (g *gate) leave() { g.inFlight.Add(-1) }

// room waits until a body of that length may be read; done gives it back. A length that
// is not told (-1) is the largest.
func (g *gate) room(ctx context.Context, length int64) (done func(), err error) {
	if length < 0 || length > maxBody {
		length = maxBody
	}
	if err := g.bytes.Acquire(ctx, length); err != nil {
		return nil, err
	}
	return func() { g.bytes.Release(length) }, nil
}
