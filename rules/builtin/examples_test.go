package builtin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// seeds is how many texts are made of each example. Most mistakes of a rule show
// in every seed; one that loses a value in ten is found out, by two examples of
// five texts, in two cases of three.
const seeds = 5

// placed are the files whose rules know a value by where it stands, not by what
// it is. A provider's token in a URL or a header is found by both kinds, and the
// scanner keeps the surer one.
var placed = []string{"authfile", "command", "database", "http", "jwt", "privatekey", "url"}

// TestExamples renders every example of every rule, puts it into surroundings
// that change nothing, and looks: each want must give one value, which no other
// provider's rule claims; each not_want none. Failures name the example, never
// the value.
func TestExamples(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Compile(all)
	if err != nil {
		t.Fatal(err)
	}
	wanted, unwanted := 0, 0
	for _, r := range all {
		e := example{set: set, rule: r.ID, settings: settings}
		if r.Path != "" {
			e.paths = homes
		}
		if r.Matcher != "" || isPlaced(&r) {
			e.settings = settings[1:] // a quote around it would be another place
		}
		for i, tmpl := range r.Want {
			wanted += e.each(t, "want", i, tmpl, e.once)
		}
		for i, tmpl := range r.NotWant {
			unwanted += e.each(t, "not_want", i, tmpl, e.never)
		}
	}
	if len(all) < leastRules || wanted < 2*leastRules*seeds || unwanted < 3*leastRules*seeds {
		t.Errorf("only %d rules with %d wanted and %d unwanted texts were seen: files are missing", len(all), wanted, unwanted)
	}
}

// homes are the files that rules with a path ask for.
var homes = []string{".pgpass", ".netrc", ".npmrc", ".pypirc"}

type example struct {
	set      *rules.Set
	rule     string
	paths    []string
	settings []setting
}

// each checks the texts of a template in each setting, and counts the texts.
func (e example) each(t *testing.T, kind string, i int, tmpl string, check func(text string) string) (texts int) {
	for seed := range uint64(seeds) {
		text, err := leaktest.Render(seed, tmpl)
		if err != nil {
			t.Errorf("%s: %s %d: %v", e.rule, kind, i+1, err)
			return texts
		}
		texts++
		for _, s := range e.settings {
			if why := check(s.put(text)); why != "" {
				t.Errorf("%s: %s %d, seed %d, %s: %s", e.rule, kind, i+1, seed, s.name, why)
			}
		}
	}
	return texts
}

type setting struct {
	name string
	put  func(string) string
}

var settings = []setting{
	{"in code", func(s string) string { return "func main() {\n\tsetup(\"" + s + "\")\n}\n" }},
	{"alone", func(s string) string { return s }}, // at the text's first and last byte
	{"in prose", func(s string) string { return "Here is what you asked for:\n" + s + "\nTell nobody.\n" }},
	{"with CRLF", func(s string) string { return strings.ReplaceAll("first line\n"+s+"\nlast line\n", "\n", "\r\n") }},
	{"far from both ends", func(s string) string {
		return strings.Repeat("lorem ipsum dolor sit amet\n", 400) + s + strings.Repeat("\nlorem ipsum dolor sit amet", 400)
	}},
}

func (e example) once(text string) string {
	mine, others := e.find(e.set.Append(nil, []byte(text)), text)
	switch {
	case len(mine) != 1:
		return "not found exactly once"
	case len(others) > 0:
		return "also claimed by " + strings.Join(others, ", ")
	}
	return e.seams(text, mine)
}

func (e example) never(text string) string {
	if mine, _ := e.find(e.set.Append(nil, []byte(text)), text); len(mine) > 0 {
		return "found"
	}
	return ""
}

// seams cuts the text into windows of several sizes, so that the value lies
// across their borders, and holds that the same is found. Long texts, which
// would take long and show no more, are left out.
func (e example) seams(text string, want [][2]int) string {
	for _, size := range []int{7, 50} {
		if len(text) > 600 {
			return ""
		}
		var found []rules.Match
		var carry rules.Carry
		for from := 0; from < len(text); from += size {
			found = e.set.AppendWindow(found, []byte(text), from, min(from+size, len(text)), &carry)
		}
		if got, _ := e.find(found, text); !slices.Equal(got, want) {
			return "windows find something else"
		}
	}
	return ""
}

// find gives where the rule's values lie, and which other rules claim a part of
// them.
func (e example) find(found []rules.Match, text string) (mine [][2]int, others []string) {
	in := rules.Subject{Text: []byte(text), Paths: e.paths, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	found = slices.DeleteFunc(found, func(m rules.Match) bool { return e.set.Judge(&m, in) != "" })
	for _, m := range found {
		if m.Rule.ID == e.rule {
			mine = append(mine, m.Value)
		}
	}
	for _, m := range found {
		if m.Rule.ID == e.rule || m.Rule.Proof == leak.Generic || isPlaced(m.Rule) {
			continue
		}
		for _, v := range mine {
			if m.Value[0] < v[1] && v[0] < m.Value[1] {
				others = append(others, m.Rule.ID)
			}
		}
	}
	return mine, others
}

func isPlaced(r *rules.Rule) bool {
	return slices.Contains(placed, strings.TrimSuffix(strings.TrimPrefix(r.File, "builtin/"), ".toml"))
}
