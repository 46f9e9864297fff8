package split

import (
	"regexp/syntax"

	"github.com/oakum-sec/oakum/rules/internal/prefilter"
)

// maxLiterals is the most literals of one set: 80 are what lists of providers'
// prefixes need.
const maxLiterals = 80

func shortest(lits []prefilter.Literal) int {
	n := prefilter.MaxSize
	for _, l := range lits {
		n = min(n, len(l.Text))
	}
	return n
}

// expand lists all strings that re matches, if they are few: no class of more
// than classes bytes (a letter in both cases counts once), no byte beyond ASCII.
func expand(re *syntax.Regexp, classes int) ([]prefilter.Literal, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []prefilter.Literal{{}}, true
	case syntax.OpLiteral:
		return expandLiteral(re)
	case syntax.OpCharClass:
		if members(re.Rune) > 2*classes {
			return nil, false
		}
		out := expandClass(re.Rune)
		return out, len(out) > 0 && len(out) <= classes
	case syntax.OpConcat:
		out := []prefilter.Literal{{}}
		for _, sub := range re.Sub {
			more, ok := expand(sub, classes)
			if out = product(out, more); !ok || out == nil {
				return nil, false
			}
		}
		return out, true
	case syntax.OpAlternate:
		var out []prefilter.Literal
		for _, sub := range re.Sub {
			more, ok := expand(sub, classes)
			if out = append(out, more...); !ok || len(out) > maxLiterals {
				return nil, false
			}
		}
		return out, true
	case syntax.OpQuest:
		out, ok := expand(re.Sub[0], classes)
		return append(out, prefilter.Literal{}), ok
	case syntax.OpRepeat:
		return expandRepeat(re, classes)
	}
	return nil, false
}

func expandRepeat(re *syntax.Regexp, classes int) ([]prefilter.Literal, bool) {
	more, ok := expand(re.Sub[0], classes)
	if !ok || re.Min != re.Max {
		return nil, false
	}
	out := []prefilter.Literal{{}}
	for i := 0; i < re.Min && out != nil; i++ {
		out = product(out, more)
	}
	return out, out != nil
}

func expandLiteral(re *syntax.Regexp) ([]prefilter.Literal, bool) {
	text, fold := make([]byte, 0, len(re.Rune)), make([]byte, 0, len(re.Rune))
	for _, r := range re.Rune {
		if r >= 0x80 || len(text) == prefilter.MaxSize {
			return nil, false
		}
		c, f := byte(r), byte(0)
		if re.Flags&syntax.FoldCase != 0 && c|0x20 >= 'a' && c|0x20 <= 'z' {
			c, f = c|0x20, 1
		}
		text, fold = append(text, c), append(fold, f)
	}
	return []prefilter.Literal{{Text: string(text), Fold: string(fold)}}, true
}

func members(ranges []rune) (n int) {
	for i := 0; i+1 < len(ranges); i += 2 {
		n += int(ranges[i+1]-ranges[i]) + 1
	}
	return n
}

// expandClass gives one literal a member, both cases of a letter as one; nil if
// there are members beyond ASCII.
func expandClass(ranges []rune) (out []prefilter.Literal) {
	if len(ranges) == 0 || ranges[len(ranges)-1] >= 0x80 {
		return nil
	}
	set, _ := firstBytes(&syntax.Regexp{Op: syntax.OpCharClass, Rune: ranges})
	for b := range byte(0x80) {
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		switch {
		case !set.Has(b):
		case !letter || !set.Has(b^0x20):
			out = append(out, prefilter.Literal{Text: string(rune(b)), Fold: "\x00"})
		case b&0x20 != 0:
			out = append(out, prefilter.Literal{Text: string(rune(b)), Fold: "\x01"})
		}
	}
	return out
}

// product appends each of b to each of a; nil if that is too many or too long.
func product(a, b []prefilter.Literal) []prefilter.Literal {
	if len(a)*len(b) > maxLiterals {
		return nil
	}
	var out []prefilter.Literal
	for _, x := range a {
		for _, y := range b {
			if len(x.Text)+len(y.Text) > prefilter.MaxSize {
				return nil
			}
			out = append(out, prefilter.Literal{Text: x.Text + y.Text, Fold: x.Fold + y.Fold})
		}
	}
	return out
}
