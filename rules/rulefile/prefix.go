package rulefile

import "regexp/syntax"

// fewChoices is how many characters may stand in a place that still counts as
// public: the kind letter in "gh[pousr]_", the digit in "xox[abp]-".
const fewChoices = 12

// valueTree is the part of a pattern that the value is taken from, see
// Rule.SecretGroup.
func valueTree(re *syntax.Regexp, group int) *syntax.Regexp {
	var found *syntax.Regexp
	var walk func(*syntax.Regexp)
	walk = func(re *syntax.Regexp) {
		if re.Op == syntax.OpCapture && found == nil {
			if group > 0 && re.Cap == group && re.Name != "key" || group == 0 && re.Name == "value" {
				found = re
			}
		}
		for _, sub := range re.Sub {
			walk(sub)
		}
	}
	walk(re)
	if found == nil && group == 0 && re.MaxCap() == 1 {
		group = 1
		walk(re)
	}
	if found == nil {
		return re
	}
	return found
}

// leading counts the first bytes of what re matches that are fixed or one of a
// few; all tells that this is the whole of it, so that what follows counts on.
func leading(re *syntax.Regexp) (n int, all bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return len(string(re.Rune)), true
	case syntax.OpCharClass:
		if choices(re.Rune) <= fewChoices {
			return 1, true
		}
		return 0, false
	case syntax.OpCapture:
		return leading(re.Sub[0])
	case syntax.OpPlus:
		n, _ = leading(re.Sub[0])
		return n, false
	case syntax.OpRepeat:
		return leadingRepeat(re)
	case syntax.OpConcat:
		return leadingConcat(re.Sub)
	case syntax.OpAlternate:
		return leadingAlternate(re.Sub)
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpBeginText, syntax.OpEndLine, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return 0, true
	}
	return 0, false
}

func choices(ranges []rune) int {
	n := 0
	for i := 0; i+1 < len(ranges); i += 2 {
		n += int(ranges[i+1]-ranges[i]) + 1
	}
	return n
}

func leadingRepeat(re *syntax.Regexp) (int, bool) {
	n, all := leading(re.Sub[0])
	if re.Min == 0 || !all {
		return n * min(re.Min, 1), false
	}
	return n * re.Min, re.Min == re.Max
}

func leadingConcat(parts []*syntax.Regexp) (sum int, all bool) {
	for _, p := range parts {
		n, whole := leading(p)
		sum += n
		if !whole {
			return sum, false
		}
	}
	return sum, true
}

func leadingAlternate(parts []*syntax.Regexp) (least int, all bool) {
	all = true
	for i, p := range parts {
		n, whole := leading(p)
		if i > 0 && n != least {
			all = false
		}
		if i == 0 || n < least {
			least = n
		}
		all = all && whole
	}
	return least, all
}
