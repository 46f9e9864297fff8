package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/internal/prefilter"
	"github.com/oakum-sec/oakum/rules/internal/split"
	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// MaxReach is how many bytes to either side of its literal a rule may depend on at
// most, other than by its Extent. A Set's own Reach may be less.
const MaxReach = split.MaxReach

// runeReach is how far an assertion looks beyond a match: one rune.
const runeReach = 4

// lane is how a rule is found.
type lane uint8

const (
	fast   lane = iota // by a literal, then automata around it
	slow               // package regexp over the whole text: foreign rules without a literal
	absent             // not by bytes: a rule for paths only
)

func (l lane) String() string { return [...]string{"fast", "slow", "path"}[l] }

// plan is what compiling a rule gives: everything needed to find it, as plain
// values that an index can hold.
type plan struct {
	id      string
	decoded *Rule  // the rule
	encoded string // or, where it comes from an index, its JSON
	lane    lane
	regex   tree.Pattern  // folds ASCII only; none for the assignment matcher
	foreign bool          // not one of ours: the value is the first group that is not empty
	value   int           // group of the value, 0 is the whole match
	key     int           // group of the key, 0: none
	width   int           // most bytes of a match
	capped  bool          // width is a cap, not a bound that follows from regex
	extent  string        // Rule.Extent
	splits  []split.Split // of the fast lane; the assignment matcher has one, of literals only
	words   []string
}

// rule is the rule itself, decoded anew where it came from an index. That can't
// fail on an index that Index made; an empty rule says so if it was tampered with.
func (p *plan) rule() *Rule {
	if p.decoded != nil {
		return p.decoded
	}
	r := &Rule{ID: p.id}
	if err := json.Unmarshal([]byte(p.encoded), r); err != nil {
		return &Rule{ID: p.id, Description: "a rule that could not be read"}
	}
	return r
}

// left and right are the rule's reach to either side of its literal.
func (p *plan) left() int {
	most := 0
	for i := range p.splits {
		most = max(most, p.splits[i].PrefixMost)
	}
	return most + runeReach
}

func (p *plan) right() int { return p.width + runeReach }

// planAll compiles rules; the error joins a Mistake for each that can't be.
func planAll(rules []Rule) ([]plan, error) {
	var plans []plan
	var errs []error
	seen := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		p, what := planOf(r)
		if seen[r.ID] {
			what = "a second rule of this id: give it another one"
		}
		seen[r.ID] = true
		if what != "" {
			errs = append(errs, &Mistake{File: r.File, Line: r.Line, Rule: r.ID, Key: "regex", What: what})
			continue
		}
		plans = append(plans, p)
	}
	slices.SortFunc(plans, func(a, b plan) int { return strings.Compare(a.id, b.id) })
	return plans, errors.Join(errs...)
}

// planOf compiles a rule. wrong says what is wrong with it and what to do.
func planOf(r *Rule) (p plan, wrong string) {
	held := *r
	p = plan{id: r.ID, decoded: &held, extent: r.Extent, foreign: !r.Ours()}
	switch {
	case r.Matcher == "assignment":
		return p.assignment(r), ""
	case r.Matcher != "":
		return p, fmt.Sprintf("unknown matcher %q: use assignment, or a regex", r.Matcher)
	case r.Regex == "":
		p.lane = absent
		return p, ""
	}
	re, wrong := tree.Parse(r.Regex)
	if wrong != "" {
		return p, wrong
	}
	p.regex.Parsed = re
	if wrong = p.groups(r, re); wrong != "" {
		return p, wrong
	}
	return p.find(r, tree.Bare(re))
}

// assignment plans the hand-written matcher.
func (p plan) assignment(r *Rule) plan {
	words := r.Keywords
	if len(words) == 0 {
		words = assign.Keywords()
	}
	s := split.Split{Before: prefilter.AnyBorder, After: prefilter.AnyBorder, PrefixMost: assign.Reach}
	for _, w := range words {
		l := prefilter.Folded(w)
		l.Settle()
		s.Literals = append(s.Literals, l)
	}
	p.splits, p.width = []split.Split{s}, assign.Reach
	return p
}

// groups finds out which groups hold value and key.
func (p *plan) groups(r *Rule, re *syntax.Regexp) (wrong string) {
	names := re.CapNames()
	p.key = max(slices.Index(names, "key"), 0)
	p.value = max(slices.Index(names, "value"), 0)
	if p.value == 0 && len(names) == 2 && p.key == 0 {
		p.value = 1
	}
	if r.SecretGroup > 0 {
		p.value = r.SecretGroup
	}
	if p.value >= len(names) {
		return fmt.Sprintf("secretGroup is %d, but regex has %d groups", p.value, len(names)-1)
	}
	return ""
}

// find chooses the literals by which the rule is found.
func (p plan) find(r *Rule, re *syntax.Regexp) (plan, string) {
	var implied bool
	p.splits, implied = split.Find(re, r.Keywords)
	_, p.width = tree.Width(re)
	if !p.foreign {
		return p, p.strictly(r, implied)
	}
	if p.splits == nil || !implied || p.left() > MaxReach {
		p.lane, p.splits = slow, nil
		for _, w := range r.Keywords {
			p.words = append(p.words, strings.ToLower(w))
		}
	}
	if p.right() > MaxReach {
		p.width, p.capped = MaxReach-runeReach, true
	}
	return p, ""
}

// strictly says what our own rules must not be.
func (p *plan) strictly(r *Rule, implied bool) string {
	switch {
	case len(p.splits) == 0:
		return fmt.Sprintf("keyword not implied: no literal of %d bytes or more is in every match; add a fixed prefix or context", prefilter.MinSize)
	case !implied:
		return "keyword not implied: regex matches texts that have none of keywords; leave keywords out or mend them"
	case p.left() > MaxReach:
		return fmt.Sprintf("unbounded reach: what stands before its literal can be over %d bytes long; bound each * and +", MaxReach)
	case p.right() > MaxReach:
		return fmt.Sprintf("unbounded reach: a match can be over %d bytes long; bound each * + and {n,}", MaxReach)
	}
	return ""
}

// anchored makes the regexp that settles a match whose start is known: behind one
// byte of context, or at the text's begin.
func anchored(regex string, first bool) (*regexp.Regexp, error) {
	if first {
		return regexp.Compile(`\A(` + regex + `)`)
	}
	return regexp.Compile(`\A(?s:.)(` + regex + `)`)
}
