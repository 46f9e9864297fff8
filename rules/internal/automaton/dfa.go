package automaton

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// DFA is an automaton's determinised form, built state by state as texts ask for
// it. It belongs to one worker.
//
// A state is a set of instructions and what the rune before them was. An entry
// of table is a state's row << 1, plus 1 if a match ends before the rune that
// was read: assertions can look one rune ahead that way. Row 0 is the dead state.
type DFA struct {
	*Automaton
	width  uint32 // of a row: classes and the text's end
	table  []uint32
	sets   [][]uint32 // of each state, sorted
	behind []context
	held   int  // bytes that the states take, about
	spent  *int // of all of the worker's DFAs
	byKey  map[string]uint32
	starts [8]uint32
	epoch  int // counts flushes

	mark  []int // generation in which follow visited an instruction
	gen   int
	stack []uint32
	next  []uint32
	key   []byte
}

// unknown marks transitions that were not taken yet. Its lowest bit is set, as
// that of a match is: the inner loop has one test for both.
const unknown = ^uint32(0)

// A DFA is flushed when it has more states or bytes than these, in the midst of a
// search too: an input can make a new state of every byte. 10,000 states were
// more than any of 226 rules of the field needed on 280 MB of sources but for
// two. All DFAs of a worker together are to be dropped by it when they take more than
// MaxSpent; until then, those flush that are not small.
const (
	maxStates = 10_000
	MaxHeld   = 8 << 20
	MaxSpent  = 24 << 20
	smallHeld = 256 << 10
)

// context says what stands on the far side of a position.
type context uint8

const (
	afterWord context = 1 << iota
	afterLine
	atEdge // the text's first or last byte
)

func contextOf(b byte) context {
	switch {
	case b == '\n':
		return afterLine
	case tree.IsWord(rune(b)):
		return afterWord
	}
	return 0
}

// NewDFA makes one for a worker that counts its memory in spent.
func NewDFA(a *Automaton, spent *int) *DFA {
	d := &DFA{Automaton: a, width: a.end + 1, mark: make([]int, len(a.prog.Inst)), spent: spent}
	d.flush()
	return d
}

func (d *DFA) flush() {
	*d.spent -= d.held
	d.byKey = map[string]uint32{}
	d.table = append(make([]uint32, 0, d.width*8), make([]uint32, d.width)...)
	d.sets, d.behind, d.held = [][]uint32{nil}, []context{0}, 0
	for i := range d.starts {
		d.starts[i] = unknown
	}
	d.epoch++
}

// start is the row of the state before anything was read.
func (d *DFA) start(c context) uint32 {
	if !d.looks {
		c = 0
	}
	if d.starts[c] == unknown {
		row := d.state([]uint32{uint32(d.prog.Start)}, c)
		d.starts[c] = row
	}
	return d.starts[c]
}

// state is the row of a state, made if it is new.
func (d *DFA) state(set []uint32, c context) uint32 {
	if len(set) == 0 {
		return 0
	}
	d.key = append(d.key[:0], byte(c))
	for _, pc := range set {
		d.key = binary.LittleEndian.AppendUint32(d.key, pc)
	}
	if row, ok := d.byKey[string(d.key)]; ok {
		return row
	}
	if len(d.sets) > maxStates || d.held > MaxHeld || *d.spent > MaxSpent && d.held > smallHeld {
		d.flush()
	}
	row := uint32(len(d.table))
	d.byKey[string(d.key)] = row
	d.sets, d.behind = append(d.sets, slices.Clone(set)), append(d.behind, c)
	bytes := 8*len(set) + 4*int(d.width) + 80 // set and key, row, map and slice headers
	d.held, *d.spent = d.held+bytes, *d.spent+bytes
	for range d.width {
		d.table = append(d.table, unknown)
	}
	return row
}

// Threads is the most alternatives that were open at once: the instructions of
// its largest state. Each costs time where a new state is made.
func (d *DFA) Threads() (most int) {
	for _, set := range d.sets {
		most = max(most, len(set))
	}
	return most
}

// follow computes the transition of row under class c.
func (d *DFA) follow(row, c uint32) uint32 {
	id, epoch := row/d.width, d.epoch
	holds, behind := d.assertions(d.behind[id], c)
	match := d.step(d.sets[id], c, holds)
	to := d.state(d.next, behind)<<1 | match
	if d.epoch == epoch { // else row is gone
		d.table[row+c] = to
	}
	return to
}

// assertions tells which hold between what was behind and a rune of class c, and
// what that rune is for the position behind it.
func (d *DFA) assertions(behind context, c uint32) (holds syntax.EmptyOp, next context) {
	if !d.looks {
		return 0, 0
	}
	if c == d.end {
		holds = syntax.EmptyEndText | syntax.EmptyEndLine
	} else if r := d.sample[c]; r == '\n' {
		holds, next = syntax.EmptyEndLine, afterLine
	} else if tree.IsWord(r) {
		next = afterWord
	}
	if behind&atEdge != 0 {
		holds |= syntax.EmptyBeginText | syntax.EmptyBeginLine
	}
	if behind&afterLine != 0 {
		holds |= syntax.EmptyBeginLine
	}
	if (behind^next)&afterWord != 0 {
		return holds | syntax.EmptyWordBoundary, next
	}
	return holds | syntax.EmptyNoWordBoundary, next
}

// step puts the instructions that follow set on a rune of class c into d.next.
// match is 1 if set can match before that rune.
func (d *DFA) step(set []uint32, c uint32, holds syntax.EmptyOp) (match uint32) {
	d.gen++
	d.stack, d.next = append(d.stack[:0], set...), d.next[:0]
	for len(d.stack) > 0 {
		pc := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.mark[pc] == d.gen {
			continue
		}
		d.mark[pc] = d.gen
		in := &d.prog.Inst[pc]
		switch in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			d.stack = append(d.stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			d.stack = append(d.stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^holds == 0 {
				d.stack = append(d.stack, in.Out)
			}
		case syntax.InstMatch:
			match = 1
		case syntax.InstFail:
		default:
			if c != d.end && in.MatchRune(d.sample[c]) {
				d.next = append(d.next, in.Out)
			}
		}
	}
	slices.Sort(d.next)
	d.next = slices.Compact(d.next)
	return match
}

// Exists tells whether a match begins at i and ends by limit. The text may go on
// behind limit; it is not taken for the text's end. Bytes behind read, and that the
// text ends no earlier, have no say in that.
func (d *DFA) Exists(text []byte, i, limit int) (found bool, read int) {
	row := d.start(leftOf(text, i))
	table, ascii := d.table, &d.ascii
	for i < limit {
		c, w := uint32(ascii[text[i]]), 1
		if c == nonASCII {
			c, w = d.decode(text[i:])
		}
		t := table[row+c]
		if t&1 != 0 {
			if t == unknown {
				t = d.follow(row, c)
				table = d.table
			}
			if t&1 != 0 {
				return true, i + utf8.UTFMax
			}
		}
		if row = t >> 1; row == 0 {
			return false, i + utf8.UTFMax
		}
		i += w
	}
	return i >= len(text) && d.at(row, d.end)&1 != 0, i + 1
}

// Dies is where a search for a match from i on has nothing left to hope for: no
// byte behind it has a say. It is limit at most.
func (d *DFA) Dies(text []byte, i, limit int) int {
	row := d.start(leftOf(text, i))
	for i < limit {
		c, w := uint32(d.ascii[text[i]]), 1
		if c == nonASCII {
			c, w = d.decode(text[i:])
		}
		row = d.at(row, c) >> 1
		i += w
		if row == 0 {
			break
		}
	}
	return min(i, limit)
}

// Leftmost reads leftwards from k and gives the least start, not below low, of
// what ends at k; -1 if there is none. d is of a reversed regexp. Bytes before
// read, and that the text does not begin there, have no say in that.
func (d *DFA) Leftmost(text []byte, k, low int) (start, read int) {
	behind := atEdge
	if k < len(text) {
		behind = contextOf(text[k])
	}
	row, best := d.start(behind), -1
	for i := k; ; {
		c, w := d.end, 0
		if i > 0 {
			c, w = uint32(d.ascii[text[i-1]]), 1
			if c == nonASCII {
				r, n := utf8.DecodeLastRune(text[:i])
				c, w = d.class(r), n
			}
		}
		t := d.at(row, c)
		if t&1 != 0 {
			best = i
		}
		if row = t >> 1; row == 0 || i <= low {
			return best, i - utf8.UTFMax
		}
		if i -= w; i < low {
			return best, i - utf8.UTFMax
		}
	}
}

func (d *DFA) at(row, c uint32) uint32 {
	if t := d.table[row+c]; t != unknown {
		return t
	}
	return d.follow(row, c)
}

func (d *DFA) decode(text []byte) (class uint32, size int) {
	r, n := utf8.DecodeRune(text)
	return d.class(r), n
}

func leftOf(text []byte, i int) context {
	if i == 0 {
		return atEdge
	}
	return contextOf(text[i-1])
}
