package rules

import (
	"math/rand/v2"
	"regexp/syntax"

	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// sampler makes texts that a regexp matches, nearly matches or just misses.
type sampler struct{ *rand.Rand }

func newSampler(seed uint64) sampler { return sampler{rand.New(rand.NewPCG(seed, 20261123))} }

// glue is what is put between members: word and line ends, both halves of runes.
var glue = []string{
	"", " ", "\n", "a", "_", "é", `"`, ";", "=", " = ", "\xff", "\xe2\x82", "token", ": ", `\n`, "x.y-", "ſ", "K",
	"\r\n", "日本", "\x00", "AAAA", "-----", "//",
}

// text is a few members of re, some of them spoilt, with glue between.
func (s sampler) text(re *syntax.Regexp) []byte {
	var out []byte
	if s.IntN(20) == 0 { // for what asks for the text's begin and end
		return []byte(string(s.member(re, nil)))
	}
	for range 1 + s.IntN(4) {
		out = append(out, glue[s.IntN(len(glue))]...)
		m := []byte(string(s.member(re, nil)))
		if len(m) > 2 && s.IntN(6) == 0 {
			m = m[:s.IntN(len(m))]
		}
		if len(m) > 2 && s.IntN(8) == 0 {
			m[s.IntN(len(m))] = "a0 \xff_=\n;"[s.IntN(8)]
		}
		if len(m) > 2 && s.IntN(8) == 0 { // overlapping members
			m = append(m[:s.IntN(len(m))], m...)
		}
		out = append(out, m...)
		out = append(out, glue[s.IntN(len(glue))]...)
	}
	return out
}

// member appends a random string of re's language, or nearly one.
func (s sampler) member(re *syntax.Regexp, out []rune) []rune {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 && r < 0x80 && tree.IsWord(r) && r > '9' && r != '_' && s.IntN(3) == 0 {
				r ^= 0x20
			}
			out = append(out, r)
		}
	case syntax.OpCharClass:
		return append(out, s.of(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return append(out, []rune("ab0 ;'\"=-é")[s.IntN(10)])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			out = s.member(sub, out)
		}
	case syntax.OpAlternate:
		return s.member(re.Sub[s.IntN(len(re.Sub))], out)
	case syntax.OpCapture:
		return s.member(re.Sub[0], out)
	}
	if lo, hi, ok := tree.Repeats(re); ok {
		for range s.times(lo, hi) {
			out = s.member(re.Sub[0], out)
		}
	}
	return out
}

func (s sampler) times(lo, hi int) int {
	if hi == tree.Endless {
		hi = lo + 12
	}
	n := lo + s.IntN(hi-lo+1)
	if s.IntN(3) == 0 {
		n = lo
	}
	if n > 0 && s.IntN(25) == 0 {
		n-- // a near miss
	}
	return n
}

// of picks a member of a class, mostly an ASCII one.
func (s sampler) of(ranges []rune) (r rune) {
	if len(ranges) == 0 {
		return 'x'
	}
	for try := range 20 {
		i := 2 * s.IntN(len(ranges)/2)
		r = ranges[i] + s.Int32N(ranges[i+1]-ranges[i]+1)
		if r < 0x80 || try > 15 || s.IntN(40) == 0 {
			break
		}
	}
	return r
}
