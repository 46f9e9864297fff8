package rules

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/internal/automaton"
)

// resolve settles an entry's candidates in the order in which package regexp's
// FindAll would: the leftmost match at or behind pos, then the next behind its
// end. Matches whose first candidate lies behind w.to are the next window's. It
// returns dst and where the last match ended.
func (w *worker) resolve(dst []Match, index uint32, pos int) ([]Match, int) {
	e, cands := &w.set.entries[index], w.cands[index]
	slices.SortFunc(cands, func(a, b candidate) int { return cmp.Compare(a.at, b.at) })
	e.compile()
	for len(cands) > 0 && cands[0].at < w.to {
		if cands[0].at < pos {
			cands = cands[1:]
			continue
		}
		start := w.earliest(index, cands, pos)
		if start == gone {
			cands = cands[1:]
			continue
		}
		groups := w.settle(index, start)
		if groups == nil { // a cap cut it off
			pos = start + 1
			continue
		}
		pos = groups[1]
		if m := (Match{}); e.match(&m, w.text, groups) {
			dst, pos = append(dst, m), max(pos, m.End)
		}
	}
	return dst, pos
}

// earliest is the leftmost start at or behind pos of a match through any of
// cands, which are sorted by where their literals are.
func (w *worker) earliest(index uint32, cands []candidate, pos int) int {
	e := &w.set.entries[index]
	most := e.reaches[0]
	best := gone
	for i := range cands {
		c := &cands[i]
		if best != gone && c.at-most > best {
			break
		}
		if c.start < pos {
			c.start = gone
			if c.at >= pos {
				if c.start, _ = w.machine(e, owner{entry: index, split: c.split}).reverse.Leftmost(w.text, c.at, pos); c.start < 0 {
					c.start = gone
				}
			}
		}
		best = min(best, c.start)
	}
	return best
}

// settle runs package regexp where a match begins and gives its groups; nil if
// there is none, which only a cap can bring about. The text is cut where no byte
// behind has a say, and begins with one byte of context.
func (w *worker) settle(index uint32, start int) []int {
	e := &w.set.entries[index]
	cut := min(len(w.text), start+e.width+runeReach)
	if e.capped {
		if w.wholes[index] == nil {
			w.wholes[index] = automaton.NewDFA(e.whole, &w.spent)
		}
		cut = min(w.wholes[index].Dies(w.text, start, cut)+runeReach, cut)
	}
	for cut < len(w.text) && !utf8.RuneStart(w.text[cut]) {
		cut++
	}
	if start == 0 {
		groups := e.exact[1].FindSubmatchIndex(w.text[:cut])
		return groups[min(2, len(groups)):]
	}
	groups := e.exact[0].FindSubmatchIndex(w.text[start-1 : cut])
	if groups == nil {
		return nil
	}
	groups = groups[2:]
	for i := range groups {
		if groups[i] >= 0 {
			groups[i] += start - 1
		}
	}
	return groups
}

// match fills in m from a match's groups and asks the rule's gate.
func (e *entry) match(m *Match, text []byte, groups []int) bool {
	r := e.kept()
	*m = Match{Rule: r, Start: groups[0], End: groups[1], Proof: r.Proof, Severity: r.Severity}
	m.Value, m.Key = e.valueOf(groups), e.keyOf(groups)
	if e.extent != "" && !runOn(m, text, e.extent) {
		return false
	}
	if !r.gate(m, text, e.names, groups) {
		return false
	}
	m.beside = e.companions(m, text, groups)
	return true
}

// valueOf is the span of the value: its group, or another one of the same name in
// another branch; in foreign rules that name none, the first group that is not
// empty; else the whole match.
func (e *entry) valueOf(groups []int) [2]int {
	if v := e.branch(e.value, groups); v > 0 {
		return [2]int{groups[2*v], groups[2*v+1]}
	}
	for g := 2; e.foreign && e.value == 0 && g < len(groups); g += 2 {
		if groups[g+1] > groups[g] {
			return [2]int{groups[g], groups[g+1]}
		}
	}
	return [2]int{groups[0], groups[1]}
}

// keyOf is the span of the key, empty where there is none.
func (e *entry) keyOf(groups []int) [2]int {
	if k := e.branch(e.key, groups); k > 0 {
		return [2]int{groups[2*k], groups[2*k+1]}
	}
	return [2]int{}
}

// branch is group, or the one of its name that took part in the match; 0: none.
func (e *entry) branch(group int, groups []int) int {
	if group == 0 || groups[2*group] >= 0 {
		return group
	}
	for g, name := range e.names {
		if name != "" && name == e.names[group] && groups[2*g] >= 0 {
			return g
		}
	}
	return 0
}

// settleNamed appends the assignments whose keyword is in the window. A name that
// holds several keywords gives the same value again and again: once is enough.
func (w *worker) settleNamed(dst []Match, carry *Carry) []Match {
	slices.SortFunc(w.named, func(a, b named) int {
		return cmp.Or(cmp.Compare(a.entry, b.entry), cmp.Compare(a.at, b.at))
	})
	for i := range w.named {
		n := &w.named[i]
		value := [2]int{n.Value[0] - w.from, n.Value[1] - w.from}
		if i > 0 && w.named[i-1].entry == n.entry && w.named[i-1].Value == n.Value ||
			carry.repeated(n.entry, value) {
			continue
		}
		r := w.set.entries[n.entry].kept()
		m := Match{
			Rule: r, Start: min(n.Key[0], n.Value[0]), End: max(n.Key[1], n.Value[1]),
			Key: n.Key, Value: n.Value, Word: [2]int{n.at, n.end}, Proof: r.Proof, Severity: r.Severity,
		}
		if n.Is(assign.Spelt) {
			m.Plain = n.Assignment.Plain(w.text)
		}
		if r.gate(&m, w.text, nil, nil) {
			dst = append(dst, m)
		}
	}
	return dst
}
