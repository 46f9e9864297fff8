package rules

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/rules/internal/automaton"
)

// tricky are regexps that pull at one seam of the engine each. They are compiled
// as foreign rules, which may be unbounded.
var tricky = []string{
	`foobar`,
	`(?i)foobar`,
	`(?i)sku_[a-z]{4}`, // letters that fold out of ASCII
	`(?i:s3)\.(?i:ks)=[a-z]{4}`,
	`\bAKX[A-Z2-7]{16}\b`,                   // three bytes
	`zk[a-f0-9]{4}`,                         // two bytes, widened
	`[xyz]{3}-[0-9]{2}`,                     // a class repeated
	`(?:abc|abcd|abcde)f*`,                  // leftmost-first among literals
	`(?:abcde|abcd|abc)d?`,                  // and the other way round
	`a{0,5}aaaab`,                           // the prefix overlaps the literal
	`[ab]{0,9}abab[ab]{0,3}`,                // so does everything
	`(\w{0,10})key=(\w{1,10})`,              // a prefix that moves the start
	`(\w{0,10}?)key=(\w{1,10}?)`,            // not greedy
	`key[^a]{0,6}a`,                         // beyond ASCII
	`é{1,3}tok[é-ü]{2}`,                     // in the prefix too
	`(?m)^pass:[a-z]{3}$`,                   // lines
	`^pass:[a-z]{3}$`,                       // the text
	`\Apass[a-z]{3}\z`,                      //
	`pass\b.{1,4}\B.`,                       // both boundaries
	`\Bpass\B`,                              //
	`.{0,4}\bpass`,                          // a boundary between prefix and literal
	`(?s).{0,4}pass.{0,4}`,                  // newlines
	`(?:foo|bar)(?:[0-9]{2}|[a-z]{4})`,      //
	`(?:[0-9]{2}foo|[a-z]{2}bar|qux[0-9])x`, // a literal in each branch
	`(?:foo_)?bar_[0-9]{3}`,                 // an optional prefix
	`(?:foo_){2,3}[0-9]`,                    // a repeated group
	`(?:foo_|bar-){1,3}(?P<value>[0-9]+)`,   //
	`(?P<key>[a-z]{1,8})\s*=\s*tok_(?P<value>[0-9a-f]{8})`,
	`"(?P<key>[^"]{1,9})":"sec_(?P<value>[^"]{4,20})"`,
	`tok-[0-9]*x?`,                // unbounded
	`tok-(?:a|ab)(?:c|bcd)(?:d*)`, // Perl's choice, not the longest
	`(?i)(?:api|app)[_-]?key['" :=]{1,4}([a-z0-9]{8,})`,
	`(?i:T)oKeN=[[:alnum:]]{4}`, // mixed case
	`https?://[^\s:@/]{1,20}:([^\s:@/]{3,20})@`,
	`-----BEGIN[ A-Z]{0,20}KEY-----`,
	`eyJ[\w-]{4,}\.eyJ[\w-]{4,}\.?`,
	`\x{10FFFF}abc`,
	`[\x80-\x{10FFFF}]{2}abc[^\x00-\x7f]`,
	`abc(?:\b|x)`,
	`(?:|x)abc(?:|y)z{0,2}`,
	`(?:AAAA){1,3}B`,
	`AAAA[A-Z]{4}`,
	`jw_([a-z]{2,40}[a-z]{0,30}[a-z]{5}z?)(?:\.|[a-z]{0,4}x)`,            // one class side by side
	`jv_([a-z]{990,1000}[a-z]{0,1000}[a-z]{0,1000}\.)[0-9]{2,3}`,         // more than RE2 repeats
	`num=(?P<value>[0-9]{3});|(?P<key>[a-z]{2})=tok(?P<value>[a-z]{3});`, // a name given twice
	`(a+)(b+)foo(b*)`,                                                    // an unbounded prefix: the slow lane
	`[0-9a-f]{8}`,                                                        // no literal: the slow lane
	`(?i)\b(?:pass|pwd|token|secret)\w{0,3}[=:]\w{2,6}`,
}

// trickyRules has a rule for each of tricky.
func trickyRules() (rules []Rule) {
	for i, re := range tricky {
		rules = append(rules, Rule{ID: fmt.Sprintf("tricky-%02d", i), Regex: re, File: "tricky.toml", Line: i + 1})
	}
	return rules
}

func trickyIndex(id string) (i int) {
	fmt.Sscanf(id, "tricky-%d", &i)
	return i
}

// naked is a set of rules without what comes after the regexps.
func naked(t testing.TB, rules []Rule) *Set {
	t.Helper()
	for i := range rules {
		r := &rules[i]
		r.Entropy, r.Checksum, r.Parse, r.Extent, r.NotHollow = 0, nil, "", "", false
	}
	s, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// spot is a match, for comparing.
type spot struct {
	Rule       string
	Start, End int
	Value, Key [2]int
}

func spots(matches []Match) (out []spot) {
	for _, m := range matches {
		out = append(out, spot{m.Rule.ID, m.Start, m.End, m.Value, m.Key})
	}
	return out
}

// oracle is what package regexp finds for e in text.
func oracle(e *entry, std *regexp.Regexp, text []byte) (out []spot) {
	e.compile()
	for _, groups := range std.FindAllSubmatchIndex(text, -1) {
		if groups[0] == groups[1] {
			continue
		}
		out = append(out, spot{e.id, groups[0], groups[1], e.valueOf(groups), e.keyOf(groups)})
	}
	return out
}

// agree compares s with package regexp, rule by rule, on texts made for each. It
// returns how many matches there were, and of how many rules.
func agree(t *testing.T, s *Set, turns int, seed uint64) (matches, rules int) {
	t.Helper()
	r := newSampler(seed)
	for i := range s.entries {
		e := &s.entries[i]
		if e.regex.None() {
			continue
		}
		std, re := regexp.MustCompile(e.regex.String()), parsedRegexp(e.regex.String())
		mine := 0
		for range turns {
			text := r.text(re)
			want := oracle(e, std, text)
			got := slices.DeleteFunc(spots(s.Append(nil, text)), func(m spot) bool { return m.Rule != e.id })
			if !slices.Equal(got, want) {
				t.Fatalf("rule %s\nregexp %s\ntext   %q\ngot    %v\nwant   %v", e.id, &e.regex, text, got, want)
			}
			mine += len(want)
		}
		matches += mine
		if mine > 0 {
			rules++
		} else {
			t.Errorf("rule %s: no text of %d had a match", e.id, turns)
		}
	}
	return matches, rules
}

func parsedRegexp(source string) *syntax.Regexp {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		panic(err)
	}
	return re
}

// TestOracle holds that prefilter, automata and resolving give the matches that
// package regexp gives on the whole text, in its order, with its groups.
func TestOracle(t *testing.T) {
	s := naked(t, trickyRules())
	matches, rules := agree(t, s, 800, 1)
	if rules != len(tricky) || matches < 10_000 {
		t.Errorf("%d matches of %d rules: too few to say anything", matches, rules)
	}
	t.Logf("%d matches of %d rules agree", matches, rules)
}

// TestLanes holds which of tricky have no literal.
func TestLanes(t *testing.T) {
	s := naked(t, trickyRules())
	for i, re := range tricky {
		want := "fast"
		if strings.HasPrefix(re, "(a+)") || re == "[0-9a-f]{8}" || strings.Contains(re, `\s*=`) {
			want = "slow"
		}
		if got := s.Lane(fmt.Sprintf("tricky-%02d", i)); got != want {
			t.Errorf("%s: lane %s, want %s", re, got, want)
		}
	}
	if s.Lane("unknown") != "" {
		t.Error("a rule that is not there has a lane")
	}
}

var stdlibs sync.Map

// stdlib compiles source once.
func stdlib(source string) *regexp.Regexp {
	if re, ok := stdlibs.Load(source); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(source)
	stdlibs.Store(source, re)
	return re
}

// builtinRules are those of package builtin, which imports this one; a test there
// holds that its index is fresh.
func builtinRules(t testing.TB) (all []Rule) {
	t.Helper()
	index, err := os.ReadFile("builtin/index.bin")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(string(index))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Rules() {
		all = append(all, *r)
	}
	if len(all) < 150 {
		t.Fatalf("%d built-in rules: where are the others?", len(all))
	}
	return all
}

// TestBuiltinOracle is TestOracle over the rules that are shipped.
func TestBuiltinOracle(t *testing.T) {
	s := naked(t, builtinRules(t))
	matches, rules := agree(t, s, 40, 6)
	if matches < 30*rules || rules < 150 {
		t.Errorf("%d matches of %d rules: too few to say anything", matches, rules)
	}
	t.Logf("%d matches of %d rules agree", matches, rules)
}

// TestBuiltinWindows is TestWindows over the rules that are shipped.
func TestBuiltinWindows(t *testing.T) {
	s := naked(t, builtinRules(t))
	if seen := compareWindows(t, s, 7, 60); seen[""] < 2_000 || len(seen) < 150 {
		t.Errorf("%d matches of %d rules: too few to say anything", seen[""], len(seen)-1)
	}
}

// TestFolding holds that the long s and the Kelvin sign are all that differs
// between a regexp and what is made of it.
func TestFolding(t *testing.T) {
	r, n := newSampler(8), 0
	for _, source := range tricky {
		p, wrong := planOf(&Rule{ID: "x", Regex: source})
		if wrong != "" {
			t.Fatal(wrong)
		}
		before, after, re := regexp.MustCompile(source), regexp.MustCompile(p.regex.String()), parsedRegexp(source)
		for range 60 {
			text := []byte(strings.NewReplacer("\u017f", "s", "\u212a", "k").Replace(string(r.text(re))))
			want := before.FindAllSubmatchIndex(text, -1)
			if got := after.FindAllSubmatchIndex(text, -1); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s became %s: %q gives %v, want %v", source, &p.regex, text, got, want)
			}
			n += len(want)
		}
	}
	if n < 1500 {
		t.Errorf("%d matches: too few to say anything", n)
	}
}

// TestBuiltinThreads holds that no shipped rule keeps many alternatives open at
// once: each costs time on every byte that a hostile text has us look at.
func TestBuiltinThreads(t *testing.T) {
	s := naked(t, builtinRules(t))
	r := newSampler(10)
	for i := range s.entries {
		e := &s.entries[i]
		if e.regex.None() {
			continue
		}
		most, re := 0, parsedRegexp(e.regex.String())
		for j := range e.splits {
			h := e.automata(j)
			forward, reverse := automaton.NewDFA(h.forward, new(int)), automaton.NewDFA(h.reverse, new(int))
			for range 3 {
				text := []byte(string(r.member(re, nil)))
				for k := 0; k < len(text); k += 1 + len(text)/20 {
					forward.Dies(text, k, len(text))
					reverse.Leftmost(text, k, 0)
				}
			}
			most = max(most, forward.Threads(), reverse.Threads())
		}
		if most > 300 {
			t.Errorf("rule %s: %d alternatives open at once", e.id, most)
		}
	}
}
