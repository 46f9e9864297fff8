package rules

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// windowed scans text cut at cuts, which are sorted, as a reader does that holds
// no more than a window and its context.
func windowed(s *Set, text []byte, cuts []int) (out []spot) {
	var carry Carry
	reach := max(s.Reach(), s.BodyReach())
	from := 0
	for _, to := range append(cuts, len(text)) {
		lo, hi := max(from-reach, 0), min(to+reach, len(text))
		window := bytes.Clone(text[lo:hi]) // what lies outside can't be read by accident
		for _, m := range s.AppendWindow(nil, window, from-lo, to-lo, &carry) {
			m.Shift(lo)
			out = append(out, spots([]Match{m})...)
		}
		from = to
	}
	slices.SortStableFunc(out, func(a, b spot) int { return a.Start - b.Start })
	return out
}

// sorted puts matches that begin at the same byte into one order.
func sorted(list []spot) []spot {
	slices.SortFunc(list, func(a, b spot) int {
		return bytes.Compare(fmt.Appendf(nil, "%012d %s %012d", a.Start, a.Rule, a.End), fmt.Appendf(nil, "%012d %s %012d", b.Start, b.Rule, b.End))
	})
	return list
}

// windowRules is a set in which everything that windows could break is at play,
// but for the slow lane, which promises less.
func windowRules() (rules []Rule) {
	for _, r := range trickyRules() {
		if p, wrong := planOf(&r); wrong == "" && p.lane == fast {
			rules = append(rules, r)
		}
	}
	return append(rules, Rule{ID: "generic", Matcher: "assignment", File: "builtin/generic.toml"})
}

// longText glues texts of many rules together until there are size bytes.
func longText(s *Set, r sampler, size int) (text []byte) {
	for len(text) < size {
		if e := &s.entries[r.IntN(len(s.entries))]; !e.regex.None() {
			text = append(text, r.text(parsedRegexp(e.regex.String()))...)
		} else {
			text = fmt.Appendf(text, "%s_password_%d = \"%s%d\"\n", glue[r.IntN(len(glue))], r.IntN(100), "kT9vQ2xLw", r.IntN(1e9))
		}
	}
	return text
}

// TestWindows holds that windows cut at random give what the whole text gives:
// with all rules, and with those of a short reach only, so that context is scarce.
func TestWindows(t *testing.T) {
	all := naked(t, windowRules())
	short, err := all.Only(func(id string) bool {
		i, _ := all.index(id)
		return max(all.entries[i].left(), all.entries[i].right()) < 100
	})
	if err != nil || short.Reach() >= 100 || len(short.entries) < 20 {
		t.Fatalf("%d rules of reach %d: %v", len(short.entries), short.Reach(), err)
	}
	a, b := compareWindows(t, all, 2, 60), compareWindows(t, short, 5, 60)
	if a["generic"] < 50 || a[""] < 10_000 || b[""] < 10_000 {
		t.Errorf("%d and %d matches, %d generic: too few to say anything", a[""], b[""], a["generic"])
	}
	t.Logf("%d and %d matches agree, %d of them assignments", a[""], b[""], a["generic"])
}

// compareWindows counts the matches, by rule and ("") in all.
func compareWindows(t *testing.T, s *Set, seed uint64, turns int) map[string]int {
	r := newSampler(seed)
	seen := map[string]int{}
	for range turns {
		text := longText(s, r, 1000+r.IntN(20_000))
		want := sorted(spots(s.Append(nil, text)))
		cuts := make([]int, r.IntN(60))
		for i := range cuts {
			cuts[i] = r.IntN(len(text) + 1)
		}
		slices.Sort(cuts)
		got := sorted(windowed(s, text, cuts))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%d bytes, cuts %v: %s", len(text), cuts, firstDifference(got, want))
		}
		for _, m := range want {
			seen[""]++
			seen[m.Rule]++
		}
	}
	return seen
}

func firstDifference(got, want []spot) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("missing %v", want[i])
		case i >= len(want) || got[i] != want[i]:
			return fmt.Sprintf("got %v, want %v", got[i:min(i+2, len(got))], want[i:min(i+2, len(want))])
		}
	}
	return "none"
}

// FuzzWindows lets the fuzzer choose text and cuts.
func FuzzWindows(f *testing.F) {
	s, err := naked(f, windowRules()).Only(func(id string) bool {
		return id != "generic" && tree.Size(parsedRegexp(tricky[trickyIndex(id)])) < 500 // package regexp is slow on large ones
	})
	if err != nil || len(s.entries) < 35 {
		f.Fatalf("%d rules: %v", len(s.entries), err)
	}
	r := newSampler(3)
	for i := range 40 {
		f.Add(longText(s, r, 200), uint64(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		r := newSampler(seed)
		cuts := make([]int, r.IntN(8))
		for i := range cuts {
			cuts[i] = r.IntN(len(text) + 1)
		}
		slices.Sort(cuts)
		got, want := sorted(windowed(s, text, cuts)), sorted(spots(s.Append(nil, text)))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("cuts %v: %s", cuts, firstDifference(got, want))
		}
		for i := range s.entries {
			if e := &s.entries[i]; !e.regex.None() {
				e.compile()
				checkEntry(t, e, want, text)
			}
		}
	})
}

// checkEntry compares one rule with package regexp. Caps are beyond it.
func checkEntry(t *testing.T, e *entry, got []spot, text []byte) {
	if e.capped && len(text) > MaxReach/2 {
		return
	}
	std := stdlib(e.regex.String())
	mine := slices.DeleteFunc(slices.Clone(got), func(m spot) bool { return m.Rule != e.id })
	if want := oracle(e, std, text); !slices.Equal(mine, want) {
		t.Fatalf("rule %s %s: got %v, want %v", e.id, &e.regex, mine, want)
	}
}

// TestConcurrent has many goroutines share a Set whose automata are not made yet.
func TestConcurrent(t *testing.T) {
	s := naked(t, windowRules())
	text := longText(s, newSampler(4), 30_000)
	want := spots(naked(t, windowRules()).Append(nil, text))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if got := spots(s.Append(nil, text)); !slices.Equal(got, want) {
					t.Error("concurrent searches differ")
				}
			}
		})
	}
	wg.Wait()
	if len(want) < 200 {
		t.Errorf("%d matches: too few to say anything", len(want))
	}
}

// TestMissAllocatesNothing: the text has hits, but no match.
func TestMissAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops at random under the race detector")
	}
	text := bytes.Repeat([]byte("the pass of tok- and keyring, foo bar; password := reader.ReadPassword()\n"), 300)
	all := naked(t, windowRules())
	matched := map[string]bool{}
	for _, m := range all.Append(nil, text) {
		matched[m.Rule.ID] = true
	}
	s, err := all.Only(func(id string) bool { return !matched[id] })
	if err != nil || len(s.entries) < 20 || len(s.Append(nil, text)) > 0 {
		t.Fatalf("%d rules that do not match: %v", len(s.entries), err)
	}
	if !s.Hit([]byte("AKX"+"ABCDEFGHIJKLMNOP"), 0, 3) || s.Hit(text, 0, len(text)) {
		t.Error("Hit is wrong")
	}
	if n := testing.AllocsPerRun(20, func() { s.Append(nil, text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestReach: a window needs no more context than the rules say.
func TestReach(t *testing.T) {
	s := naked(t, []Rule{{ID: "a", Regex: `[a-z]{0,10}key=[0-9]{20}`, File: "builtin/a.toml"}})
	if got, want := s.Reach(), 10+4+20+runeReach; got != want {
		t.Errorf("reach %d, want %d", got, want)
	}
	if s.BodyReach() != 0 {
		t.Error("a body reach without an extended rule")
	}
	s = naked(t, []Rule{{ID: "b", Matcher: "assignment", File: "builtin/b.toml"}})
	if s.Reach() < assign.Reach {
		t.Errorf("reach %d is less than the assignment matcher's", s.Reach())
	}
}
