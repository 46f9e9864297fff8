package rules

import (
	"math"

	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/internal/automaton"
	"github.com/oakum-sec/oakum/rules/internal/prefilter"
)

// worker is the scratch space of one goroutine's searches: buffers, the lazy
// DFAs, and the candidates of the window it looks at. A Set keeps idle ones.
type worker struct {
	set      *Set
	hitFunc  func(word, at int) // hit, bound once: binding allocates
	markFunc func(word, at int) // mark, likewise
	scratch  prefilter.Scratch
	machines [][]machine      // by entry and split
	wholes   []*automaton.DFA // by entry, of capped rules
	spent    int              // bytes that the DFAs' states take, about
	cands    [][]candidate    // by entry
	touched  []uint32         // entries with candidates
	named    []named          // what the assignment matcher found
	said     []bool           // by entry: a keyword of a slow rule was seen

	text     []byte
	from, to int
	ahead    bool     // look only for further candidates of touched entries
	anchors  []Anchor // what mark found
}

// machine is a split's DFAs.
type machine struct{ forward, reverse *automaton.DFA }

// candidate is a place where a rule matches: its literal is at, a match that
// contains that begins at start at the earliest; gone if there is none any more.
type candidate struct {
	at, start int
	split     uint32
}

const gone = math.MaxInt

// named is an assignment and the keyword by which it was found.
type named struct {
	entry   uint32
	at, end int
	assign.Assignment
}

func newWorker(s *Set) *worker {
	n := len(s.entries)
	w := &worker{
		set: s, machines: make([][]machine, n), wholes: make([]*automaton.DFA, n),
		cands: make([][]candidate, n), said: make([]bool, n),
	}
	w.hitFunc, w.markFunc = w.hit, w.mark
	return w
}

// largeList is how many items a list may keep room for between windows. Sources
// have some ten per window; a hostile text can have a hundred thousand.
const largeList = 4096

// rest lets go of the text, and of lists and DFAs that have become too large.
func (w *worker) rest() {
	for _, i := range w.touched {
		if w.cands[i] = w.cands[i][:0]; cap(w.cands[i]) > largeList {
			w.cands[i] = nil
		}
	}
	if w.touched, w.named, w.text = w.touched[:0], w.named[:0], nil; cap(w.named) > largeList {
		w.named = nil
	}
	if w.spent > automaton.MaxSpent {
		clear(w.machines)
		clear(w.wholes)
		w.spent = 0
	}
}

// hit asks the owners of the literal that stands at text[at:].
func (w *worker) hit(word, at int) {
	s := w.set
	end := at + s.filter.Size(word)
	inside := at >= w.from && at < w.to
	for _, o := range s.owners[s.first[word]:s.first[word+1]] {
		e := &s.entries[o.entry]
		switch {
		case o.asks == mention:
			w.said[o.entry] = true
		case !inside || w.ahead && len(w.cands[o.entry]) == 0:
		case o.asks == assignment:
			w.assign(o.entry, at, end)
		case e.splits[o.split].Stands(w.text, at, end):
			w.try(e, o, at, end)
		}
	}
}

// try notes a candidate where a split's automata accept.
func (w *worker) try(e *entry, o owner, at, end int) {
	v := w.ask(e, o, at, end)
	if v.start < 0 {
		return
	}
	if len(w.cands[o.entry]) == 0 {
		w.touched = append(w.touched, o.entry)
	}
	w.cands[o.entry] = append(w.cands[o.entry], candidate{at, v.start, o.split})
}

// verdict is what a split's automata say of a literal: where a match that contains
// it begins at the earliest, below 0 if there is none; bytes outside of
// text[left:right] have no say in that.
type verdict struct{ start, left, right int }

// ask runs the automata, first to the right, where most hits end at once.
func (w *worker) ask(e *entry, o owner, at, end int) verdict {
	m := w.machine(e, o)
	limit := len(w.text)
	if e.capped {
		limit = min(limit, at+MaxReach)
	}
	v := verdict{start: -1, left: at - 1}
	var found bool
	if found, v.right = m.forward.Exists(w.text, end, limit); !found {
		return v
	}
	if e.splits[o.split].Settled {
		v.start = at
		return v
	}
	v.start, v.left = m.reverse.Leftmost(w.text, at, 0)
	return v
}

func (w *worker) machine(e *entry, o owner) *machine {
	if w.machines[o.entry] == nil {
		w.machines[o.entry] = make([]machine, len(e.splits))
	}
	m := &w.machines[o.entry][o.split]
	if m.forward == nil {
		h := e.automata(int(o.split))
		m.forward, m.reverse = automaton.NewDFA(h.forward, &w.spent), automaton.NewDFA(h.reverse, &w.spent)
	}
	return m
}

// assign has the hand-written matcher look at a keyword.
func (w *worker) assign(entry uint32, at, end int) {
	if a, ok := assign.Parse(w.text, at, end); ok && plausible(a, w.text) {
		w.named = append(w.named, named{entry, at, end, a})
	}
}

// plausible asks about the value as the program has it.
func plausible(a assign.Assignment, text []byte) bool {
	plain, as := a.Plainly(text)
	return as.Plausible(plain) == ""
}
