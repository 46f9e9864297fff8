package rulefile

import (
	"slices"
	"strings"
	"testing"
)

const foreignFile = `title = "theirs"
betterleaksMinVersion = "1.8.0"
minVersion = "v8.25.0"
prefilter = '''
// files that hold none
filter.matchesAny(get(attributes, "path", ""), [` + "`\\.png$`, `(?i)^vendor/`" + `])
'''
filter = '''finding["secret"] == "NONE" || filter.containsAny(finding["line"], ["a.b"])'''

[extend]
useDefault = true

[[rules]]
id = "buoy"
description = "it's a buoy"
regex = '''buoy_[0-9a-f]{16}'''
keywords = ["buoy_"]
filter = '''
(filter.entropy(finding["secret"]) <= 3.25)
|| matchesAny((attributes["path"] ?? ""), ["^docs/"]) || filter.matchesAny(finding["match"], [` + "`x'y`" + `])
'''
validate = '''http.get("https://buoy.example")'''
specificity = 3
  [[rules.required]]
  id = "harbour"
  withinLines = 3

[[rules]]
id = "harbour"
description = "harbour"
regex = '''harbour_[0-9]{9}'''
components = [{id = "buoy", within = "5L,100C", optional = true}, {id = "buoy", within = "2W"}]
filter = '''entropy(finding["secret"]) < 2 && !matchesAny(finding["secret"], ["x"])'''

[[rules]]
id = "nothing"
description = "has neither regex nor path"
`

func TestImport(t *testing.T) {
	im, err := Import("theirs.toml", []byte(foreignFile))
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, m := range im.Left {
		left = append(left, m.Error())
	}
	want := []string{
		`theirs.toml:22:1: rule "buoy": validate: left out: a live check`,
		`theirs.toml:23:1: rule "buoy": specificity: left out: a key that oakum has no equal of`,
		`theirs.toml:32:81: rule "harbour": components.within: left out: oakum knows lines and columns`,
		`theirs.toml:33:1: rule "harbour": filter: left out: an expression that oakum does not run`,
	}
	for i, w := range want {
		if i >= len(left) || !strings.HasPrefix(left[i], w) {
			t.Errorf("left out\n%s\nwant %s", strings.Join(left, "\n"), w)
		}
	}
	c, err := Parse("ours.toml", im.TOML)
	if err != nil {
		t.Fatalf("%v\n%s", err, im.TOML)
	}
	if im.Rules != 3 || len(c.Rules) != 3 || !c.Extend.UseDefault || c.MinVersion != "" {
		t.Errorf("%d rules, %+v", im.Rules, c)
	}
	buoy := c.Rules[0]
	if buoy.Entropy != 3.25 || buoy.Description != "it's a buoy" || len(buoy.Components) != 1 || buoy.Components[0].Lines != 3 {
		t.Errorf("%+v", buoy)
	}
	if len(buoy.Allowlists) != 2 || !slices.Equal(buoy.Allowlists[0].Paths, []string{"^docs/"}) || buoy.Allowlists[1].RegexTarget != "match" || buoy.Allowlists[1].Regexes[0] != "x'y" {
		t.Errorf("allowlists %+v", buoy.Allowlists)
	}
	harbour := c.Rules[1]
	if len(harbour.Components) != 2 || harbour.Components[0].Lines != 5 || harbour.Components[0].Columns != 100 || !harbour.Components[0].Optional || harbour.Entropy != 0 {
		t.Errorf("%+v", harbour)
	}
	if len(c.Allowlists) != 3 || !slices.Equal(c.Allowlists[0].Paths, []string{`\.png$`, "(?i)^vendor/"}) ||
		c.Allowlists[1].Regexes[0] != "^NONE$" || c.Allowlists[2].Regexes[0] != `a\.b` || c.Allowlists[2].RegexTarget != "line" {
		t.Errorf("global allowlists %+v", c.Allowlists)
	}
}

// What is left out of a filter makes a rule find more: so nothing that is not
// understood whole may become an allowlist.
func TestFiltersThatDoNotMap(t *testing.T) {
	for _, text := range []string{
		"", "true", `filter.failsTokenEfficiency(finding["secret"])`, `!filter.matchesAny(finding["secret"], ["a"])`,
		`filter.matchesAny(finding["secret"], ["a"]) && filter.entropy(finding["secret"]) < 1`, `filter.entropy(finding["match"]) < 1`,
		`filter.entropy(finding["secret"]) > 1`, `filter.matchesAny(get(attributes, "git.sha", ""), ["a"])`, `filter.matchesAny(finding["secret"], [])`,
		`filter.matchesAny(finding["secret"], ["a"]`, `filter.entropy(finding["secret"]) <= 3 || `, `filter.entropy(finding["secret"]) <= 3 garbage`,
		`let x = 1; filter.entropy(finding["secret"]) <= 3`, `(filter.entropy(finding["secret"]) <= 3`, `finding["secret"] != "a"`,
	} {
		if terms, ok := parseFilter(text); ok {
			t.Errorf("%q maps to %+v", text, terms)
		}
	}
}

// A string that TOML could misread is written so that it reads back.
func TestTOMLString(t *testing.T) {
	for _, s := range []string{"", "a", `a\d'b`, "it's", "'''", "''", "a\nb", "a\n'", "\x01", "q\"'''\\", "tab\t'x", "ends with '", "ü\u202e"} {
		c, err := Parse("t.toml", []byte("description = "+tomlString(s)+"\n[extend]\nuseDefault = true\n"))
		if err != nil || c.Description != s {
			t.Errorf("%q: written as %s, read as %q (%v)", s, tomlString(s), c.Description, err)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add(foreignFile)
	f.Add(`filter = '''matchesAny(finding["secret"], ["'''` + "\n[[rules]]\nid=1")
	f.Fuzz(func(t *testing.T, text string) {
		im, err := Import("f.toml", []byte(text))
		if err != nil {
			return
		}
		for _, m := range im.Left {
			if m.File == "" {
				t.Error("a mistake without its file")
			}
		}
		if _, _, err := parseTree(im.TOML); err != nil {
			t.Errorf("what it made is no TOML: %v\n%s", err, im.TOML)
		}
	})
}
