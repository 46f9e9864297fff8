package rulefile

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// files opens rule files from a map.
func files(all map[string]string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		text, ok := all[strings.TrimPrefix(path, "./")]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
}

func mustConfig(t *testing.T, file, text string) *Config {
	t.Helper()
	c, err := Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var base = []rules.Rule{
	{ID: "buoy-key", Description: "Buoy key", Regex: "buoy_([a-z]{8})", Entropy: 2, Keywords: []string{"buoy_"}, Tags: []string{"sea"},
		Proof: leak.Structural, Severity: leak.Low, Decodes: "x", Allowlists: []rules.Allowlist{{StopWords: []string{"one"}}}, File: "builtin/buoy.toml", Line: 3},
	{ID: "buoy-id", Regex: "buoy-id", Proof: leak.Pattern, File: "builtin/buoy.toml", Line: 30},
	{ID: "pair", Regex: "pair", Components: []rules.Component{{Rule: "buoy-id", Optional: true}, {Rule: "buoy-key"}}, File: "builtin/buoy.toml", Line: 40},
}

func TestMergeInheritsByField(t *testing.T) {
	c := mustConfig(t, "f.toml", `
[extend]
useDefault = true
[[rules]]
id = "buoy-key"
entropy = 3.5
keywords = ["boje_"]
tags = ["ours"]
severity = "critical"
[[rules.allowlists]]
stopwords = ["two"]
[[rules]]
id = "own"
regex = "own"
[[allowlists]]
paths = ["^vendor/"]
[[allowlists]]
targetRules = ["own", "buoy-id"]
stopwords = ["three"]
`)
	merged, notices, err := c.Merge(base, nil)
	if err != nil || len(notices) > 0 || len(merged) != 4 {
		t.Fatalf("%d rules, notices %q, %v", len(merged), notices, err)
	}
	everywhere, targeted := rules.Allowlist{Paths: []string{"^vendor/"}}, rules.Allowlist{TargetRules: []string{"own", "buoy-id"}, StopWords: []string{"three"}}
	want := rules.Rule{ID: "buoy-key", Description: "Buoy key", Regex: "buoy_([a-z]{8})", Entropy: 3.5, Keywords: []string{"buoy_", "boje_"},
		Tags: []string{"sea", "ours"}, Proof: leak.Structural, Severity: leak.Critical, Decodes: "x",
		Allowlists: []rules.Allowlist{{StopWords: []string{"one"}}, {StopWords: []string{"two"}}, everywhere}, File: "builtin/buoy.toml", Line: 3}
	if !reflect.DeepEqual(merged[0], want) {
		t.Errorf("merged\n%+v, want\n%+v", merged[0], want)
	}
	for i, lists := range [][]rules.Allowlist{nil, {everywhere, targeted}, {everywhere}, {everywhere, targeted}} {
		if i > 0 && !reflect.DeepEqual(merged[i].Allowlists, lists) {
			t.Errorf("%s: %+v", merged[i].ID, merged[i].Allowlists)
		}
	}
	if len(base[0].Keywords) != 1 || len(base[0].Allowlists) != 1 || base[0].Entropy != 2 {
		t.Error("the base has changed")
	}
}

func TestMergeDisabled(t *testing.T) {
	c := mustConfig(t, "f.toml", "[extend]\nuseDefault = true\ndisabledRules = ['buoy-id', 'buoy-kex']\n")
	merged, notices, err := c.Merge(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(merged) != 2 || len(notices) != 1 || !strings.HasPrefix(notices[0], `f.toml:1: extend.disabledRules: no rule has the id "buoy-kex"; did you mean "buoy-key"?`) {
		t.Errorf("%d rules, notices %q", len(merged), notices)
	}
	if want := []rules.Component{{Rule: "buoy-key"}}; !reflect.DeepEqual(merged[1].Components, want) { // the optional one went with its rule
		t.Errorf("components %+v", merged[1].Components)
	}
	c = mustConfig(t, "f.toml", "[extend]\nuseDefault = true\ndisabledRules = ['buoy-key']\n")
	if _, notices, err = c.Merge(base, nil); err != nil || len(notices) != 1 || !strings.Contains(notices[0], `rule "pair" requires rule "buoy-key", which is disabled`) {
		t.Errorf("notices %q, %v", notices, err)
	}
}

// Files written for gitleaks extend its rules by its ids, which may not be ours.
func TestMergeNoticesUnknownIDs(t *testing.T) {
	c := mustConfig(t, "f.toml", "[extend]\nuseDefault = true\n[[rules]]\nid = 'bouy-key'\nentropy = 4\n[[allowlists]]\ntargetRules = ['buoy']\nstopwords=['x']\n")
	merged, notices, err := c.Merge(base, nil)
	if err != nil || len(merged) != 3 || len(notices) != 2 {
		t.Fatalf("%d rules, notices %q, %v", len(merged), notices, err)
	}
	for i, want := range []string{`f.toml:6: allowlists.targetRules: no rule has the id "buoy"`, `f.toml:3: rule "bouy-key" has no regex of its own and no rule has that id to extend; did you mean "buoy-key"?`} {
		if !strings.HasPrefix(notices[i], want) {
			t.Errorf("notice %q, want %q", notices[i], want)
		}
	}
}

func TestMergeChain(t *testing.T) {
	all := map[string]string{
		"a.toml":   "[extend]\npath = 'b.toml'\ndisabledRules = ['low']\n[[rules]]\nid = 'mid'\nregex = 'mid'\n[[allowlists]]\nstopwords = ['a']\n",
		"b.toml":   "[extend]\nuseDefault = true\n[[rules]]\nid = 'low'\nregex = 'low'\n[[rules]]\nid='mid'\nregex='m'\nentropy = 1\n",
		"c1.toml":  "[extend]\npath = './c2.toml'\n",
		"c2.toml":  "[extend]\npath = 'c1.toml'\n",
		"d1.toml":  "[extend]\npath = 'd2.toml'\n",
		"d2.toml":  "[extend]\npath = 'd3.toml'\n",
		"d3.toml":  "[extend]\npath = 'd4.toml'\n",
		"bad.toml": "x = 1",
	}
	for _, c := range []struct{ path, want, wrong string }{
		{"a.toml", "buoy-key buoy-id pair mid top", ""},
		{"b.toml", "buoy-key buoy-id pair low mid top", ""},
		{"c1.toml", "", `"c1.toml" extends itself`},
		{"f.toml", "", `f.toml:1:8: extend.path: "f.toml" extends itself`},
		{"d1.toml", "", "d2.toml:2:1: extend.path: files may extend each other 2 deep"},
		{"none.toml", "", `f.toml:1:8: extend.path: read "none.toml": file does not exist`},
		{"bad.toml", "", "bad.toml:1:1: x: unknown key"},
	} {
		top := mustConfig(t, "f.toml", fmt.Sprintf("extend.path = '%s'\n[[rules]]\nid='top'\nregex='top'\n", c.path))
		merged, _, err := top.Merge(base, files(all))
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v, want %q", c.path, err, c.wrong)
			}
			continue
		}
		var got []string
		for _, r := range merged {
			got = append(got, r.ID)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, %v", c.path, got, err)
		}
		if c.path == "a.toml" && (merged[3].Regex != "mid" || merged[3].Entropy != 1 || len(merged[4].Allowlists) != 1) {
			t.Errorf("a.toml: %+v", merged[3:])
		}
	}
	top := mustConfig(t, "f.toml", "[extend]\npath = 'a.toml'\n")
	if _, _, err := top.Merge(base, nil); err == nil {
		t.Error("a path was followed without a way to open it")
	}
}

// A configuration need not come from a file.
func TestMergeByHand(t *testing.T) {
	c := &Config{File: "flags", Extend: Extend{UseDefault: true, DisabledRules: []string{"nothing"}},
		Rules: []rules.Rule{{ID: "buoy-id", Regex: "other"}}, Allowlists: []rules.Allowlist{{StopWords: []string{"x"}}}}
	merged, notices, err := c.Merge(base, nil)
	if err != nil || len(merged) != 3 || len(notices) != 1 || merged[1].Regex != "other" || len(merged[1].Allowlists) != 1 {
		t.Errorf("%+v, %q, %v", merged, notices, err)
	}
	c = &Config{File: "flags", Extend: Extend{Path: "x.toml"}}
	if _, _, err := c.Merge(base, nil); err == nil {
		t.Error("a path was followed without a way to open it")
	}
}

func TestMergeMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[extend]\npath = 'empty.toml'", "f.toml: there are no rules in it"},
		{"[extend]\npath = 'b.toml'\n[[rules]]\nid = 'a'\n", `f.toml:3: rule "a": rules.regex: is missing`},
		{lead + "[[rules.required]]\nid = 'aa'\n[[rules]]\nid = 'ab'\nregex='x'", `f.toml:1: rule "a": rules.components: no rule has the id "aa"`},
		{"[extend]\nuseDefault = true\n[[rules]]\nid = 'buoy-id'\nsecretGroup = 2\n", `f.toml:3: rule "buoy-id": rules.secretGroup: is 2, the regex has 0 groups`},
	} {
		_, _, err := mustConfig(t, "f.toml", c.text).Merge(base, files(map[string]string{"b.toml": "[[rules]]\nid='b'\nregex='b'\n", "empty.toml": "title = 'nothing'"}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
		if _, ok := errors.AsType[*rules.Mistake](err); !ok {
			t.Errorf("%q: not a Mistake", c.text)
		}
	}
}

// A file that adds nothing is told from every other, for its rules are not compiled.
func TestAddsNothing(t *testing.T) {
	for text, want := range map[string]bool{
		"title = 't'\n[extend]\nuseDefault = true\n":                                        true,
		"[extend]\npath = 'b.toml'\n":                                                       false,
		"[extend]\nuseDefault = true\ndisabledRules = ['a']\n":                              false,
		"[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['x']\n":                      false,
		"[extend]\nuseDefault = true\n[[rules]]\nid = 'b'\nregex = 'b'\nkeywords = ['b']\n": false,
		"title = 't'\n": false,
	} {
		c, err := Parse("f.toml", []byte(text))
		if err != nil || c.AddsNothing() != want {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}
