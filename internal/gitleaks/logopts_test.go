package gitleaks

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func TestLogOpts(t *testing.T) {
	day := func(s string) time.Time {
		at, err := time.Parse(time.DateTime, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for text, want := range map[string]LogOpts{
		"":                                    {},
		"--all":                               {},
		"--all main..dev":                     {Not: []string{"main"}},
		"A..B":                                {Tips: []string{"B"}, Not: []string{"A"}},
		"A..":                                 {Tips: []string{"HEAD"}, Not: []string{"A"}},
		"--no-merges --first-parent A^..B":    {Tips: []string{"B"}, Not: []string{"A^"}},
		"main ^old":                           {Tips: []string{"main"}, Not: []string{"old"}},
		"-1":                                  {Tips: []string{"HEAD"}, Last: true},
		"-n 1 dev":                            {Tips: []string{"dev"}, Last: true},
		"--all -1":                            {},
		"--since=2026-01-31":                  {Since: day("2026-01-31 00:00:00")},
		"--since '2026-01-31 10:20:30' main":  {Tips: []string{"main"}, Since: day("2026-01-31 10:20:30")},
		`--after="2 weeks ago"`:               {Since: day("2026-02-24 12:00:00")},
		"--since=3.days.ago":                  {Since: day("2026-03-07 12:00:00")},
		"--since=24.hours.ago --full-history": {Since: day("2026-03-09 12:00:00")},
		"--since=yesterday":                   {Since: day("2026-03-09 12:00:00")},
		"--since=1767225600":                  {Since: day("2026-01-01 00:00:00")},
	} {
		got, err := ParseLogOpts(text, noon)
		if err != nil || !slices.Equal(got.Tips, want.Tips) || !slices.Equal(got.Not, want.Not) || got.Last != want.Last || !got.Since.Equal(want.Since) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	if got, _ := ParseLogOpts("--all --reverse", noon); !got.All() {
		t.Error("--all narrows the history")
	}
}

// What would change the answer and is not known stops the scan, with what to write.
func TestLogOptsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"--author=ann":         "--author=ann is not known: name commits as A..B",
		"--grep x":             "--grep is not known",
		"-S word":              "-S is not known",
		"A...B":                "write A..B",
		"-5":                   "write HEAD~N..HEAD",
		"-n 5":                 "write HEAD~N..HEAD",
		"--max-count=7":        "write HEAD~N..HEAD",
		"main -- src":          "take -- and what follows out",
		"--since=next tuesday": "is no date that is known here",
		"--until=2026-01-01":   "--until=2026-01-01 is not known",
		"'open":                "a quote does not end",
	} {
		if _, err := ParseLogOpts(text, noon); err == nil || !strings.HasPrefix(err.Error(), "--log-opts: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzLogOpts(f *testing.F) {
	f.Add("--since='2 weeks ago' A..B ^C -1")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseLogOpts(text, noon)
		if err == nil && slices.ContainsFunc(append(o.Tips, o.Not...), func(rev string) bool { return strings.HasPrefix(rev, "-") }) {
			t.Errorf("%q: an option passes as a revision: %+v", text, o)
		}
	})
}
