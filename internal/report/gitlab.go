package report

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/leak"
)

// gitlabVersion is the version of GitLab's secret-detection report schema that is
// followed; GitLab accepts all of 15.x
// (https://docs.gitlab.com/development/integrations/secure/#report).
const gitlabVersion = "15.1.4"

// gitlabNoCommit stands where the schema demands a commit and there is none: the
// working tree's files.
const gitlabNoCommit = "0000000"

// Limits of the schema, in characters.
const (
	gitlabName     = 255
	gitlabSolution = 7000
)

type (
	gitlabReport struct {
		Version         string                `json:"version"`
		Scan            gitlabScan            `json:"scan"`
		Vulnerabilities []gitlabVulnerability `json:"vulnerabilities"`
		Remediations    []struct{}            `json:"remediations"`
	}
	gitlabScan struct {
		Analyzer gitlabTool      `json:"analyzer"`
		Scanner  gitlabTool      `json:"scanner"`
		Type     string          `json:"type"`
		Start    string          `json:"start_time"`
		End      string          `json:"end_time"`
		Status   string          `json:"status"`
		Messages []gitlabMessage `json:"messages,omitempty"`
	}
	gitlabTool struct {
		ID      string       `json:"id"`
		Name    string       `json:"name"`
		URL     string       `json:"url"`
		Version string       `json:"version"`
		Vendor  gitlabVendor `json:"vendor"`
	}
	gitlabVendor struct {
		Name string `json:"name"`
	}
	gitlabMessage struct {
		Level string `json:"level"`
		Value string `json:"value"`
	}
	gitlabVulnerability struct {
		ID          string             `json:"id"`
		Name        string             `json:"name"`
		Description string             `json:"description"`
		Severity    string             `json:"severity"`
		Solution    string             `json:"solution,omitempty"`
		Location    gitlabLocation     `json:"location"`
		Identifiers []gitlabIdentifier `json:"identifiers"`
		Links       []gitlabLink       `json:"links,omitempty"`
	}
	gitlabLocation struct {
		File   string       `json:"file"`
		Commit gitlabCommit `json:"commit"`
		Start  int          `json:"start_line,omitempty"`
		End    int          `json:"end_line,omitempty"`
	}
	gitlabCommit struct {
		Author  string `json:"author,omitempty"`
		Date    string `json:"date,omitempty"`
		Message string `json:"message,omitempty"`
		SHA     string `json:"sha"`
	}
	gitlabIdentifier struct {
		Type  string `json:"type"`
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	gitlabLink struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
)

// writeGitLab writes what GitLab reads as artifacts:reports:secret_detection.
// GitLab would open an alert for each entry, so suppressed findings are counted
// in a message only.
func writeGitLab(w io.Writer, d *Document, opt Options) error {
	tool := gitlabTool{"oakum", "oakum", homepage, firstOf(d.Tool.Version, "unknown"), gitlabVendor{"oakum"}}
	out := gitlabReport{
		Version: gitlabVersion,
		Scan: gitlabScan{Analyzer: tool, Scanner: tool, Type: "secret_detection", Start: gitlabTime(opt.Ended.Add(-d.Elapsed)),
			End: gitlabTime(opt.Ended), Status: "success", Messages: gitlabMessages(d)},
		Vulnerabilities: []gitlabVulnerability{}, Remediations: []struct{}{},
	}
	if !d.Result.Complete {
		out.Scan.Status = "failure"
	}
	for _, f := range d.Findings {
		if !silenced(f) {
			out.Vulnerabilities = append(out.Vulnerabilities, gitlabVulnerabilityOf(d.Rule(f.Rule), f))
		}
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("write gitlab: %w", err)
	}
	_, err = w.Write(append(quiet(b), '\n'))
	return err
}

// gitlabTime is a time of the schema's form; the zero time is the Unix epoch.
func gitlabTime(t time.Time) string {
	if t.Unix() < 0 {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format("2006-01-02T15:04:05")
}

func gitlabMessages(d *Document) []gitlabMessage {
	var out []gitlabMessage
	for _, g := range d.Gaps {
		level := "info"
		if g.Class == leak.Failure {
			level = "warn"
		}
		out = append(out, gitlabMessage{level, "not looked at: " + Escape(g.Error())})
	}
	if by := suppressedBy(d.Findings); by != "" {
		out = append(out, gitlabMessage{"info", by})
	}
	return out
}

func gitlabVulnerabilityOf(r Rule, f *leak.Finding) gitlabVulnerability {
	v := gitlabVulnerability{
		ID: gitlabID(f.ID), Name: cut(Escape(r.Description), gitlabName), Description: gitlabDescription(r, f),
		Severity: gitlabSeverity(f.Severity), Solution: cut(Escape(r.Rotate), gitlabSolution),
		Location:    gitlabLocationOf(f.Sighting),
		Identifiers: []gitlabIdentifier{{"oakum_rule_id", "oakum rule " + Escape(f.Rule), Escape(f.Rule)}},
	}
	for _, l := range []gitlabLink{{"How to rotate it", r.RotateURL}, {"Where its format is documented", r.Source}} {
		if httpsOnly(l.URL) != "" {
			v.Links = append(v.Links, l)
		}
	}
	return v
}

func gitlabDescription(r Rule, f *leak.Finding) string {
	return sarifMessage(r, f) + ".\n\n" + Escape(firstOf(r.Doc, r.Description)) + "\n\nFinding " + f.ID
}

// gitlabID is a UUID made of a finding's id (RFC 9562, version 8: of a hash of
// our choice), the same in each scan.
func gitlabID(id string) string {
	h := sha256.Sum256([]byte("oakum finding " + id))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func gitlabSeverity(s leak.Severity) string {
	return [...]string{"Low", "Medium", "High", "Critical"}[s]
}

func gitlabLocationOf(s leak.Sighting) gitlabLocation {
	l := gitlabLocation{File: Escape(firstOf(s.Place.Path(), s.Place.String())), Commit: gitlabCommit{SHA: gitlabNoCommit}, Start: s.Line, End: s.EndLine}
	if o := s.Origin; o != nil && o.Commit != "" {
		l.Commit = gitlabCommit{Author: Escape(o.Author), Message: Escape(o.Subject), SHA: o.Commit}
		if !o.Date.IsZero() {
			l.Commit.Date = o.Date.UTC().Format(time.RFC3339)
		}
	}
	return l
}

// cut keeps at most n characters of s.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
