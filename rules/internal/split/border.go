package split

import (
	"regexp/syntax"

	"github.com/oakum-sec/oakum/rules/internal/prefilter"
	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// wordBytes is \w, or \W.
func wordBytes(word bool) (s prefilter.ByteSet) {
	for b := range 256 {
		if tree.IsWord(rune(b)) == word {
			s.Add(byte(b))
		}
	}
	return s
}

// borderOf looks at the items that follow a literal, nearest first. word tells
// whether the literal's byte on that side is a word character in all its
// spellings; sure, whether word is known.
func borderOf(items []*syntax.Regexp, word, sure bool) prefilter.Border {
	out := prefilter.AnyBorder
	for len(items) > 0 && items[0].Op == syntax.OpWordBoundary && sure {
		out = prefilter.Border{Set: wordBytes(!word), Open: word} // beside a non-word character, a boundary needs a word one
		items = items[1:]
	}
	set, empty := firstBytes(&syntax.Regexp{Op: syntax.OpConcat, Sub: items})
	if !empty {
		out = prefilter.Border{Set: out.Set.Common(set)}
	}
	return out
}

// firstBytes is a set that holds the first byte of whatever re matches; empty
// tells whether it may match nothing at all.
func firstBytes(re *syntax.Regexp) (set prefilter.ByteSet, empty bool) {
	switch re.Op {
	case syntax.OpLiteral:
		r := re.Rune[0]
		return runeBytes(r, r, re.Flags&syntax.FoldCase != 0), false
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			set = set.Union(runeBytes(re.Rune[i], re.Rune[i+1], false))
		}
		return set, false
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return prefilter.AllBytes, false
	case syntax.OpCapture:
		return firstBytes(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			s, e := firstBytes(sub)
			set, empty = set.Union(s), empty || e
		}
		return set, empty
	case syntax.OpConcat:
		return firstOfMany(re.Sub)
	}
	if lo, _, ok := tree.Repeats(re); ok {
		s, e := firstBytes(re.Sub[0])
		return s, e || lo == 0
	}
	return set, true
}

func firstOfMany(items []*syntax.Regexp) (set prefilter.ByteSet, empty bool) {
	for _, item := range items {
		s, e := firstBytes(item)
		set = set.Union(s)
		if !e {
			return set, false
		}
	}
	return set, true
}

// runeBytes is the first bytes of the runes from lo to hi; all bytes from 0x80
// on stand for any rune outside of ASCII, and for invalid UTF-8.
func runeBytes(lo, hi rune, fold bool) (set prefilter.ByteSet) {
	for r := lo; r <= min(hi, 0x7f); r++ {
		set.Add(byte(r))
		if c := byte(r) | 0x20; fold && c >= 'a' && c <= 'z' {
			set.Add(byte(r) ^ 0x20)
		}
	}
	if hi >= 0x80 || fold && lo >= 0x80 {
		set[2], set[3] = ^uint64(0), ^uint64(0)
	}
	return set
}
