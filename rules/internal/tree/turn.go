package tree

import "regexp/syntax"

// Bare is a copy of re without captures.
func Bare(re *syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpCapture {
		return Bare(re.Sub[0])
	}
	out := *re
	out.Sub = nil
	for _, sub := range re.Sub {
		out.Sub = append(out.Sub, Bare(sub))
	}
	return &out
}

// Reversed is re read from right to left.
func Reversed(re *syntax.Regexp) *syntax.Regexp {
	out := *re
	out.Sub, out.Rune = nil, nil
	n := len(re.Sub)
	for i, sub := range re.Sub {
		if re.Op == syntax.OpConcat {
			sub = re.Sub[n-1-i]
		}
		out.Sub = append(out.Sub, Reversed(sub))
	}
	for i, r := range re.Rune {
		if re.Op == syntax.OpLiteral {
			r = re.Rune[len(re.Rune)-1-i]
		}
		out.Rune = append(out.Rune, r)
	}
	switch re.Op {
	case syntax.OpBeginText:
		out.Op = syntax.OpEndText
		out.Flags &^= syntax.WasDollar
	case syntax.OpEndText:
		out.Op = syntax.OpBeginText
	case syntax.OpBeginLine:
		out.Op = syntax.OpEndLine
	case syntax.OpEndLine:
		out.Op = syntax.OpBeginLine
	}
	return &out
}
