package tree

import (
	"regexp"
	"strings"
	"testing"
)

func TestWidth(t *testing.T) {
	for _, c := range []struct {
		regex       string
		least, most int
	}{
		{``, 0, 0},
		{`abc`, 3, 3},
		{`(?i)abc`, 3, 3},
		{`é`, 2, 2},
		{`[a-z]{2,5}`, 2, 5},
		{`[^a]`, 1, 4},
		{`\bab?(?:c|de)`, 2, 4},
		{`(a(?P<x>b){3}){2}`, 8, 8},
		{`ab*`, 1, Endless},
		{`a{3,}`, 3, Endless},
		{`[a-z]{2,1000}[a-z]{0,1000}[a-z]{0,500}`, 2, 2500}, // joined
	} {
		re, wrong := Parse(c.regex)
		if wrong != "" {
			t.Fatal(wrong)
		}
		if least, most := Width(re); least != c.least || most != c.most {
			t.Errorf("%s: %d to %d, want %d to %d", c.regex, least, most, c.least, c.most)
		}
	}
}

// TestJoinedRunsMatchTheSame: a run of one class, however it was spelt, takes as
// many bytes as package regexp takes of the original.
func TestJoinedRunsMatchTheSame(t *testing.T) {
	for _, source := range []string{`[a-z]{2,40}[a-z]{0,30}z?`, `[a-z]{990,1000}[a-z]{0,1000}[a-z]{0,7}`, `[a-z]{1000}[a-z]{3,600}`} {
		re, wrong := Parse(source)
		if wrong != "" {
			t.Fatal(wrong)
		}
		before, after := regexp.MustCompile(source), regexp.MustCompile(re.String())
		for _, n := range []int{0, 1, 2, 39, 70, 71, 989, 990, 1000, 1002, 1003, 1600, 1601, 2007, 2008, 3000} {
			text := strings.Repeat("a", n)
			if got, want := len(after.FindString(text)), len(before.FindString(text)); got != want {
				t.Errorf("%s takes %d of %d bytes, want %d", source, got, n, want)
			}
		}
	}
}

func TestReversed(t *testing.T) {
	re, wrong := Parse(`(?m)^(ab|[c-e]{2}f)x$`)
	if wrong != "" {
		t.Fatal(wrong)
	}
	back := regexp.MustCompile(Reversed(Bare(re)).String())
	for text, want := range map[string]bool{"xba": true, "xfdc": true, "xab": false, "abx": false, "y\nxba\ny": true} {
		if back.MatchString(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if back.NumSubexp() != 0 {
		t.Error("groups are left")
	}
}
