package rules

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"testing"
)

// anchorsOf are those in text[from:to], in order.
func anchorsOf(s *Set, text []byte, from, to int) []Anchor {
	list := s.AppendAnchors(nil, text, from, to)
	slices.SortFunc(list, func(a, b Anchor) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Left, b.Left), cmp.Compare(a.Right, b.Right))
	})
	return slices.Compact(list)
}

// TestAnchorsSuffice: windows of one byte, at live anchors, give what the whole text
// gives.
func TestAnchorsSuffice(t *testing.T) {
	s := naked(t, windowRules())
	r := newSampler(11)
	matches := 0
	for range 150 {
		text := longText(s, r, 1000+r.IntN(10_000))
		var carry Carry
		var got []spot
		end := 0
		for _, a := range anchorsOf(s, text, 0, len(text)) {
			if !a.Live || a.At < end {
				continue
			}
			carry.Skip(a.At - end)
			end = a.At + 1
			got = append(got, spots(s.AppendWindow(nil, text, a.At, end, &carry))...)
		}
		want := sorted(spots(s.Append(nil, text)))
		if got = sorted(got); !reflect.DeepEqual(got, want) {
			t.Fatalf("%d bytes: %s", len(text), firstDifference(got, want))
		}
		matches += len(want)
	}
	if matches < 10_000 {
		t.Errorf("%d matches: too few to say anything", matches)
	}
}

// TestAnchorsDependOnNoMore cuts texts where an anchor says that no byte has a say
// any more. What lies behind the cut may be anything, the text's end too.
func TestAnchorsDependOnNoMore(t *testing.T) {
	s := naked(t, windowRules())
	r := newSampler(12)
	near, far := 0, 0
	for range 150 {
		text := longText(s, r, 1000+r.IntN(10_000))
		for range 20 {
			from := r.IntN(len(text))
			to := min(len(text), from+1+r.IntN(600))
			for _, a := range anchorsOf(s, text, from, to) {
				left, right := max(a.Left, Near), max(a.Right, Near)
				lo, hi := max(0, a.At-left), min(len(text), a.At+right)
				piece := bytes.Clone(text[lo:hi])
				if lo > 0 {
					piece = append([]byte{"x \n\xff"[r.IntN(4)]}, piece...)
					lo--
				}
				if hi < len(text) {
					piece = append(piece, "x \n\xff"[r.IntN(4)])
				}
				again := anchorsOf(s, piece, a.At-lo, a.At-lo+1)
				a.At -= lo
				if !slices.Contains(again, a) {
					t.Fatalf("%+v is %+v in %q", a, again, piece)
				}
				if near++; a.Left > 0 {
					far++
				}
			}
		}
	}
	if near < 10_000 || far < 200 {
		t.Errorf("%d anchors, %d of them far: too few to say anything", near, far)
	}
	t.Logf("%d anchors, %d of them far", near, far)
}

func TestNeedsWhole(t *testing.T) {
	for want, r := range map[bool]Rule{
		false: {ID: "fast", Regex: `key=[a-z]+`},
		true:  {ID: "slow", Regex: `[a-z]+[0-9]+`},
	} {
		if got := naked(t, []Rule{r}).NeedsWhole(); got != want {
			t.Errorf("rule %s: %v", r.ID, got)
		}
	}
	if !naked(t, []Rule{{ID: "path", Path: `\.pem$`}}).NeedsWhole() {
		t.Error("a rule for paths stands on no anchor")
	}
}
