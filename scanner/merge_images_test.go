package scanner_test

import (
	"fmt"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// A file of a layer that three images share is in three places, twice in each where the
// value stands twice in it; the same file told again is not a further one.
func TestMergeTellsOfEachImage(t *testing.T) {
	told := func(start int64) *leak.Finding {
		at := func(image string) leak.Sighting {
			return leak.Sighting{Place: leak.ImageFile{Image: image, Layer: "l", Name: "a.env"}, Span: leak.Span{Start: start, End: start + 8}}
		}
		return &leak.Finding{ID: "v1.x", Rule: "r", Sighting: at("one"), Also: []leak.Sighting{at("two"), at("three")}, Seen: 3}
	}
	var m scanner.Merge
	for _, start := range []int64{5, 5, 90} {
		m.Add(told(start))
	}
	found := m.Findings()
	if len(found) != 1 || found[0].Seen != 6 || len(found[0].Also) != 5 {
		t.Fatalf("%d findings, seen %d times, also in %d", len(found), found[0].Seen, len(found[0].Also))
	}
	places := map[string]int{found[0].Place.String(): 1}
	for _, s := range found[0].Also {
		places[s.Place.String()]++
	}
	for _, image := range []string{"one", "two", "three"} {
		if places[fmt.Sprintf("%s@l:a.env", image)] != 2 {
			t.Errorf("places %v", places)
		}
	}
}
