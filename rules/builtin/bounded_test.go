package builtin_test

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// TestBounded: no match of any pattern is longer than the engine reaches. The
// length is worked out here, from the syntax tree, by other code than the engine's.
func TestBounded(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	patterns, longest := 0, 0
	for _, r := range all {
		if r.Regex == "" {
			continue
		}
		patterns++
		tree, err := syntax.Parse(r.Regex, syntax.Perl)
		if err != nil {
			t.Fatalf("%s: %v", r.ID, err)
		}
		most, ok := longestMatch(tree)
		if !ok || most > rules.MaxReach {
			t.Errorf("%s: a match may have %d bytes (bounded: %v), %d are the most", r.ID, most, ok, rules.MaxReach)
		}
		longest = max(longest, most)
	}
	if patterns < leastRules-10 || longest < 1000 {
		t.Errorf("%d patterns, the longest match has %d bytes: something was not looked at", patterns, longest)
	}
}

// longestMatch is how many bytes a match has at most; false: it may go on for ever.
func longestMatch(re *syntax.Regexp) (most int, bounded bool) {
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus:
		return 0, false
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			most += runeBytes(r)
		}
		return most, true
	case syntax.OpCharClass:
		return runeBytes(re.Rune[len(re.Rune)-1]), true
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 4, true
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			n, ok := longestMatch(sub)
			if !ok {
				return 0, false
			}
			most = max(most, n)
		}
		return most, true
	}
	times := 1
	if re.Op == syntax.OpRepeat {
		times = re.Max
	}
	for _, sub := range re.Sub {
		n, ok := longestMatch(sub)
		if !ok || times < 0 {
			return 0, false
		}
		most += n * times
	}
	return most, true
}

// runeBytes is the rune's length, or 4: folded letters may be longer (ſ for s).
func runeBytes(r rune) int {
	if r < 0x80 {
		return 1
	}
	return 4
}

// TestKeywordsImplied: without the words by which the engine looks for a rule, the
// rule's own examples are no matches, of package regexp either. So a text that has
// none of them has no match.
func TestKeywordsImplied(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	texts := 0
	for _, r := range all {
		if r.Regex == "" {
			continue
		}
		set, err := rules.Compile([]rules.Rule{r})
		if err != nil {
			t.Fatal(err)
		}
		words := set.Literals()
		if len(words) == 0 {
			t.Errorf("%s: found by no word", r.ID)
		}
		for _, w := range words {
			if len(w) < 3 {
				t.Errorf("%s: %q is shorter than the engine can look for", r.ID, w)
			}
		}
		re := regexp.MustCompile(r.Regex)
		for _, tmpl := range r.Want {
			text := leaktest.Must(1, tmpl)
			if !re.MatchString(text) {
				t.Errorf("%s: an example is no match of package regexp", r.ID)
			}
			if re.MatchString(without(text, words)) {
				t.Errorf("%s: an example is a match without any of %q", r.ID, words)
			}
			texts++
		}
	}
	if texts < 2*leastRules-20 {
		t.Errorf("only %d texts", texts)
	}
}

// without is the text with the words, in whatever case, spoilt in their middle.
func without(text string, words []string) string {
	spoilt, lower := []byte(text), strings.ToLower(text)
	for _, w := range words {
		w = strings.ToLower(w)
		for at := 0; ; at++ {
			next := strings.Index(lower[at:], w)
			if next < 0 {
				break
			}
			at += next
			spoilt[at+len(w)/2] = 0x01
		}
	}
	return string(spoilt)
}
