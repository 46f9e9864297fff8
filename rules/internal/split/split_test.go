package split

import (
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/rules/internal/tree"
)

// TestFind holds which literals are chosen, and where keywords are in all.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		regex    string
		keywords []string
		want     []string // literals of all splits
		implied  bool
	}{
		{`harbour_[a-z]{4}`, nil, []string{"harbour_"}, true},
		{`harbour_[a-z]{4}`, []string{"BOUR"}, []string{"harbour_"}, true},
		{`harbour_[a-z]{4}`, []string{"quay"}, []string{"harbour_"}, false},
		{`(?i)(?:quay|pier)-[0-9]`, nil, []string{"pier-", "quay-"}, true},
		{`[0-9]{2}quay|[a-z]{2}pier`, nil, []string{"pier", "quay"}, true},
		{`zk[ab]-`, nil, []string{"zka-", "zkb-"}, true},
		{`[0-9a-f]{32}`, nil, nil, true},
		{`quay|[0-9]{4}`, nil, nil, true},
	} {
		re, wrong := tree.Parse(c.regex)
		if wrong != "" {
			t.Fatal(wrong)
		}
		splits, implied := Find(tree.Bare(re), c.keywords)
		var got []string
		for i := range splits {
			for _, l := range splits[i].Literals {
				got = append(got, l.Text)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) || implied != c.implied {
			t.Errorf("%s %q: %q, implied %v; want %q, %v", c.regex, c.keywords, got, implied, c.want, c.implied)
		}
	}
}

// TestStands holds what is asked of the bytes beside a literal.
func TestStands(t *testing.T) {
	for _, c := range []struct {
		regex, text string
		at          int
		want        bool
	}{
		{`quay[0-9a-f]`, "quay1", 0, true},
		{`quay[0-9a-f]`, "quay", 0, false},
		{`quay[0-9a-f]`, "quayx", 0, false},
		{`quay[0-9a-f]*`, "quay", 0, true},
		{`\bquay\b`, "quay", 0, true},
		{`\bquay\b`, "aquay", 1, false},
		{`\bquay\b`, "-quay-", 1, true},
		{`\bquay\b`, "-quays", 1, false},
		{`[a-p]quay`, "pquay", 1, true},
		{`[a-p]quay`, "quay", 0, false},
	} {
		re, _ := tree.Parse(c.regex)
		splits, _ := Find(re, nil)
		if len(splits) != 1 || splits[0].Literals[0].Text != "quay" {
			t.Fatalf("%s: %d splits", c.regex, len(splits))
		}
		if got := splits[0].Stands([]byte(c.text), c.at, c.at+4); got != c.want {
			t.Errorf("%s in %q: %v", c.regex, c.text, got)
		}
	}
}
