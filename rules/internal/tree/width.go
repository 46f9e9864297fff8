package tree

import (
	"regexp/syntax"
	"unicode/utf8"
)

// Endless is the width of what has no bound.
const Endless = 1 << 30

// Width is the least and the most bytes that re can match.
func Width(re *syntax.Regexp) (least, most int) {
	switch re.Op {
	case syntax.OpLiteral:
		return literalWidth(re)
	case syntax.OpCharClass:
		return 1, classWidth(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, utf8.UTFMax
	case syntax.OpCapture:
		return Width(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			a, b := Width(sub)
			least, most = min(least+a, Endless), min(most+b, Endless)
		}
		return least, most
	case syntax.OpAlternate:
		least = Endless
		for _, sub := range re.Sub {
			a, b := Width(sub)
			least, most = min(least, a), max(most, b)
		}
		return least, most
	}
	if lo, hi, ok := Repeats(re); ok {
		a, b := Width(re.Sub[0])
		return times(a, lo), times(b, hi)
	}
	return 0, 0 // empty, assertions, no match
}

// Repeats is how often re repeats its operand, at least and at most.
func Repeats(re *syntax.Regexp) (lo, hi int, ok bool) {
	switch re.Op {
	case syntax.OpQuest:
		return 0, 1, true
	case syntax.OpStar:
		return 0, Endless, true
	case syntax.OpPlus:
		return 1, Endless, true
	case syntax.OpRepeat:
		if re.Max < 0 {
			return re.Min, Endless, true
		}
		return re.Min, re.Max, true
	}
	return 0, 0, false
}

func times(bytes, n int) int {
	if bytes == 0 || n == 0 {
		return 0
	}
	if bytes >= Endless/n {
		return Endless
	}
	return bytes * n
}

func literalWidth(re *syntax.Regexp) (least, most int) {
	for _, r := range re.Rune {
		n := utf8.RuneLen(r)
		if re.Flags&syntax.FoldCase != 0 && n > 1 {
			least, most = least+1, most+utf8.UTFMax // a letter and its other case may differ in size
			continue
		}
		least, most = least+n, most+n
	}
	return least, most
}

func classWidth(ranges []rune) int {
	if n := len(ranges); n > 0 && ranges[n-1] < utf8.RuneSelf {
		return 1
	}
	return utf8.UTFMax
}

// MaxProgram is how many instructions a rule's program may have. The largest
// regexp of the field's public rule sets compiles to about 6,000.
const MaxProgram = 30_000

// Size estimates the instructions re compiles to, without compiling it:
// repetitions are copied out, so that a{1000}{1000} is a million.
func Size(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n = min(n+Size(sub), Endless)
	}
	if re.Op == syntax.OpRepeat {
		return times(n, max(re.Min, re.Max, 1))
	}
	return n
}
