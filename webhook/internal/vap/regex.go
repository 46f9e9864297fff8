package vap

import (
	"errors"
	"regexp/syntax"
	"slices"
)

// plain is re without groups: CEL's matches and find have no use for them, and pay for
// every character.
func plain(re *syntax.Regexp) *syntax.Regexp {
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	out := *re
	out.Sub = make([]*syntax.Regexp, len(re.Sub))
	for i, s := range re.Sub {
		out.Sub[i] = plain(s)
	}
	return &out
}

// only is re with one of its leading literals in the place of all.
func only(re *syntax.Regexp, head string) *syntax.Regexp {
	out := *re
	if re.Op == syntax.OpConcat {
		for k := range re.Sub {
			heads, whole := leadingAll(re.Sub[:k+1])
			if whole && len(heads) > 1 && slices.Contains(heads, head) {
				literal := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune(head)}
				out.Sub = append([]*syntax.Regexp{literal}, re.Sub[k+1:]...)
				return &out
			}
		}
	}
	out.Sub = make([]*syntax.Regexp, len(re.Sub))
	for i, s := range re.Sub {
		out.Sub[i] = only(s, head)
	}
	return &out
}

// valueOf is the group that holds the value, or all of a rule that has none.
func valueOf(re *syntax.Regexp) (*syntax.Regexp, error) {
	if re.MaxCap() == 0 {
		return re, nil
	}
	if v := named(re, "value"); v != nil {
		return v, nil
	}
	return nil, errors.New("no group is named value")
}

func named(re *syntax.Regexp, name string) *syntax.Regexp {
	if re.Op == syntax.OpCapture && re.Name == name {
		return re.Sub[0]
	}
	for _, s := range re.Sub {
		if found := named(s, name); found != nil {
			return found
		}
	}
	return nil
}

// longest is how many characters re matches at most; false: there is no end to it.
func longest(re *syntax.Regexp) (int, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune), true
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, true
	case syntax.OpStar, syntax.OpPlus:
		return 0, false
	case syntax.OpRepeat:
		n, ok := longest(re.Sub[0])
		return n * re.Max, ok && re.Max >= 0
	}
	sum, most := 0, 0
	for _, s := range re.Sub {
		n, ok := longest(s)
		if !ok {
			return 0, false
		}
		sum, most = sum+n, max(most, n)
	}
	if re.Op == syntax.OpAlternate {
		return most, true
	}
	return sum, true
}

// leading are the literals of which each match begins with one; whole: what follows them
// is known no further. A literal of either case begins nothing.
func leading(re *syntax.Regexp) (heads []string, whole bool) {
	switch re.Op {
	case syntax.OpWordBoundary, syntax.OpBeginText, syntax.OpBeginLine, syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []string{string(re.Rune)}, true
		}
	case syntax.OpCapture:
		return leading(re.Sub[0])
	case syntax.OpConcat:
		return leadingAll(re.Sub)
	case syntax.OpAlternate:
		whole = true
		for _, s := range re.Sub {
			h, w := leading(s)
			heads, whole = append(heads, h...), whole && w
		}
		return heads, whole
	}
	return []string{""}, false
}

// leadingAll is leading of a sequence.
func leadingAll(parts []*syntax.Regexp) (heads []string, whole bool) {
	heads, whole = []string{""}, true
	for _, s := range parts {
		next, w := leading(s)
		var longer []string
		for _, a := range heads {
			for _, b := range next {
				longer = append(longer, a+b)
			}
		}
		heads, whole = longer, w
		if !w {
			break
		}
	}
	return heads, whole
}
