package rules

import (
	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/internal/prefilter"
)

// Near is how many bytes to either side of a literal most answers depend on: a
// literal, what stands at its borders, a blank or two. Whatever read further says so
// in its Anchor. Every change costs a search of so much on both sides. It hardly
// matters from 50 to 150; 556, with which every answer would be near, makes the pass
// over blobs a tenth slower (measured on moby).
const Near = prefilter.MaxSize + 32

// Anchor is a place in a text on which a match may stand: Live, or one that would
// be if far bytes were others.
//
// Anchors, unlike matches, do not depend on each other: a text that differs from
// another one in a few places has the anchors of that but for those whose own
// bytes changed, and AppendWindow around its live anchors gives what Append gives.
type Anchor struct {
	At          int  // where a rule's literal begins
	Live        bool // the rule matches there, before resolution and gates
	Left, Right int  // how many bytes from At on to either side have a say in Live; 0 for both: Near at most
}

// NeedsWhole tells whether some of the rules are not found by a literal: their
// matches stand on no Anchor. Those are foreign rules of the slow lane, and those
// that look at paths alone.
func (s *Set) NeedsWhole() bool {
	for i := range s.entries {
		if s.entries[i].lane != fast {
			return true
		}
	}
	return false
}

// AppendAnchors appends the anchors in text[from:to], in no order; there may be
// several at one place. The bytes around have a say, Reach of them. It allocates
// nothing where there are none.
func (s *Set) AppendAnchors(dst []Anchor, text []byte, from, to int) []Anchor {
	w := s.spare.Get().(*worker)
	w.begin(text, from, to)
	w.anchors = dst
	s.filter.Scan(text, from, to, &w.scratch, w.markFunc)
	dst, w.anchors = w.anchors, nil
	w.rest()
	s.spare.Put(w)
	return dst
}

// mark is hit for anchors.
func (w *worker) mark(word, at int) {
	if at < w.from || at >= w.to {
		return
	}
	s := w.set
	end := at + s.filter.Size(word)
	for _, o := range s.owners[s.first[word]:s.first[word+1]] {
		e := &s.entries[o.entry]
		switch {
		case o.asks == assignment:
			w.anchor(w.assigned(at, end), at)
		case o.asks == regex && e.splits[o.split].Stands(w.text, at, end):
			w.anchor(w.ask(e, o, at, end), at)
		}
	}
}

// assigned is what the assignment matcher says of a keyword.
func (w *worker) assigned(at, end int) verdict {
	if near, far, idle := assign.Idle(w.text, at, end); idle {
		return verdict{-1, at - near, far}
	}
	v := verdict{-1, at - assign.Reach, end + assign.Reach + runeReach}
	if a, ok := assign.Read(w.text, at, end); ok && plausible(a, w.text) {
		v.start = at
	}
	return v
}

// anchor keeps what automata said, if it is a yes or may become one.
func (w *worker) anchor(v verdict, at int) {
	a := Anchor{At: at, Live: v.start >= 0}
	if at-v.left > Near || v.right-at > Near {
		a.Left, a.Right = at-v.left, v.right-at
	}
	if a.Live || a.Left > 0 {
		w.anchors = append(w.anchors, a)
	}
}
