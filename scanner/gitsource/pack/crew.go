package pack

import (
	"sync"
	"sync/atomic"
)

// frame is a rebuilt object and those of its deltas that are still to be rebuilt:
// a place on a worker's way, and what one worker hands to another.
type frame[S any] struct {
	node      int32
	text      *text // nil: shed, to be rebuilt when its turn comes
	value     S     // what Visit returned, where told
	told      bool  // whether it was visited
	lent      bool  // another worker has value too
	next, end int32 // of Forest.children; next is a needed one
	depth     int32 // deltas between it and what is stored whole
}

// crew hands work from those who have to those who have none: a worker that runs out
// of trees waits, and the next one to rebuild an object sees that and gives half of
// what lies nearest to the root of its own. So one tree that holds half of all
// objects, as that of a large directory does, keeps everybody busy.
type crew[S any] struct {
	roots  atomic.Int64 // objects up to which roots have been looked for
	hungry atomic.Int32 // workers that wait, less the frames given
	live   atomic.Int64 // bytes of all texts
	done   atomic.Bool

	mu    sync.Mutex
	some  sync.Cond
	given []frame[S]
	idle  int
	jobs  int
}

// liveMax is how many bytes of texts there may be before workers no longer share
// out: what is given stays alive although the giver is done with it.
const liveMax = 64 << 20

func newCrew[S any](jobs int) *crew[S] {
	c := &crew[S]{jobs: jobs}
	c.some.L = &c.mu
	return c
}

// wanted tells whether somebody waits for work that may be given.
func (c *crew[S]) wanted() bool {
	return c.hungry.Load() > 0 && !c.done.Load() && c.live.Load() < liveMax
}

// give hands work to one who waits.
func (c *crew[S]) give(f frame[S]) {
	c.mu.Lock()
	c.given = append(c.given, f)
	c.mu.Unlock()
	c.hungry.Add(-1)
	c.some.Signal()
}

// wait returns work that was given, or false when there is none left anywhere.
func (c *crew[S]) wait() (frame[S], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle++
	c.hungry.Add(1)
	for len(c.given) == 0 && !c.done.Load() {
		if c.idle == c.jobs {
			c.done.Store(true)
			c.some.Broadcast()
			break
		}
		c.some.Wait()
	}
	if c.done.Load() {
		return frame[S]{}, false
	}
	c.idle--
	last := len(c.given) - 1
	f := c.given[last]
	c.given[last] = frame[S]{}
	c.given = c.given[:last]
	return f, true
}

// dismiss ends the walk before all is done.
func (c *crew[S]) dismiss() {
	c.mu.Lock()
	c.done.Store(true)
	c.mu.Unlock()
	c.some.Broadcast()
}
