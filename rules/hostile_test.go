package rules

import (
	"bytes"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/rules/internal/automaton"
)

// TestHostile: text made of hits. The engine has to look at each, but no more
// than a rule's reach around it; the test is that it comes back, with the right
// answer.
func TestHostile(t *testing.T) {
	s := naked(t, append(windowRules(), Rule{ID: "wide", File: "builtin/x.toml", Regex: `[a-z_]{0,200}key[a-z_]{0,500}=[0-9]`}))
	for _, unit := range []string{"key", "password", "tok-", "AAAA", "aaaab", "abab", "foo_", "eyJa.", "pass:", "key=k", "http://a:"} {
		text := bytes.Repeat([]byte(unit), 20_000/len(unit))
		var got []spot
		for _, m := range spots(s.Append(nil, text)) {
			if m.Rule != "generic" {
				got = append(got, m)
			}
		}
		var want []spot
		for i := range s.entries {
			if e := &s.entries[i]; !e.regex.None() && !e.capped {
				want = append(want, oracle(e, stdlib(e.regex.String()), text)...)
			}
		}
		capped := func(m spot) bool { i, _ := s.index(m.Rule); return s.entries[i].capped }
		if got = slices.DeleteFunc(got, capped); !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s: %s", unit, firstDifference(got, want))
		}
	}
}

// TestMemory: a worker's DFAs stay within bounds, whatever it has read.
func TestMemory(t *testing.T) {
	s := naked(t, append(builtinRules(t), Rule{ID: "bulky", File: "builtin/x.toml", Regex: `bulk_[ab]{0,200}a[ab]{14}c`}))
	r, w := newSampler(14), newWorker(s)
	most := 0
	for range 40 {
		text := longText(s, r, 5000)
		for range 200 {
			text = append(text, "bulk_"...)
			for range 200 {
				text = append(text, "ab"[r.IntN(2)])
			}
		}
		w.begin(text, 0, len(text))
		w.scan()
		most = max(most, w.spent)
		w.finish(nil, nil)
		if w.spent > automaton.MaxSpent {
			t.Fatalf("%d bytes kept", w.spent)
		}
	}
	if most < automaton.MaxHeld/4 || most > automaton.MaxSpent+4*automaton.MaxHeld {
		t.Errorf("%d bytes at most: the test tests nothing, or the bound does not hold", most)
	}
	t.Logf("%d KB at most", most>>10)
}
