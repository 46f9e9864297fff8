package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

const houseRule = `
[[rules]]
id = "house-token"
description = "a token of the house"
keywords = ["hse_"]
regex = '''\bhse_[A-Za-z0-9]{30}\b'''
`

// A rule file stands in the place of the built-in rules or beside them, and is taken anew
// where it changes; a broken one changes nothing.
func TestLoadRules(t *testing.T) {
	dir := t.TempDir()
	file, toml := filepath.Join(dir, "webhook.yaml"), filepath.Join(dir, "rules.toml")
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := &live{file: file, metrics: newMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
	load := func(text, want string) {
		t.Helper()
		put(toml, text)
		if err := l.load(t.Context()); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Fatalf("%v, and not %q", err, want)
		}
	}
	house := review(leaktest.Must(3, `{"name":"LEVEL","value":"hse_{{alnum 30}}"}`))
	decides := func(what, aws, ours string) {
		t.Helper()
		for body, want := range map[string]string{leaky(): aws, house: ours} {
			if a := l.now().admitter.Review(t.Context(), []byte(body)); a.Decision != want {
				t.Errorf("%s: %s, not %s: %+v, %v", what, a.Decision, want, a.Findings, a.Err)
			}
		}
	}
	put(file, "rules: "+toml+"\ndefaults: {enforce: {level: all}}")
	const beside = "[extend]\nuseDefault = true\n" + houseRule
	load("[extend]\nuseDefault = true\n", "")
	decides("a file that adds nothing", admit.DecisionDeny, admit.DecisionAllow)
	load(beside, "")
	decides("beside the built-in ones", admit.DecisionDeny, admit.DecisionDeny)
	was := l.now()
	load(beside, "")
	load(beside+"[[rules]]\nid = 7\n", "rules.toml")
	load("[extend]\npath = \"other.toml\"\n"+houseRule, "one rule file")
	if err := os.Remove(toml); err != nil {
		t.Fatal(err)
	}
	if err := l.load(t.Context()); err == nil || !strings.Contains(err.Error(), "read the rules") {
		t.Errorf("a file that is gone: %v", err)
	}
	if l.now() != was {
		t.Error("what did not change, or cannot be used, takes the place of what holds")
	}
	load(houseRule, "")
	decides("in their place", admit.DecisionAllow, admit.DecisionDeny)
}
