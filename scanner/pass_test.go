package scanner

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/assign"
)

// A match that goes on over regions that come later takes the candidates there,
// as in a text that is looked at in one piece: what the rules remember goes from
// region to region, however far they are apart.
func TestPassRemembersAcrossRegions(t *testing.T) {
	set, err := rules.Compile([]rules.Rule{
		{ID: "long", Regex: `key:[a-z:]{4,90}`},
		{ID: "short", Regex: `[a-z]{0,6}pin:[a-z]{3}`},
		{ID: "named", Matcher: "assignment"},
	})
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	found := 0
	for range 300 {
		text := []byte(randomText(rnd))
		var want, got []rules.Match
		windows, regions := passThrough(nil), passThrough(literals(rnd, text, slices.Concat(assign.Keywords(), []string{"key:", "pin:"})...))
		r := reader{context: minContext}
		r.slices(text, func(win *window) bool {
			var pieces []piece
			pieces = windows.pieces(pieces, win)
			want = windows.match(set, want, win, pieces)
			pieces = regions.pieces(pieces[:0], win)
			got = regions.match(set, got, win, pieces)
			return true
		})
		found += len(want)
		if show(got) != show(want) {
			t.Fatalf("%q\nregions: %s\n  whole: %s", text, show(got), show(want))
		}
	}
	if found < 1000 {
		t.Errorf("%d matches are no test", found)
	}
}

func randomText(rnd *rand.Rand) string {
	var s strings.Builder
	for range 40 {
		s.WriteString([]string{"key:", "pin:", "a", "abc", ":", " ", "\n", "xyzxyzxyzxyz", "1", "my_password_token = \"kA83hsP0qLx7\"\n"}[rnd.IntN(10)])
	}
	return s.String()
}

// literals are the places of words, each a region, some joined with the next.
func literals(rnd *rand.Rand, text []byte, words ...string) []leak.Span {
	regions := []leak.Span{}
	for i := range text {
		for _, word := range words {
			if !strings.HasPrefix(string(text[i:]), word) {
				continue
			}
			start, end := int64(i), int64(i+len(word))
			if n := len(regions); n > 0 && (start <= regions[n-1].End || rnd.IntN(4) == 0) {
				regions[n-1].End = end
			} else {
				regions = append(regions, leak.Span{Start: start, End: end})
			}
		}
	}
	return regions
}

func show(matches []rules.Match) (out string) {
	for _, m := range matches {
		out += fmt.Sprint(m.Rule.ID, m.Start, m.End, m.Value, m.Word, " ")
	}
	return out
}
