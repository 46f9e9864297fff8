package rules

import (
	"errors"
	"strings"
	"testing"
)

// TestCompileRefuses: our own rules are held to be found fast and exactly, and
// every rule to be of a sane size. Messages name file, line and rule.
func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct {
		name, file string
		rule       Rule
		want       string
	}{
		{"no literal", "builtin/x.toml", Rule{Regex: `[a-z]{8}`}, "keyword not implied"},
		{"a branch without one", "builtin/x.toml", Rule{Regex: `token_[a-z]{3}|[0-9]{4}`}, "keyword not implied"},
		{"keywords not in it", "builtin/x.toml", Rule{Regex: `token_[a-z]{3}`, Keywords: []string{"secret"}}, "keyword not implied"},
		{"star before", "builtin/x.toml", Rule{Regex: `[a-z]*token_`}, "unbounded reach"},
		{"plus behind", "builtin/x.toml", Rule{Regex: `token_[a-z]+`}, "unbounded reach"},
		{"no upper bound", "builtin/x.toml", Rule{Regex: `token_[a-z]{4,}`}, "unbounded reach"},
		{"five thousand bytes", "builtin/x.toml", Rule{Regex: `token_[a-z]{0,1000}-[^"]{0,1000}`}, "unbounded reach"},
		{"repeats too often", "theirs.toml", Rule{Regex: `token_[a-z]{1001}`}, "invalid repeat count"},
		{"repeats repeated", "theirs.toml", Rule{Regex: `token_(?:(?:[a-z]{100}){10}){10}`}, "invalid repeat count"},
		{"a large program", "theirs.toml", Rule{Regex: `token_` + strings.Repeat(`(?:[a-z]{900}|[0-9]{900})`, 40)}, "repeat less"},
		{"not a regexp", "theirs.toml", Rule{Regex: `token_(`}, "not a regexp of RE2"},
		{"a look-ahead", "theirs.toml", Rule{Regex: `token_(?=x)`}, "not a regexp of RE2"},
		{"no such group", "theirs.toml", Rule{Regex: `token_(x)`, SecretGroup: 2}, "secretGroup is 2"},
		{"no such matcher", "theirs.toml", Rule{Matcher: "magic"}, "unknown matcher"},
	} {
		c.rule.ID, c.rule.File, c.rule.Line = "the-rule", c.file, 7
		_, err := Compile([]Rule{c.rule})
		if err == nil {
			t.Errorf("%s: compiles", c.name)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.file+`:7: rule "the-rule": `) {
			t.Errorf("%s: %v", c.name, err)
		}
		if mistake := (*Mistake)(nil); !errors.As(err, &mistake) {
			t.Errorf("%s: not a Mistake", c.name)
		}
	}
}

// TestCompileTellsAll: one run tells of every rule that is wrong.
func TestCompileTellsAll(t *testing.T) {
	_, err := Compile([]Rule{{ID: "a", Regex: "("}, {ID: "b", Regex: "good"}, {ID: "c", Regex: ")"}, {ID: "b", Regex: "twice"}})
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.Contains(err.Error(), "a second rule of this id") {
		t.Errorf("got %v", err)
	}
}

// TestForeignLanes: what can't be found by a literal is found all the same.
func TestForeignLanes(t *testing.T) {
	for _, c := range []struct {
		lane string
		rule Rule
	}{
		{"fast", Rule{Regex: `token_[a-z]+`}},
		{"fast", Rule{Regex: `token_[a-z]+`, Keywords: []string{"TOKEN"}}},
		{"slow", Rule{Regex: `token_[a-z]+`, Keywords: []string{"vendor"}}}, // the keyword may stand anywhere
		{"slow", Rule{Regex: `[a-z]+-token_`}},
		{"slow", Rule{Regex: `[0-9a-f]{32}`, Keywords: []string{"vendor"}}},
		{"path", Rule{Path: `\.pem$`}},
	} {
		c.rule.ID, c.rule.File = "x", "theirs.toml"
		s, err := Compile([]Rule{c.rule})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Lane("x"); got != c.lane {
			t.Errorf("%s %v: lane %s, want %s", c.rule.Regex, c.rule.Keywords, got, c.lane)
		}
	}
}

// TestValueGroup holds which group is the value.
func TestValueGroup(t *testing.T) {
	for _, c := range []struct {
		file, regex string
		group       int
		want        string
	}{
		{"theirs.toml", `tok_[a-z]+`, 0, "tok_abc"},
		{"theirs.toml", `tok_([a-z]+)`, 0, "abc"},
		{"theirs.toml", `(zzz)?tok_([a-z])([a-z]+)`, 0, "a"}, // the first that is not empty, as gitleaks has it
		{"theirs.toml", `tok_([a-z])([a-z]+)`, 2, "bc"},
		{"builtin/a.toml", `tok_([a-z])([a-z]{2})`, 0, "tok_abc"},
		{"builtin/a.toml", `tok_([a-z])(?P<value>[a-z]{2})`, 0, "bc"},
		{"builtin/a.toml", `(?P<key>tok)_([a-z])([a-z]{2})`, 0, "tok_abc"},
		{"builtin/a.toml", `key_(?P<value>[a-z]{3})|tok_(?P<value>[a-z]{2})`, 0, "ab"},
	} {
		s, err := Compile([]Rule{{ID: "x", File: c.file, Regex: c.regex, SecretGroup: c.group}})
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(" tok_abc ")
		m := s.Append(nil, text)
		if len(m) != 1 || string(text[m[0].Value[0]:m[0].Value[1]]) != c.want {
			t.Errorf("%s, group %d: %v, want %s", c.regex, c.group, spots(m), c.want)
		}
	}
}

// TestJoin: a user's rules beside ours, and in their place.
func TestJoin(t *testing.T) {
	s, err := Compile([]Rule{{ID: "a", Regex: "first"}, {ID: "b", Regex: "second"}})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.Join([]Rule{{ID: "c", Regex: "third"}, {ID: "a", Regex: "fourth"}}); err != nil {
		t.Fatal(err)
	}
	if got := spots(s.Append(nil, []byte("first second third fourth"))); len(got) != 3 || got[0].Rule != "b" || got[2].Rule != "a" {
		t.Errorf("got %v", got)
	}
	var ids []string
	for _, r := range s.Rules() {
		ids = append(ids, r.ID)
	}
	if strings.Join(ids, " ") != "a b c" {
		t.Errorf("rules %v", ids)
	}
}
