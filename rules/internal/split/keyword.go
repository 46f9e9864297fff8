package split

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/rules/internal/prefilter"
)

// keywordSplit tells whether re has literals that all hold a keyword.
func keywordSplit(re *syntax.Regexp, keywords []string) bool {
	s := seeker{keep: func(lits []prefilter.Literal) bool { return allHold(lits, keywords) }}
	return s.seek(flat(re), 0) != nil
}

func impliedIn(parts []part, keywords []string) bool {
	for i := range parts {
		if !allHold(parts[i].literals, keywords) {
			return false
		}
	}
	return parts != nil
}

// allHold tells whether one of keywords is in each literal, in any case.
func allHold(lits []prefilter.Literal, keywords []string) bool {
	for _, l := range lits {
		text := strings.ToLower(l.Text)
		if !slices.ContainsFunc(keywords, func(k string) bool { return strings.Contains(text, strings.ToLower(k)) }) {
			return false
		}
	}
	return true
}
