package scanner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// byPlace are files of rules that know a value by where it stands: a password in a
// URL, a bearer in a header. Of these and a token's own rule the surer one stands.
var byPlace = []string{"authfile", "command", "database", "http", "jwt", "url", "generic"}

// TestSamplesAreTheirRules scans each rule's examples as a person's file would be,
// and holds that the finding that stands is that rule's, and that no other rule
// finds a part of the same value. The engine's tests ask the rules one by one;
// here decoding, companions and overlaps have had their say.
func TestSamplesAreTheirRules(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	set, seen := builtin.Set(), 0
	for _, r := range all {
		for i, tmpl := range r.Want {
			text := leaktest.Must(11, tmpl)
			found := sample(t, set, fileFor(&r), text)
			mine := slices.ContainsFunc(found, func(f *leak.Finding) bool { return f.Rule == r.ID })
			if !mine && !byItsPlace(&r) {
				t.Errorf("%s: want %d is not its finding; found are %q", r.ID, i+1, ids(found))
			}
			for _, f := range found {
				if f.Rule != r.ID && mine && overlapsOne(f, found, r.ID) {
					t.Errorf("%s: want %d is also %s's", r.ID, i+1, f.Rule)
				}
			}
			seen++
		}
	}
	if seen < 1400 {
		t.Errorf("only %d examples", seen)
	}
}

// sample scans one text.
func sample(t *testing.T, set *rules.Set, name, text string) (found []*leak.Finding) {
	t.Helper()
	source := sourcetest.Memory{{Name: name, Content: []byte(text + "\n")}}
	_, err := scanner.New(set, scanner.Options{}).Scan(t.Context(), source.Plain(), func(e scanner.Event) error {
		if e.Finding != nil {
			found = append(found, e.Finding)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fileFor is a name under which the rule looks.
func fileFor(r *rules.Rule) string {
	if r.ID == scanner.IdentityRule {
		return ".github/workflows/deploy.yml"
	}
	for _, name := range []string{".pgpass", ".netrc", ".npmrc", ".pypirc"} {
		if r.Path != "" && strings.Contains(r.Path, strings.TrimLeft(name, ".")) {
			return name
		}
	}
	return "deploy.conf"
}

func byItsPlace(r *rules.Rule) bool {
	return r.Matcher != "" || slices.Contains(byPlace, strings.TrimSuffix(strings.TrimPrefix(r.File, "builtin/"), ".toml"))
}

// overlapsOne tells whether f lies over a finding of that rule.
func overlapsOne(f *leak.Finding, found []*leak.Finding, rule string) bool {
	return slices.ContainsFunc(found, func(g *leak.Finding) bool {
		return g.Rule == rule && g.Span.Start < f.Span.End && f.Span.Start < g.Span.End
	})
}

func ids(found []*leak.Finding) (out []string) {
	for _, f := range found {
		out = append(out, f.Rule)
	}
	return out
}
