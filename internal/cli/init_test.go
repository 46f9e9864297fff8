package cli

import (
	"crypto/sha256"
	"io/fs"
	"testing"

	"github.com/oakum-sec/oakum/internal/setup"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/rules/rulefile"
)

// The configuration that init writes costs nothing until somebody writes into it: the
// built-in rules are used in their compiled form. Compiling them takes a tenth of a
// second, at each commit and each call of a coding agent.
func TestInitConfigurationIsFree(t *testing.T) {
	change, err := setup.Config(configNames, func(string) ([]byte, error) { return nil, fs.ErrNotExist })
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := rulefile.Parse(change.File, change.New)
	if err != nil || !parsed.AddsNothing() {
		t.Fatalf("it adds something: %v", err)
	}
	c := configuration{ruleWords: sha256.New()}
	if err := c.compile(change.File, change.New, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := len(c.set.Rules()), len(builtin.Set().Rules()); got != want || want == 0 {
		t.Errorf("%d rules, want %d", got, want)
	}
}
