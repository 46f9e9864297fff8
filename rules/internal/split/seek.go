package split

import (
	"regexp/syntax"

	"github.com/oakum-sec/oakum/rules/internal/prefilter"
	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// part is a split while it is made.
type part struct {
	before, after []*syntax.Regexp
	literals      []prefilter.Literal
	cost          float64
}

// seeker looks for the cheapest splits of a regexp. keep, if not nil, says which
// literal sets may be used.
type seeker struct {
	keep  func([]prefilter.Literal) bool
	steps int // literal sets tried; ends at maxSteps, so that no rule takes long to compile
}

const maxSteps = 20_000

// In nanoseconds a byte: cheap is a literal set not worth improving; unreachable is
// added to one whose begin of the match may lie out of reach, so that any other
// is better.
const (
	cheap       = 0.002
	unreachable = 1000
)

// seek gives the parts of the concatenation items, nil if there is no literal
// in it. A literal set that stands there as it is comes first; a dear or missing
// one is sought in the branches of an alternation, then in a class with a
// neighbour ("XY[0-9a-f]" is sixteen literals).
func (s *seeker) seek(items []*syntax.Regexp, depth int) []part {
	best := s.direct(items, 12)
	if best != nil && best[0].cost < cheap {
		return best
	}
	if depth < 3 {
		for i := range items {
			if parts := s.branches(items, i, depth); parts != nil && (best == nil || total(parts) < total(best)) {
				best = parts
			}
		}
	}
	if best == nil {
		best = s.direct(peel(items), 70)
	}
	return best
}

func total(parts []part) (sum float64) {
	for i := range parts {
		sum += parts[i].cost
	}
	return sum
}

// direct finds the cheapest run of items that expands to literals.
func (s *seeker) direct(items []*syntax.Regexp, classes int) []part {
	var best []part
	for i := range items {
		lits := []prefilter.Literal{{}}
		for j := i; j < len(items) && s.steps < maxSteps; j++ {
			s.steps++
			more, ok := expand(items[j], classes)
			if lits = product(lits, more); !ok || lits == nil {
				break
			}
			if shortest(lits) < prefilter.MinSize || s.keep != nil && !s.keep(lits) {
				continue
			}
			cost := prefilter.Cost(lits)
			if _, most := tree.Width(tree.Joined(items[:i])); most > MaxReach {
				cost += unreachable
			}
			if best == nil || cost < best[0].cost {
				best = []part{{items[:i:i], items[j+1:], lits, cost}}
			}
		}
	}
	return best
}

// branches seeks with item i, an alternation or an option, spelt out.
func (s *seeker) branches(items []*syntax.Regexp, i, depth int) (out []part) {
	subs := items[i].Sub
	switch items[i].Op {
	case syntax.OpAlternate:
	case syntax.OpQuest:
		subs = []*syntax.Regexp{subs[0], {Op: syntax.OpEmptyMatch}}
	default:
		return nil
	}
	if len(subs) > 40 || s.steps >= maxSteps {
		return nil
	}
	for _, sub := range subs {
		spelt := append(append(items[:i:i], flat(sub)...), items[i+1:]...)
		parts := s.seek(spelt, depth+1)
		if parts == nil {
			return nil
		}
		out = append(out, parts...)
	}
	return out
}
