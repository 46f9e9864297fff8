package tree

import "regexp/syntax"

// maxRepeat is how often RE2 lets a regexp repeat something at most. Longer runs
// are written side by side, x{100,1000}x{0,1000}, which says the same as
// x{100,2000}, but in a thousand ways: each costs time on each byte.
const maxRepeat = 1000

// joinChains rewrites, in place, such runs of one class into what can be read in
// one way only, with the same matches and the same preference for longer ones.
func joinChains(re *syntax.Regexp) {
	for _, sub := range re.Sub {
		joinChains(sub)
	}
	if re.Op != syntax.OpConcat {
		return
	}
	var out []*syntax.Regexp
	for i := 0; i < len(re.Sub); {
		least, most, n := chainAt(re.Sub[i:])
		if n < 2 {
			out = append(out, re.Sub[i])
			i++
			continue
		}
		out = append(out, chain(re.Sub[i].Sub[0], least, most)...)
		i += n
	}
	re.Sub = out
}

// chainAt counts the items at the head of list that are greedy, bounded
// repetitions of one class, and what they come to.
func chainAt(list []*syntax.Regexp) (least, most, n int) {
	for _, item := range list {
		lo, hi, ok := Repeats(item)
		if !ok || hi == Endless || item.Flags&syntax.NonGreedy != 0 || item.Sub[0].Op != syntax.OpCharClass {
			break
		}
		if n > 0 && !item.Sub[0].Equal(list[0].Sub[0]) {
			break
		}
		least, most, n = least+lo, most+hi, n+1
	}
	return least, most, n
}

// chain spells class{least,most}. Beyond 1,000 there are two branches: those who
// read the first thousand and may go on, and those who end before.
func chain(class *syntax.Regexp, least, most int) []*syntax.Regexp {
	repeat := func(least, most int) *syntax.Regexp {
		return &syntax.Regexp{Op: syntax.OpRepeat, Sub: []*syntax.Regexp{class}, Min: least, Max: most}
	}
	switch {
	case most <= maxRepeat:
		return []*syntax.Regexp{repeat(least, most)}
	case least >= maxRepeat:
		return append([]*syntax.Regexp{repeat(maxRepeat, maxRepeat)}, chain(class, least-maxRepeat, most-maxRepeat)...)
	}
	long := append([]*syntax.Regexp{repeat(maxRepeat, maxRepeat)}, chain(class, 0, most-maxRepeat)...)
	return []*syntax.Regexp{{Op: syntax.OpAlternate, Sub: []*syntax.Regexp{Joined(long), repeat(least, maxRepeat)}}}
}
