package tree

import (
	"regexp/syntax"
	"slices"
	"unicode"
)

// Two letters outside of ASCII fold to ASCII ones: the long s and the Kelvin
// sign. No credential is spelt with them and a prefilter over bytes could not
// see them, so (?i) folds ASCII to ASCII only.
const (
	longS  = 0x17f
	kelvin = 0x212a
)

// asciiFold takes both out of re, in place: classes lose them, case-insensitive
// literals that hold an s or a k are spelt as classes.
func asciiFold(re *syntax.Regexp) {
	for _, sub := range re.Sub {
		asciiFold(sub)
	}
	switch re.Op {
	case syntax.OpCharClass:
		re.Rune = withoutFolds(re.Rune)
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 && foldsOut(re.Rune) {
			spellOut(re)
		}
	}
}

// withoutFolds drops both letters where they are a range of their own, as
// folding a letter or a range of letters makes them.
func withoutFolds(ranges []rune) []rune {
	var out []rune
	for i := 0; i+1 < len(ranges); i += 2 {
		lo, hi := ranges[i], ranges[i+1]
		if lo == hi && (lo == longS || lo == kelvin) {
			continue
		}
		out = append(out, lo, hi)
	}
	return out
}

func foldsOut(letters []rune) bool {
	for _, r := range letters {
		if r == 's' || r == 'S' || r == 'k' || r == 'K' {
			return true
		}
	}
	return false
}

// spellOut makes a folded literal a concatenation of classes.
func spellOut(re *syntax.Regexp) {
	letters := slices.Clone(re.Rune) // it may be stored in re itself
	*re = syntax.Regexp{Op: syntax.OpConcat, Flags: re.Flags &^ syntax.FoldCase}
	for _, r := range letters {
		re.Sub = append(re.Sub, foldedLetter(r, re.Flags))
	}
}

func foldedLetter(r rune, flags syntax.Flags) *syntax.Regexp {
	if lower := unicode.ToLower(r); r < 0x80 && lower >= 'a' && lower <= 'z' {
		upper := lower - 'a' + 'A'
		return &syntax.Regexp{Op: syntax.OpCharClass, Flags: flags, Rune: []rune{upper, upper, lower, lower}}
	}
	if unicode.SimpleFold(r) != r {
		flags |= syntax.FoldCase
	}
	return &syntax.Regexp{Op: syntax.OpLiteral, Flags: flags, Rune: []rune{r}}
}
