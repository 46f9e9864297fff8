package automaton

import (
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// TestFlush: a search that needs more states than a DFA may have goes on, with
// the same answer, and stays within the limit.
func TestFlush(t *testing.T) {
	source := `[ab]{0,200}a[ab]{14}c` // which of the last fifteen were an a: 2^15 states
	std := regexp.MustCompile(`\A(?:` + source + `)`)
	r, d := rand.New(rand.NewPCG(12, 20261123)), NewDFA(New(&tree.Pattern{Text: source}, false), new(int))
	flushes := d.epoch
	for range 1500 {
		text := make([]byte, 201)
		for i := range text {
			text[i] = "ab"[r.IntN(2)]
		}
		text = append(text, 'c')
		if r.IntN(2) == 0 {
			text = text[:r.IntN(len(text))+1]
			text[len(text)-1] = 'c'
		}
		got, _ := d.Exists(text, 0, len(text))
		if want := std.Match(text); got != want {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
		if len(d.sets) > maxStates+1 {
			t.Fatalf("%d states", len(d.sets))
		}
	}
	if d.epoch == flushes {
		t.Error("no flush: the test tests nothing")
	}
}
