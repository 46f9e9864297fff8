package report

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner"
)

// planted are the values of sample's findings.
func planted() []string {
	return []string{leaktest.Must(1, `{{github "ghp_"}}`), leaktest.Must(2, `{{awsID "AKIA"}}`), leaktest.Must(3, `{{awsSecret}}`), leaktest.Must(4, `{{randomPassword 16}}`)}
}

// sample is a document with one of everything, whose target quotes a value in
// its path, its commit's subject and its key, and has a hostile name.
func sample() *Document {
	v := planted()
	secret := func(i int) leak.Secret { return leak.NewSecret([]byte(v[i])) }
	when := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	origin := &leak.Origin{Commit: strings.Repeat("ab", 20), Author: "Ann", Email: "ann@example.org", Date: when, Subject: "use " + v[0], Paths: 1}
	github := &leak.Finding{
		Sighting: leak.Sighting{Place: leak.GitBlob{Blob: strings.Repeat("cd", 20), Commit: origin.Commit, Name: "conf/" + v[0] + ".env"},
			Span: leak.Span{Start: 6, End: 46}, Line: 2, Column: 7, EndLine: 2, EndColumn: 47, Reach: leak.Reachable, Origin: origin},
		ID: "v1." + strings.Repeat("0", 32), Rule: "github-pat", Key: "token", Secret: secret(0), Hint: "ghp_", Proof: leak.Proven, Severity: leak.High,
		Notes: []string{"a note that quotes " + v[0]}, Seen: 30,
		Decision: &leak.Decision{Verdict: leak.Deny, Reason: "proven, in the history"},
		Also:     []leak.Sighting{{Place: leak.File{Name: "a\u202etxt.env"}, Line: 1, Column: 1, EndLine: 1, EndColumn: 41, Step: &leak.Step{System: "gitlab-ci", Job: "deploy " + v[0], Step: "script 2", Variable: "TOKEN"}}, {Place: leak.GitMessage{Object: origin.Commit, What: "commit"}, Line: 1, Column: 5}},
	}
	pair := &leak.Finding{
		Sighting: leak.Sighting{Place: leak.File{Name: "prod env/a\nb.env"}, Span: leak.Span{Start: 0, End: 20}, Line: 1, Column: 1, EndLine: 1, EndColumn: 21},
		ID:       "p1." + strings.Repeat("1", 29) + ".abc", Rule: "aws-key", Key: "AWS_ACCESS_KEY_ID", Secret: secret(1), Hint: "AKIA", Proof: leak.Pattern, Severity: leak.Critical,
		Parts: []leak.Part{{Rule: "aws-secret", Secret: secret(2), Line: 2, Column: 1}}, Notes: []string{"account 123456789012"}, Seen: 1,
		Decision: &leak.Decision{Verdict: leak.Deny, Reason: "pattern, in the working tree"},
	}
	quiet := &leak.Finding{
		Sighting: leak.Sighting{Place: leak.Stdin{}, Span: leak.Span{Start: 9, End: 25}, Line: 1, Column: 10},
		ID:       "p1." + strings.Repeat("2", 29) + ".def", Rule: "generic", Key: "password", Secret: secret(3), Seen: 1, Decoded: []string{"base64"},
		Suppressed: &leak.Suppression{Kind: leak.SuppressInline, Reason: "a test", Where: "line 1"},
		Decision:   &leak.Decision{Verdict: leak.Allow, Reason: "suppressed by inline"},
	}
	d := &Document{
		Schema: Schema, Tool: Tool{Name: "oakum", Version: "v1.2.3"},
		Targets: []Target{{Kind: "git", Path: "my repo", Head: strings.Repeat("ab", 20), Branch: "main"}},
		Result:  Result{Verdict: leak.Deny, ExitCode: 1},
		Summary: scanner.Summary{Blobs: 1234, Bytes: 5678901, Findings: 3, Gaps: map[string]int64{leak.GapCorrupt: 1, leak.GapSubmodule: 1}, Failures: 2, Boundaries: 1,
			Dropped: map[string]int64{}, Suppressed: map[string]int64{leak.SuppressInline: 1}},
		Rules: []Rule{
			{ID: "aws-key", Description: "AWS access key", Doc: "A key pair of an AWS account.", Severity: leak.Critical, Proof: leak.Pattern, Rotate: "Make a second key, deactivate this one.", RotateURL: "https://docs.aws.amazon.com/IAM/"},
			{ID: "generic", Description: "Password", Severity: leak.Low},
			{ID: "github-pat", Description: "GitHub token", Source: "https://github.blog/", Severity: leak.High, Proof: leak.Proven, Tags: []string{"github"}},
		},
		Findings: []*leak.Finding{github, pair, quiet},
		Gaps: []*leak.Gap{
			{Place: leak.GitBlob{Name: "vendor/lib"}, Class: leak.Boundary, Code: leak.GapSubmodule, Why: errors.New("another repository")},
			{Place: leak.File{Name: ".git/objects/pack/x"}, Class: leak.Failure, Code: leak.GapCorrupt, Why: errors.New("ends at " + v[1])},
			{Class: leak.Failure, Code: leak.GapInterrupt, Why: errors.New("stopped")},
		},
		Notices: []Notice{{Code: NoticeUnused, Text: "matched nothing: x", Do: "oakum allow prune"}},
	}
	for _, f := range d.Findings {
		d.Counts.Add(f)
	}
	return d
}

func write(t *testing.T, d *Document, format string, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, d, opt); err != nil {
		t.Fatalf("write %s: %v", format, err)
	}
	return b.String()
}

func TestNoFormatShowsAValue(t *testing.T) {
	d := sample()
	d.Mask()
	for _, format := range Formats() {
		out := write(t, d, format, Options{ShowSuppressed: true})
		for i, v := range planted() {
			if strings.Contains(out, v) {
				t.Errorf("%s shows value %d", format, i)
			}
			// A quarter of a value is too much as well; hints are shorter.
			for j := 4; j+10 <= len(v); j++ {
				if strings.Contains(out, v[j:j+10]) {
					t.Errorf("%s shows a part of value %d", format, i)
					break
				}
			}
		}
		if n := strings.Count(out, leak.Redacted); format == "json" && n < 4 {
			t.Errorf("%s: masked %d times; the subject, path, note and gap quote a value", format, n)
		}
	}
}

// Whoever names an artifact, or a file in it, may have put a value there.
func TestMaskOfArtifacts(t *testing.T) {
	d, v := sample(), planted()[0]
	d.Gaps = append(d.Gaps, &leak.Gap{Place: leak.JobLog{Scope: "github:acme/app", Job: "CI", Artifact: "dist-" + v, Inner: leak.Inner{"of/" + v}}, Class: leak.Failure, Code: leak.GapCorrupt, Why: errors.New("cut")})
	d.Mask()
	if out := write(t, d, "json", Options{}); strings.Contains(out, v) || !strings.Contains(out, "dist-") {
		t.Error("an artifact's name shows a value, or is not told")
	}
}

func TestMaskLeavesSharedOriginAlone(t *testing.T) {
	d := sample()
	shared := d.Findings[0].Origin
	before := *shared
	d.Mask()
	if *shared != before {
		t.Error("Mask changed an Origin that the source shares among blobs")
	}
}

func TestRevealShowsValues(t *testing.T) {
	for _, format := range []string{"text", "json", "jsonl"} {
		out := write(t, sample(), format, Options{Reveal: true, ShowSuppressed: true})
		for i, v := range []string{planted()[0], planted()[1]} {
			if !strings.Contains(out, v) {
				t.Errorf("%s does not show value %d", format, i)
			}
		}
	}
	if out := write(t, sample(), "json", Options{Reveal: true}); !strings.Contains(out, planted()[2]) {
		t.Error("json does not show the value of a part")
	}
}

// A stored report, written again, is the report that the scan would have written.
func TestReplay(t *testing.T) {
	d := sample()
	d.Mask()
	stored := write(t, d, "json", Options{})
	again, err := Read(strings.NewReader(stored))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		opt := Options{ShowSuppressed: true}
		if want, got := write(t, d, format, opt), write(t, again, format, opt); want != got {
			t.Errorf("%s differs after a round trip through json", format)
		}
	}
}

func TestListsAreNeverNull(t *testing.T) {
	for _, opt := range []Options{{}, {Reveal: true}} {
		out := write(t, &Document{Schema: Schema}, "json", opt)
		for _, list := range []string{"targets", "rules", "findings", "gaps", "notices"} {
			if !strings.Contains(out, `"`+list+`": []`) {
				t.Errorf("reveal %v: %s is not an empty list", opt.Reveal, list)
			}
		}
	}
}

func TestReadRefusesOtherDocuments(t *testing.T) {
	for _, doc := range []string{"", "[]", "{}", `{"schema":"oakum-report/9"}`, `{"schema":"oakum-report/1","gaps":[{"place":{"kind":"moon"}}]}`} {
		if _, err := Read(strings.NewReader(doc)); err == nil {
			t.Errorf("read %q as a report", doc)
		}
	}
}

func TestOutputCannotDriveATerminal(t *testing.T) {
	d := sample()
	d.Findings[0].Notes = []string{"\x1b[2J\x9b31m\u2066\u200b\xff"}
	for _, format := range Formats() {
		for _, r := range write(t, d, format, Options{ShowSuppressed: true}) {
			if !plain(r, "\n") {
				t.Errorf("%s: raw %U in the output", format, r)
			}
		}
	}
}

// TestReadRefusesHoles: a stored report may be anybody's. What lacks a part that no
// scan leaves out is refused, not written as far as it goes.
func TestReadRefusesHoles(t *testing.T) {
	whole := `{"schema":"oakum-report/1","findings":[{"place":{"kind":"file"},"also":[{"place":{"kind":"stdin"}}],"parts":[{}]}],"gaps":[{}]}`
	d, err := Read(strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		if err := Write(io.Discard, format, d, Options{}); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	for _, hole := range []string{
		`"findings":[null]`, `"findings":[{}]`, `"findings":[{"place":null}]`, `"findings":[{"place":{"kind":"file"},"also":[null]}]`,
		`"findings":[{"place":{"kind":"file"},"also":[{}]}]`, `"gaps":[null]`,
	} {
		if _, err := Read(strings.NewReader(`{"schema":"oakum-report/1",` + hole + `}`)); err == nil {
			t.Errorf("%s is taken", hole)
		}
	}
}
