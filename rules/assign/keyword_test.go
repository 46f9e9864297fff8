package assign_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/rulefile"
)

// TestKeywordsOfRule holds that the built-in rule looks for what this package
// reads: a keyword that only one of the two knows is never found.
func TestKeywordsOfRule(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "builtin", "generic.toml"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := rulefile.Parse("builtin/generic.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, r := range config.Rules {
		if r.Matcher != "assignment" {
			continue
		}
		seen++
		if !slices.Equal(r.Keywords, assign.Keywords()) {
			t.Errorf("%s: keywords are not those of assign.Keywords", r.ID)
		}
	}
	if seen == 0 {
		t.Error("no rule uses the assignment matcher")
	}
}
