package automaton

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// Automaton is a regexp's program and its alphabet: all that a lazy DFA over it
// needs and that workers can share. Runes that no instruction tells apart are one
// class. A byte below 0x80 has its class in ascii; other runes are decoded as
// package regexp decodes them, invalid bytes as U+FFFD, and looked up in ranges.
type Automaton struct {
	prog    *syntax.Prog
	ascii   [256]uint8 // nonASCII from 0x80 on
	from    []rune     // where each range begins; the first is 0x80
	classes []uint16   // its class
	sample  []rune     // a member of each class
	end     uint32     // the class of the text's end, the last one
	looks   bool       // there are assertions in it
}

const nonASCII = 0xff // there are at most 128 classes of ASCII bytes

// New makes one of a regexp, or of that read from right to left. Groups are left
// out: they would cost states.
func New(p *tree.Pattern, leftwards bool) *Automaton {
	re := tree.Bare(p.Regexp())
	if leftwards {
		re = tree.Reversed(re)
	}
	return build(re)
}

func build(re *syntax.Regexp) *Automaton {
	prog, _ := syntax.Compile(re.Simplify()) // as of Go 1.26 it has no way to fail
	a := &Automaton{prog: prog}
	tests, edges := a.tests()
	seen := map[string]uint16{}
	signature := make([]byte, len(tests)+1)
	classOf := func(r rune) uint16 {
		a.sign(signature, tests, r)
		id, ok := seen[string(signature)]
		if !ok {
			id = uint16(len(seen))
			seen[string(signature)] = id
			a.sample = append(a.sample, r)
		}
		return id
	}
	for b := range a.ascii {
		a.ascii[b] = nonASCII
		if b < utf8.RuneSelf {
			a.ascii[b] = uint8(classOf(rune(b)))
		}
	}
	for _, r := range edges {
		if c := classOf(r); len(a.classes) == 0 || a.classes[len(a.classes)-1] != c {
			a.from, a.classes = append(a.from, r), append(a.classes, c)
		}
	}
	a.end = uint32(len(seen))
	return a
}

// tests lists the instructions that look at a rune, equal ones once, and the
// runes beyond ASCII at which the answer of one may change.
func (a *Automaton) tests() (tests []*syntax.Inst, edges []rune) {
	seen := map[string]bool{}
	edges = []rune{utf8.RuneSelf}
	for i := range a.prog.Inst {
		in := &a.prog.Inst[i]
		switch in.Op {
		case syntax.InstEmptyWidth:
			a.looks = true
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			key := string([]rune{rune(in.Op), rune(in.Arg)}) + string(in.Rune)
			if !seen[key] {
				seen[key] = true
				tests, edges = append(tests, in), append(edges, edgesOf(in)...)
			}
		}
	}
	edges = slices.DeleteFunc(edges, func(r rune) bool { return r < utf8.RuneSelf || r > unicode.MaxRune })
	slices.Sort(edges)
	return tests, slices.Compact(edges)
}

func edgesOf(in *syntax.Inst) (edges []rune) {
	if len(in.Rune) == 1 { // one rune, perhaps in either case
		first := in.Rune[0]
		edges = append(edges, first, first+1)
		for r := unicode.SimpleFold(first); r != first; r = unicode.SimpleFold(r) {
			edges = append(edges, r, r+1)
		}
		return edges
	}
	for i := 0; i+1 < len(in.Rune); i += 2 {
		edges = append(edges, in.Rune[i], in.Rune[i+1]+1)
	}
	return edges
}

// sign writes into signature what each test says of r.
func (a *Automaton) sign(signature []byte, tests []*syntax.Inst, r rune) {
	for i, in := range tests {
		signature[i] = 0
		if in.MatchRune(r) {
			signature[i] = 1
		}
	}
	look := byte(0)
	if a.looks && tree.IsWord(r) {
		look = 1
	} else if a.looks && r == '\n' {
		look = 2
	}
	signature[len(tests)] = look
}

// class is the class of a rune beyond ASCII.
func (a *Automaton) class(r rune) uint32 {
	if len(a.from) == 1 {
		return uint32(a.classes[0])
	}
	i, found := slices.BinarySearch(a.from, r)
	if !found {
		i--
	}
	return uint32(a.classes[i])
}
