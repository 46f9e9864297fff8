package allow

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Gitleaks is a report of gitleaks v8 that serves as a baseline (its
// --baseline-path): a JSON array of findings.
//
// An entry with its value matches that value in that file, whatever rule finds
// it: our rules have other ids. An entry that was written with --redact matches
// its line in its file, and so keeps silent about another value that stands there
// later; a baseline of our own does not.
type Gitleaks struct {
	name    string
	entries map[string][]*gitleaksEntry // by file
	order   []*gitleaksEntry
}

type gitleaksEntry struct {
	rule  string
	file  string
	line  int
	value leak.Secret // zero where the report was redacted
	used  bool
}

// redactedBy are the marks that gitleaks leaves in a value: --redact writes the
// word, --redact=N cuts and adds dots (README, "redact").
func redactedBy(value string) bool {
	return value == "" || value == "REDACTED" || strings.HasSuffix(value, "...")
}

// ParseGitleaks reads a gitleaks report.
func ParseGitleaks(name string, data []byte) (*Gitleaks, error) {
	var found []struct {
		RuleID, File, Secret string
		StartLine            int
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, fmt.Errorf("%s: read gitleaks report: %w", name, err)
	}
	g := &Gitleaks{name: name, entries: map[string][]*gitleaksEntry{}}
	for _, f := range found {
		e := &gitleaksEntry{rule: f.RuleID, file: strings.ReplaceAll(f.File, `\`, "/"), line: f.StartLine}
		if !redactedBy(f.Secret) {
			e.value = leak.NewSecret([]byte(f.Secret))
		}
		g.entries[e.file] = append(g.entries[e.file], e)
		g.order = append(g.order, e)
	}
	return g, nil
}

// Match implements List. Archive members are joined with '!' there.
func (g *Gitleaks) Match(f *leak.Finding) *leak.Suppression {
	for _, e := range g.entries[strings.ReplaceAll(f.Place.Path(), "!/", "!")] {
		same := e.value.Equal(f.Secret)
		if e.value.IsZero() {
			same = e.line == f.Line
		}
		if same {
			e.used = true
			return &leak.Suppression{Kind: leak.SuppressBaseline, Where: g.name}
		}
	}
	return nil
}

// Unused implements List.
func (g *Gitleaks) Unused() []string {
	var out []string
	for _, e := range g.order {
		if !e.used {
			out = append(out, fmt.Sprintf("%s: %s:%d (%s)", g.name, e.file, e.line, e.rule))
		}
	}
	return out
}
