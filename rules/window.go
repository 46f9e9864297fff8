package rules

import (
	"cmp"
	"math"
	"slices"
)

// AppendWindow finds the matches whose literal begins in text[from:to]; the
// bytes around it, Reach of them where there are so many, are context (BodyReach
// to the right, for extended matches to be whole). A text cut into windows gives
// the same matches as Append on all of it, if carry is handed from window to
// window (nil: one window only) and each begins where the one before ended. The
// slow lane has no literals: its matches belong to the window that they begin in,
// and are exact where a text is one window.
func (s *Set) AppendWindow(dst []Match, text []byte, from, to int, carry *Carry) []Match {
	w := s.spare.Get().(*worker)
	old := len(dst)
	w.begin(text, from, to)
	w.scan()
	dst = w.finish(dst, carry)
	s.spare.Put(w)
	carry.move(to - from)
	if len(dst) > old {
		slices.SortStableFunc(dst[old:], func(a, b Match) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Rule.ID, b.Rule.ID))
		})
	}
	return dst
}

// Hit tells whether AppendWindow would find anything, carry aside.
func (s *Set) Hit(text []byte, from, to int) bool {
	return len(s.AppendWindow(nil, text, from, to, nil)) > 0
}

func (w *worker) begin(text []byte, from, to int) {
	w.text, w.from, w.to, w.ahead = text, from, to, false
}

// scan collects candidates. Those of touched rules are looked for behind the
// window too, as far as their match could begin before one in the window.
func (w *worker) scan() {
	s := w.set
	if s.words { // a slow rule's keyword may stand anywhere
		s.filter.Scan(w.text, 0, len(w.text), &w.scratch, w.hitFunc)
	} else {
		s.filter.Scan(w.text, w.from, w.to, &w.scratch, w.hitFunc)
	}
	end := w.to
	for _, i := range w.touched {
		cands := w.cands[i]
		for j := range cands {
			end = max(end, cands[j].at+s.entries[i].reaches[0])
		}
	}
	if end = min(end, len(w.text)); end > w.to {
		from, to := w.from, w.to
		w.ahead, w.from, w.to = true, to, end
		s.filter.Scan(w.text, w.from, w.to, &w.scratch, w.hitFunc)
		w.from, w.to = from, to
	}
}

// finish turns candidates into matches and leaves the worker empty.
func (w *worker) finish(dst []Match, carry *Carry) []Match {
	for _, i := range w.touched {
		var pos int
		dst, pos = w.resolve(dst, i, max(w.from+carry.end(i), 0))
		carry.setEnd(i, pos-w.from)
	}
	dst = w.settleNamed(dst, carry)
	dst = w.slowLane(dst, carry)
	w.rest()
	return dst
}

// Carry remembers, from one window of a text to the next, how far each rule's
// last match went. The zero value is ready, for one text.
type Carry struct {
	ends   map[uint32]int    // of the last match, by entry, from where the window begins
	values map[uint32][2]int // the assignment matcher's last value, likewise
}

// longAgo is an end that no match can be kept from any more.
const longAgo = math.MinInt / 2

// memory is how far behind a window's begin an end still counts: a match whose
// literal is in the window can begin so much before it.
const memory = MaxReach

func (c *Carry) end(entry uint32) int {
	if c != nil {
		if end, ok := c.ends[entry]; ok {
			return end
		}
	}
	return longAgo
}

func (c *Carry) setEnd(entry uint32, end int) {
	if c == nil {
		return
	}
	if c.ends == nil {
		c.ends = map[uint32]int{}
	}
	c.ends[entry] = end
}

// repeated tells whether value is the one that entry gave last, and notes it.
func (c *Carry) repeated(entry uint32, value [2]int) bool {
	if c == nil {
		return false
	}
	if c.values == nil {
		c.values = map[uint32][2]int{}
	}
	last := c.values[entry]
	c.values[entry] = value
	return last == value
}

// Skip tells carry that the next window begins so many bytes behind the end of the
// last one. That is exact where no candidate lies between them.
func (c *Carry) Skip(by int) { c.move(by) }

// move makes the offsets count from the next window's begin and forgets those
// that lie far behind.
func (c *Carry) move(by int) {
	if c == nil {
		return
	}
	for entry, end := range c.ends {
		if c.ends[entry] = end - by; end-by < -memory {
			delete(c.ends, entry)
		}
	}
	for entry, v := range c.values {
		c.values[entry] = [2]int{v[0] - by, v[1] - by}
	}
}
