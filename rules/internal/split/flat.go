package split

import (
	"regexp/syntax"

	"github.com/oakum-sec/oakum/rules/internal/prefilter"
)

// flat is re as a list of items to be matched one behind the other, with one
// turn of what is repeated at least once taken out of the repetition.
func flat(re *syntax.Regexp) []*syntax.Regexp {
	switch {
	case re.Op == syntax.OpConcat:
		var out []*syntax.Regexp
		for _, sub := range re.Sub {
			out = append(out, flat(sub)...)
		}
		return out
	case re.Op == syntax.OpEmptyMatch:
		return nil
	case re.Op == syntax.OpLiteral:
		return pieces(re)
	case re.Op == syntax.OpPlus && re.Sub[0].Op != syntax.OpCharClass:
		rest := *re
		rest.Op = syntax.OpStar
		return append(flat(re.Sub[0]), &rest)
	case re.Op == syntax.OpRepeat && re.Min > 0 && re.Sub[0].Op != syntax.OpCharClass:
		return append(flat(re.Sub[0]), flat(oneLess(re))...)
	}
	return []*syntax.Regexp{re}
}

// pieces cuts a literal where ASCII ends or begins, and long ones to the size of
// what the prefilter can use.
func pieces(re *syntax.Regexp) (out []*syntax.Regexp) {
	begin := 0
	for i := 1; i <= len(re.Rune); i++ {
		if i == len(re.Rune) || i-begin == prefilter.MaxSize/2 || (re.Rune[i] < 0x80) != (re.Rune[i-1] < 0x80) {
			out = append(out, &syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: re.Rune[begin:i]})
			begin = i
		}
	}
	return out
}

// oneLess is a repetition with one turn less.
func oneLess(re *syntax.Regexp) *syntax.Regexp {
	rest := *re
	rest.Min--
	if rest.Max > 0 {
		rest.Max--
	}
	if rest.Max == 0 {
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	}
	return &rest
}

// peel takes one turn out of each repeated class: x{n,m} is x x{n-1,m-1}.
func peel(items []*syntax.Regexp) (out []*syntax.Regexp) {
	for _, item := range items {
		if item.Op == syntax.OpRepeat && item.Min > 0 && item.Sub[0].Op == syntax.OpCharClass {
			out = append(out, item.Sub[0], oneLess(item))
			continue
		}
		out = append(out, item)
	}
	return out
}
