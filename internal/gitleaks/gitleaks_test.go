package gitleaks

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// value is a made-up one.
var value = leaktest.Must(7, `{{github "ghp_"}}`)

const commit = "0123456789abcdef0123456789abcdef01234567"

// sample is a report with a finding in history, one that is only warned of, and
// one in a file.
func sample() *report.Document {
	secret := leak.NewSecret([]byte(value))
	deny, warn := &leak.Decision{Verdict: leak.Deny}, &leak.Decision{Verdict: leak.Warn}
	origin := &leak.Origin{Commit: commit, Author: "Ann", Email: "ann@example.org", Subject: "add, \"it\"", Date: time.Date(2024, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600))}
	inHistory := leak.Sighting{Place: leak.GitBlob{Name: "a b.env", Commit: commit}, Line: 2, EndLine: 2, Column: 8, EndColumn: 48, Reach: leak.Reachable, Origin: origin}
	onDisk := leak.Sighting{Place: leak.File{Name: "x.zip", Inner: leak.Inner{"in.env"}}, Line: 1, EndLine: 1, Column: 1, EndColumn: 41}
	return &report.Document{
		Rules: []report.Rule{{ID: "github-pat", Description: "GitHub token", Tags: []string{"vcs"}}},
		Findings: []*leak.Finding{
			{Rule: "github-pat", Secret: secret, Sighting: inHistory, Decision: deny, Also: []leak.Sighting{onDisk}},
			{Rule: "github-pat", Secret: secret, Sighting: inHistory, Decision: warn},
		},
	}
}

// fields are those that gitleaks 8.30 wrote, in its order.
var fields = []string{"RuleID", "Description", "StartLine", "EndLine", "StartColumn", "EndColumn", "Match", "Secret", "File", "SymlinkFile", "Commit",
	"Link", "Entropy", "Author", "Email", "Date", "Message", "Tags", "Fingerprint"}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	rows := Findings(sample(), Options{Remote: "https://ann@github.com/o/r.git"})
	if err := WriteJSON(&b, rows); err != nil {
		t.Fatal(err)
	}
	var got []string
	dec := json.NewDecoder(bytes.NewReader(b.Bytes()))
	dec.Token() // [
	dec.Token() // {
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name.(string))
		var skip any
		if err := dec.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, fields) {
		t.Errorf("fields %v", got)
	}
	want := Finding{RuleID: "github-pat", Description: "GitHub token", StartLine: 2, EndLine: 2, StartColumn: 8, EndColumn: 47, Match: Redacted, Secret: Redacted,
		File: "a b.env", Commit: commit, Link: "https://github.com/o/r/blob/" + commit + "/a%20b.env#L2", Entropy: rows[0].Entropy, Author: "Ann", Email: "ann@example.org",
		Date: "2024-03-01T12:00:00Z", Message: "add, \"it\"", Fingerprint: commit + ":a b.env:github-pat:2"}
	rows[0].Tags = nil
	if len(rows) != 2 || rows[0].String() != want.String() {
		t.Errorf("%d rows, the first\n%+v\nwant\n%+v", len(rows), rows[0], want)
	}
	if rows[1].File != "x.zip!in.env" || rows[1].Link != "" || rows[1].Fingerprint != "x.zip!in.env:github-pat:1" || rows[1].Date != "" {
		t.Errorf("%+v", rows[1])
	}
	if e := rows[0].Entropy; e < 3 || e > 6 || e*10 != float32(int(e*10+0.5)) {
		t.Errorf("entropy %v", e)
	}
}

func (row Finding) String() string {
	b, _ := json.Marshal(row)
	return string(b)
}

// No format shows a value that nobody asked for, and each shows it to who did.
func TestValues(t *testing.T) {
	for _, reveal := range []bool{false, true} {
		rows := Findings(sample(), Options{Reveal: reveal})
		for name, write := range map[string]func(*bytes.Buffer) error{
			"json": func(b *bytes.Buffer) error { return WriteJSON(b, rows) }, "csv": func(b *bytes.Buffer) error { return WriteCSV(b, rows) },
			"junit": func(b *bytes.Buffer) error { return WriteJUnit(b, rows) }, "verbose": func(b *bytes.Buffer) error { return WriteVerbose(b, rows) },
			"template": func(b *bytes.Buffer) error {
				return WriteTemplate(b, "t", "{{range .}}{{.RuleID}} {{.Secret}}\n{{end}}", rows)
			},
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(b.String(), value); got != reveal {
				t.Errorf("%s, reveal %v: shown %v", name, reveal, got)
			}
			if !strings.Contains(b.String(), "github-pat") || !reveal && !strings.Contains(b.String(), Redacted) {
				t.Errorf("%s: %s", name, b.String())
			}
		}
	}
}

func TestCSVAndJUnit(t *testing.T) {
	rows := Findings(sample(), Options{})
	var b bytes.Buffer
	if err := WriteCSV(&b, nil); err != nil || b.Len() != 0 {
		t.Errorf("no rows: %q, %v", b.String(), err)
	}
	if err := WriteCSV(&b, rows); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) != 3 || !slices.Equal(lines[0], columns) || lines[1][11] != rows[0].Message {
		t.Errorf("%q, %v", lines, err)
	}
	for n, some := range [][]Finding{nil, rows[:1], rows} {
		var x bytes.Buffer
		if err := WriteJUnit(&x, some); err != nil {
			t.Fatal(err)
		}
		var suites junitSuites
		if err := xml.Unmarshal(x.Bytes(), &suites); err != nil {
			t.Fatal(err)
		}
		if s := suites.Suites[0]; s.Failures != n || s.Tests != n || len(s.Cases) != n {
			t.Errorf("%d rows: %+v", n, s)
		}
	}
	if err := WriteTemplate(&b, "t", "{{upper .}}", rows); err == nil || !strings.Contains(err.Error(), "text/template") {
		t.Errorf("a function that is not there: %v", err)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range [][3]string{{"", "a.json", "json"}, {"", "a.XML", "junit"}, {"", "-", "json"}, {"csv", "a.json", "csv"}, {"", "a.sarif", "sarif"}, {"", "a.bogus", ""}, {"bogus", "a.json", ""}} {
		got, err := Format(c[0], c[1])
		if got != c[2] || (err == nil) != (c[2] != "") {
			t.Errorf("%q %q: %q, %v", c[0], c[1], got, err)
		}
	}
}

func TestLinks(t *testing.T) {
	row := Finding{File: "d/a.env", Commit: "c0", StartLine: 3, EndLine: 5}
	for _, c := range [][3]string{
		{"git@github.com:o/r.git", "", "https://github.com/o/r/blob/c0/d/a.env#L3-L5"},
		{"ssh://git@gitlab.com:2222/o/r.git", "", "https://gitlab.com/o/r/blob/c0/d/a.env#L3-5"},
		{"https://code.example/o/r", "", ""},
		{"https://code.example/o/r", "GitHub", "https://code.example/o/r/blob/c0/d/a.env#L3-L5"},
		{"https://code.example:8443/o/r.git", "gitea", "https://code.example:8443/o/r/src/commit/c0/d/a.env#L3-L5"},
		{"https://bitbucket.org/o/r", "", "https://bitbucket.org/o/r/src/c0/d/a.env#lines-3"},
		{"https://org@dev.azure.com/org/p/_git/r", "", "https://dev.azure.com/org/p/_git/r/commit/c0?path=/d/a.env&line=3&lineEnd=5&type=2&lineStyle=plain&_a=files"},
		{"https://github.com/o/r", "none", ""}, {"/srv/git/r.git", "", ""}, {"", "github", ""}, {"file:///srv/r", "github", ""},
	} {
		if got := linker(c[0], c[1])(row); got != c[2] {
			t.Errorf("%s %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
	if CheckHost("GitLab") != nil || CheckHost("bogus") == nil {
		t.Error("--platform takes other names than it says")
	}
}
