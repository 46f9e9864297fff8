package prefilter

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// spell is a random string of a few letters, so that literals stand in texts and
// in each other.
func spell(r *rand.Rand, size int) []byte {
	out := make([]byte, size)
	for i := range out {
		out[i] = "abAB_-"[r.IntN(6)]
	}
	return out
}

// beside is anything, or a few letters with or without the text's end.
func beside(r *rand.Rand) Border {
	if r.IntN(2) == 0 {
		return AnyBorder
	}
	b := Border{Open: r.IntN(2) == 0}
	for _, c := range spell(r, 3) {
		b.Set.Add(c)
	}
	return b
}

// TestScan holds that every place of every literal is told, between what may be beside
// it, as looking at each place for each literal finds them, wherever a search begins
// and ends.
func TestScan(t *testing.T) {
	r, seen := rand.New(rand.NewPCG(1, 1)), 0
	for range 60 {
		var lits []Literal
		var besides [][2]Border
		for i := range 20 {
			word := spell(r, MinSize+r.IntN(10))
			l := Literal{Text: string(word), Fold: string(make([]byte, len(word)))}
			if i%2 == 0 {
				l = Folded(string(word))
			}
			l.Settle()
			lits, besides = append(lits, l), append(besides, [2]Border{beside(r), beside(r)})
		}
		p, text := New(lits, besides), spell(r, 2*blockSize+r.IntN(2000))
		from := r.IntN(len(text) / 2)
		to := from + r.IntN(len(text)-from+1)
		var got, want [][2]int
		p.Scan(text, from, to, new(Scratch), func(word, at int) {
			if at >= from && at < to {
				got = append(got, [2]int{at, word})
			}
		})
		for at := from; at < to; at++ {
			for i := range lits {
				end := at + len(lits[i].Text)
				if lits[i].in(text[at:]) && besides[i][0].takes(text, at-1) && besides[i][1].takes(text, end) {
					want = append(want, [2]int{at, i})
				}
			}
		}
		slices.SortFunc(got, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
		if !slices.Equal(got, want) {
			t.Fatalf("text[%d:%d]: %d places, want %d", from, to, len(got), len(want))
		}
		seen += len(want)
	}
	if seen < 5_000 {
		t.Errorf("%d places: too few to say anything", seen)
	}
}

// TestCost: what is rare is cheap, and a run of one byte is dear for its size.
func TestCost(t *testing.T) {
	of := func(word string) float64 { return Cost([]Literal{Folded(word)}) }
	for _, c := range []struct{ cheap, dear string }{{"zqxj", "the "}, {"return", "retu"}, {"zqxjz", "-----"}} {
		if of(c.cheap) >= of(c.dear) {
			t.Errorf("%q costs %g, %q %g", c.cheap, of(c.cheap), c.dear, of(c.dear))
		}
	}
}
