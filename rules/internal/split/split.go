package split

import (
	"regexp/syntax"

	"github.com/oakum-sec/oakum/rules/internal/prefilter"
	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// Split is one way to find a regexp: by one of its literals, with a prefix
// before and a suffix behind. A rule is the union of its splits: what its regexp
// matches has a split whose prefix, literal and suffix match side by side.
type Split struct {
	Prefix, Suffix tree.Pattern // without captures
	PrefixMost     int          // bytes
	Literals       []prefilter.Literal
	Before, After  prefilter.Border
	Settled        bool // Before says all that Prefix does (it is empty, or \b)
}

// MaxReach is how many bytes to either side of its literal a rule may depend on.
// Windows carry that much context; 4 KiB is a page, and the longest token of a
// known format (a JWT with embedded claims) fits.
const MaxReach = 4096

// Find gives the splits of re, which has no groups; none if no literal is in all
// that it matches. implied tells whether one of keywords is, too, or there are
// none.
func Find(re *syntax.Regexp, keywords []string) (splits []Split, implied bool) {
	var s seeker
	parts := s.seek(flat(re), 0)
	for i := range parts {
		splits = append(splits, parts[i].finish())
	}
	return splits, len(keywords) == 0 || impliedIn(parts, keywords) || keywordSplit(re, keywords)
}

// Stands asks what is beside the literal text[at:end].
func (sp *Split) Stands(text []byte, at, end int) bool {
	if at > 0 && !sp.Before.Set.Has(text[at-1]) || at == 0 && !sp.Before.Open {
		return false
	}
	if end < len(text) {
		return sp.After.Set.Has(text[end])
	}
	return sp.After.Open
}

// finish turns a part into a split.
func (p *part) finish() Split {
	prefix, suffix := tree.Joined(p.before), tree.Joined(p.after)
	_, most := tree.Width(prefix)
	left := flat(tree.Reversed(prefix))
	firstWord, firstSure := wordness(p.literals, func(l prefilter.Literal) byte { return l.Text[0] })
	lastWord, lastSure := wordness(p.literals, func(l prefilter.Literal) byte { return l.Text[len(l.Text)-1] })
	for i := range p.literals {
		p.literals[i].Settle()
	}
	boundary := len(p.before) == 1 && p.before[0].Op == syntax.OpWordBoundary && firstSure
	return Split{
		Prefix: tree.Pattern{Parsed: prefix}, Suffix: tree.Pattern{Parsed: suffix}, PrefixMost: most, Literals: p.literals,
		Before: borderOf(left, firstWord, firstSure), After: borderOf(flat(suffix), lastWord, lastSure),
		Settled: len(p.before) == 0 || boundary,
	}
}

// wordness tells whether the bytes that at picks are word characters, and
// whether that is so for all literals.
func wordness(lits []prefilter.Literal, at func(prefilter.Literal) byte) (word, sure bool) {
	word = tree.IsWord(rune(at(lits[0])))
	for _, l := range lits {
		if tree.IsWord(rune(at(l))) != word {
			return false, false
		}
	}
	return word, true
}
