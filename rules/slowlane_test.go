package rules

import (
	"strings"
	"testing"
)

// TestSlowLane: rules without a literal match behind their keywords only, which
// may stand anywhere, in any case, and be too short for the prefilter.
func TestSlowLane(t *testing.T) {
	s := naked(t, []Rule{
		{ID: "always", Regex: `\b[0-9]{6}\b`},
		{ID: "long", Regex: `\b[a-f]{6}\b`, Keywords: []string{"Vendor"}},
		{ID: "short", Regex: `\b[g-k]{6}\b`, Keywords: []string{"Qx"}},
		{ID: "fast", Regex: `tok_[a-z]{4}`},
	})
	for _, c := range []struct{ text, want string }{
		{"123456", "always"},
		{"abcdef ghijkg", ""},
		{"abcdef of VENDOR", "long"},
		{"vendor " + strings.Repeat("-", 20_000) + " abcdef tok_abcd", "long fast"},
		{"ghijkg qX", "short"},
		{"x", ""},
	} {
		var got []string
		for _, m := range s.Append(nil, []byte(c.text)) {
			got = append(got, m.Rule.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%.20s: got %v, want %s", c.text, got, c.want)
		}
	}
}

// TestSlowLaneWindows: a match belongs to the window that it begins in, once.
func TestSlowLaneWindows(t *testing.T) {
	s := naked(t, []Rule{{ID: "x", Regex: `\b[0-9]{6}\b`}})
	text := []byte(strings.Repeat("123456 ", 3000))
	for step := 1; step < 20_000; step = step*3 + 7 {
		var cuts []int
		for at := step; at < len(text); at += max(step, 500) {
			cuts = append(cuts, at)
		}
		if got := len(windowed(s, text, cuts)); got != 3000 {
			t.Errorf("cut every %d bytes: %d matches, want 3000", step, got)
		}
	}
}
