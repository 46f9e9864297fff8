package pack

import (
	"slices"
	"sync/atomic"

	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// text is the bytes of a rebuilt object, of which the workers on its deltas hold
// shares.
type text struct {
	data   []byte
	shares atomic.Int32
}

// shelf keeps the buffers that a worker has done with. A worker needs but a few at
// a time, of sizes alike, and the collector none of the 8 GB that go through them.
type shelf struct {
	free []*text
	kept int64         // bytes of free
	live *atomic.Int64 // bytes of all buffers of all workers
}

const (
	shelved    = 12      // buffers that a shelf keeps
	shelvedMax = 8 << 20 // bytes of all of them
	leastText  = 4 << 10 // bytes of a new buffer
)

// take is a text of n bytes and the slack that inflate and fast moves want, with one
// share.
func (s *shelf) take(n int) *text {
	need, best := n+inflate.Slack, -1
	for i, t := range s.free {
		if c := cap(t.data); c >= need && (best < 0 || c < cap(s.free[best].data)) {
			best = i
		}
	}
	var t *text
	// A buffer that is far too large serves small texts badly: they would all
	// count, and live, as large ones.
	if best >= 0 && cap(s.free[best].data) <= max(64*leastText, 4*need) {
		t = s.remove(best)
	} else {
		size := max(need, leastText)
		size += size / 4 // the next version is a little longer
		s.live.Add(int64(size))
		t = &text{data: make([]byte, size)}
	}
	t.data = t.data[:n]
	t.shares.Store(1)
	return t
}

// give gives a share back. Where the shelf is full its smallest buffer goes.
func (s *shelf) give(t *text) {
	if t.shares.Add(-1) > 0 {
		return
	}
	size := int64(cap(t.data))
	if s.kept+size > shelvedMax {
		s.live.Add(-size)
		return
	}
	s.free = append(s.free, t)
	s.kept += size
	if len(s.free) <= shelved {
		return
	}
	least := 0
	for i, o := range s.free {
		if cap(o.data) < cap(s.free[least].data) {
			least = i
		}
	}
	s.live.Add(-int64(cap(s.remove(least).data)))
}

// remove takes a buffer off the shelf.
func (s *shelf) remove(i int) *text {
	t := s.free[i]
	s.free = slices.Delete(s.free, i, i+1)
	s.kept -= int64(cap(t.data))
	return t
}
