package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// pair is what a question needs beside the value.
type pair struct {
	parts   map[string]leak.Secret // by rule
	session leak.Secret
}

// nearLines is how far apart two halves stand at most, in lines, for one to be
// taken for the other's: as far as the rule for AWS looks.
const nearLines = 8

// neighbours are a scan's findings by place: what stands beside what.
type neighbours struct{ byPlace map[string][]*leak.Finding }

func newNeighbours(all []*leak.Finding) *neighbours {
	n := &neighbours{byPlace: map[string][]*leak.Finding{}}
	for _, f := range all {
		n.byPlace[placeOf(f)] = append(n.byPlace[placeOf(f)], f)
	}
	return n
}

func placeOf(f *leak.Finding) string { return f.Place.Kind() + " " + f.Place.String() }

// pair finds the values that a check needs beside f's. why is not empty where one
// is not there, or where it is not clear which one it is.
func (n *neighbours) pair(f *leak.Finding, check *rules.Verify) (p pair, why string) {
	p.parts = map[string]leak.Secret{}
	names := partsOf(check)
	if check.Sign != "" {
		names = append(names, awsSecret)
		if p.session, why = n.session(f); why != "" {
			return p, why
		}
	}
	for _, name := range names {
		if p.parts[name], why = n.partner(f, name); why != "" {
			return p, why
		}
	}
	return p, ""
}

// partsOf are the rules whose values a check's templates name: {part:RULE}.
func partsOf(check *rules.Verify) (names []string) {
	for _, text := range slices.Concat([]string{check.URL, check.Basic}, check.Headers, check.Form) {
		for _, piece := range strings.Split(text, "{part:")[1:] {
			name, _, _ := strings.Cut(piece, "}")
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

const (
	awsSecret  = "aws-secret-access-key"
	awsSession = "aws-session-token"
	temporary  = "ASIA" // prefix of AWS's temporary key ids (IAM User Guide, "Unique identifiers")
)

// session is the token without which temporary AWS keys are none.
func (n *neighbours) session(f *leak.Finding) (token leak.Secret, why string) {
	if f.Hint != temporary {
		return token, ""
	}
	found := 0
	for _, g := range n.byPlace[placeOf(f)] {
		if g.Rule == awsSession && apart(f.Line, g.Line) <= nearLines {
			token = g.Secret
			found++
		}
	}
	if found != 1 {
		return token, fmt.Sprintf("temporary credentials, and %d session tokens stand beside them", found)
	}
	return token, ""
}

// mark is one half of a pair in a text.
type mark struct {
	line   int
	start  int64
	first  *leak.Finding // nil: it is a second half
	second leak.Secret
}

// partner is the second half of the given rule that belongs to f: the only one
// near the only first half; or, where several pairs stand one below the other, the
// one behind each first half, or before each. Else it is not clear.
func (n *neighbours) partner(f *leak.Finding, name string) (second leak.Secret, why string) {
	group := cluster(n.marks(f, name), f)
	at := slices.IndexFunc(group, func(m mark) bool { return m.first == f })
	firsts := 0
	for _, m := range group {
		if m.first != nil {
			firsts++
		}
	}
	seconds := len(group) - firsts
	switch {
	case seconds == 0:
		return second, "its other half does not stand beside it"
	case firsts != seconds || !alternate(group):
		return second, fmt.Sprintf("%d first and %d second halves stand together: which belong together is not clear", firsts, seconds)
	case group[0].first != nil:
		return group[at+1].second, ""
	}
	return group[at-1].second, ""
}

// marks are all halves in f's place, by position, each once.
func (n *neighbours) marks(f *leak.Finding, name string) []mark {
	var all []mark
	second := func(line int, start int64, s leak.Secret) {
		if !slices.ContainsFunc(all, func(m mark) bool { return m.first == nil && m.start == start }) {
			all = append(all, mark{line: line, start: start, second: s})
		}
	}
	for _, g := range n.byPlace[placeOf(f)] {
		switch g.Rule {
		case f.Rule:
			all = append(all, mark{line: g.Line, start: g.Span.Start, first: g})
			for _, p := range g.Parts {
				if p.Rule == name {
					second(p.Line, p.Span.Start, p.Secret)
				}
			}
		case name:
			second(g.Line, g.Span.Start, g.Secret)
		}
	}
	slices.SortFunc(all, func(a, b mark) int { return cmp.Compare(a.start, b.start) })
	return all
}

// cluster is the run of marks around f in which each is near the next.
func cluster(all []mark, f *leak.Finding) []mark {
	at := slices.IndexFunc(all, func(m mark) bool { return m.first == f })
	from, to := at, at+1
	for from > 0 && apart(all[from-1].line, all[from].line) <= nearLines {
		from--
	}
	for to < len(all) && apart(all[to].line, all[to-1].line) <= nearLines {
		to++
	}
	return all[from:to]
}

// alternate: first and second halves take turns.
func alternate(group []mark) bool {
	for i := 1; i < len(group); i++ {
		if (group[i].first == nil) == (group[i-1].first == nil) {
			return false
		}
	}
	return true
}

func apart(a, b int) int { return max(a-b, b-a) }
