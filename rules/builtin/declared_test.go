package builtin_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// leastRules is how many rules there are at least: fewer, and a file was lost.
const leastRules = 650

// ruleID is whose credential it is, and which: stripe-live-secret-key.
var ruleID = regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)+$`)

// oneWord are the formats that are known by one word.
var oneWord = map[string]bool{"jwt": true}

// TestDeclared: every rule says all that a person who is shown its finding asks,
// and has two texts at least of each kind to be tried on. Ids are unique over all
// files, whatever the order in which they are read.
func TestDeclared(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, r := range all {
		if other := seen[r.ID]; other != "" {
			t.Errorf("%s: %s and %s", r.ID, other, r.File)
		}
		seen[r.ID] = r.File
		if !ruleID.MatchString(r.ID) && !oneWord[r.ID] {
			t.Errorf("%s: write it as provider-thing, in small letters", r.ID)
		}
		for key, text := range map[string]string{"description": r.Description, "doc": r.Doc, "rotate": r.Rotate} {
			if strings.TrimSpace(text) == "" || strings.Contains(text, "\n") {
				t.Errorf("%s: %s is not one line", r.ID, key)
			}
		}
		pages := map[string]string{"source": r.Source, "rotate_url": r.RotateURL}
		if r.Matcher != "" {
			delete(pages, "source") // names beside values are documented in our own folder
		}
		for key, page := range pages {
			if u, err := url.Parse(page); err != nil || u.Scheme != "https" || u.Host == "" {
				t.Errorf("%s: %s is no https page", r.ID, key)
			}
		}
		if r.Severity < leak.Low || r.Severity > leak.Critical {
			t.Errorf("%s: no severity", r.ID)
		}
		if len(r.Want) < 2 || len(r.NotWant) < 2 {
			t.Errorf("%s: %d want and %d not_want, two of each are the least", r.ID, len(r.Want), len(r.NotWant))
		}
	}
	if len(seen) < leastRules {
		t.Errorf("only %d rules", len(seen))
	}
}
