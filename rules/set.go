package rules

import (
	"regexp"
	"sort"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/assign/beside"
	"github.com/oakum-sec/oakum/rules/internal/prefilter"
)

// Match is a rule's match in a text. Offsets are into that text.
type Match struct {
	Rule       *Rule
	Start, End int // of the whole match
	Value      [2]int
	Plain      []byte // the value, where text[Value] spells it in several pieces or with escapes; nil where that is it
	Key        [2]int // of the name it stands under; empty where the rule has none
	Word       [2]int // the keyword by which an assignment was found; empty for a regex
	Proof      leak.Proof
	Severity   leak.Severity
	Confidence float64 // that it is a credential, from 0 to 1; Judge sets it
	Notes      []string
	beside     beside.Facts // of its groups, see Companions
	Expires    time.Time    // what the value itself says of its end; zero: nothing
}

// Shift moves all offsets by so many bytes: from a window to the whole text.
func (m *Match) Shift(by int) {
	m.Start, m.End = m.Start+by, m.End+by
	for _, span := range []*[2]int{&m.Value, &m.Key, &m.Word} {
		if span[1] > 0 {
			span[0], span[1] = span[0]+by, span[1]+by
		}
	}
}

// Of gives the match's value, text being what it was found in.
func (m *Match) Of(text []byte) []byte {
	if m.Plain != nil {
		return m.Plain
	}
	return text[m.Value[0]:m.Value[1]]
}

// Set is a compiled list of rules. It is safe for concurrent use.
type Set struct {
	judges  judges // of the second stage, see judge.go
	entries []entry
	filter  *prefilter.Filter
	owners  []owner  // by literal, see first
	first   []uint32 // literal i's owners are owners[first[i]:first[i+1]]
	slow    []uint32 // entries of the slow lane
	words   bool     // slow rules have keywords among the literals
	reach   int
	body    int
	spare   sync.Pool // of *worker
	aside   sync.Map  // components' regexps by pattern
}

// Compile checks the rules and makes a Set of them. Our own (File begins with
// "builtin/") are held to be found fast and exactly; foreign ones are capped at
// 4 KiB, and go to the slow lane where no literal is in every match. The error
// joins a *Mistake for each rule that can't be compiled.
func Compile(rules []Rule) (*Set, error) {
	plans, err := planAll(rules)
	if err != nil {
		return nil, err
	}
	return newSet(plans)
}

// Join compiles more rules and adds them to those of s; one of the same id takes
// the place of s's.
func (s *Set) Join(more []Rule) (*Set, error) {
	plans, err := planAll(more)
	if err != nil {
		return nil, err
	}
	replaced := map[string]bool{}
	for i := range plans {
		replaced[plans[i].id] = true
	}
	for i := range s.entries {
		if p := s.entries[i].plan; !replaced[p.id] {
			plans = append(plans, p)
		}
	}
	return newSet(plans)
}

// Only is the Set of those of s's rules that keep wants.
func (s *Set) Only(keep func(id string) bool) (*Set, error) {
	var plans []plan
	for i := range s.entries {
		if p := s.entries[i].plan; keep(p.id) {
			plans = append(plans, p)
		}
	}
	return newSet(plans)
}

// Rules lists the rules in the order of their ids. It decodes all of them, where
// the Set came from an index.
func (s *Set) Rules() []*Rule {
	out := make([]*Rule, 0, len(s.entries))
	for i := range s.entries {
		out = append(out, s.entries[i].kept())
	}
	return out
}

// Rule is the rule of that id, nil where there is none. It decodes no other one.
func (s *Set) Rule(id string) *Rule {
	if i, ok := s.index(id); ok {
		return s.entries[i].kept()
	}
	return nil
}

// Lane tells how the rule is found: "fast", by a literal in every match; "slow",
// by package regexp over whole texts; "path", for rules that look at no bytes; ""
// if there is no such rule.
func (s *Set) Lane(id string) string {
	if i, ok := s.index(id); ok {
		return s.entries[i].lane.String()
	}
	return ""
}

// index is the place of a rule among the entries, which are sorted by id.
func (s *Set) index(id string) (int, bool) {
	i := sort.Search(len(s.entries), func(i int) bool { return s.entries[i].id >= id })
	return i, i < len(s.entries) && s.entries[i].id == id
}

// Reach is how many bytes to either side of its literal a match can depend on.
func (s *Set) Reach() int { return s.reach }

// BodyReach is how far an extended match (a PEM block) can go to the right.
func (s *Set) BodyReach() int { return s.body }

// ComponentRegexp is the compiled pattern of r.Components[i]; nil where it has
// none, or one that is no regexp.
func (s *Set) ComponentRegexp(r *Rule, i int) *regexp.Regexp {
	pattern := r.Components[i].Regex
	if pattern == "" {
		return nil
	}
	if held, ok := s.aside.Load(pattern); ok {
		return held.(*regexp.Regexp)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		re = nil
	}
	held, _ := s.aside.LoadOrStore(pattern, re)
	return held.(*regexp.Regexp)
}

// Append finds all matches in text and appends them to dst, by start, then rule
// id. It looks at bytes only: what depends on the path or on the whole file is
// Judge's. It allocates nothing where nothing matches.
func (s *Set) Append(dst []Match, text []byte) []Match {
	return s.AppendWindow(dst, text, 0, len(text), nil)
}

// Subject is what the second stage knows of the text that a match is in.
type Subject struct {
	Text   []byte
	Paths  []string // every path under which it is known; none for messages, variables, stdin
	Now    time.Time
	Commit string // the first commit that has it, in hex; "" outside of git
}
