package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// homepage is where a code host's reader is sent to learn what oakum is.
const homepage = "https://github.com/oakum-sec/oakum"

// writeSARIF writes a SARIF 2.1.0 log with one run. What SARIF has no word for
// is a property: proof, reach, verdict. Its columns are ours, counted in bytes;
// SARIF knows characters only, and a report holds no text to count them in, so
// columns after a non-ASCII character on the same line are a few too high.
// There is no --reveal here: these files are uploaded.
func writeSARIF(w io.Writer, d *Document) error {
	run := sarifRun{
		Tool:                     sarifTool{sarifDriver{Name: d.Tool.Name, Version: d.Tool.Version, InformationURI: homepage, Rules: []sarifRule{}}},
		Invocations:              []sarifInvocation{sarifInvocationOf(d)},
		VersionControlProvenance: sarifProvenance(d.Targets),
		ColumnKind:               "unicodeCodePoints",
		Results:                  []sarifResult{},
	}
	for _, r := range d.Rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(r))
	}
	for _, f := range d.Findings {
		run.Results = append(run.Results, sarifResultOf(d, f))
	}
	b, err := json.MarshalIndent(sarifLog{sarifSchema, sarifVersion, []sarifRun{run}}, "", "  ")
	if err != nil {
		return fmt.Errorf("write sarif: %w", err)
	}
	_, err = w.Write(append(quiet(b), '\n'))
	return err
}

func sarifRuleOf(r Rule) sarifRule {
	out := sarifRule{
		ID:                   r.ID,
		ShortDescription:     sarifText{Text: r.Description},
		FullDescription:      sarifText{Text: firstOf(r.Doc, r.Description)},
		HelpURI:              firstOf(r.RotateURL, r.Source),
		Help:                 sarifHelp(r),
		DefaultConfiguration: sarifLevel{severityLevel(r.Severity)},
		Properties: map[string]any{
			"tags":              slices.Concat([]string{"security", "secret"}, r.Tags),
			"precision":         precision(r.Proof),
			"security-severity": securitySeverity(r.Severity),
		},
	}
	return out
}

// sarifHelp is what a code host shows beside an alert: what it is, why it
// matters, what to do.
func sarifHelp(r Rule) sarifText {
	rotate := firstOf(r.Rotate, "Revoke it where it was issued, and issue a new one.")
	text := fmt.Sprintf("%s\n\nHow to rotate it: %s", firstOf(r.Doc, r.Description), rotate)
	mark := fmt.Sprintf("**%s**\n\n%s\n\n**How to rotate it:** %s", r.Description, firstOf(r.Doc, r.Description), rotate)
	if r.RotateURL != "" {
		text += " " + r.RotateURL
		mark += fmt.Sprintf(" ([%s](%s))", "the vendor's page", r.RotateURL)
	}
	if r.Source != "" {
		mark += fmt.Sprintf("\n\n[Where its format is documented](%s)", r.Source)
	}
	return sarifText{text, mark}
}

func sarifResultOf(d *Document, f *leak.Finding) sarifResult {
	r := sarifResult{
		RuleID:              f.Rule,
		RuleIndex:           slices.IndexFunc(d.Rules, func(r Rule) bool { return r.ID == f.Rule }),
		Level:               verdictLevel(f),
		Message:             sarifText{Text: sarifMessage(d.Rule(f.Rule), f)},
		Locations:           []sarifLocation{sarifLocationOf(f.Sighting, len(f.Decoded) == 0)},
		PartialFingerprints: map[string]string{"oakum/v1": f.ID},
		Suppressions:        sarifSuppressions(f),
		Rank:                math.Round(f.Confidence * 100),
		Properties:          map[string]any{"proof": f.Proof, "severity": f.Severity, "confidence": f.Confidence, "reach": f.Reach, "seen": f.Seen},
	}
	if f.Decision != nil {
		r.Properties["verdict"] = f.Decision.Verdict
		r.Properties["reason"] = f.Decision.Reason
	}
	if f.Origin != nil {
		r.Properties["origin"] = f.Origin
	}
	for i, s := range f.Also {
		l := sarifLocationOf(s, len(f.Decoded) == 0)
		l.ID = &i
		r.RelatedLocations = append(r.RelatedLocations, l)
	}
	return r
}

func sarifMessage(r Rule, f *leak.Finding) string {
	text := r.Description + " (" + f.Proof.String() + ")"
	if f.Key != "" {
		text += " in " + Escape(f.Key)
	}
	if f.Step != nil {
		text += "; " + stepText(f.Sighting)
	}
	for _, n := range f.Notes {
		text += "; " + Escape(n)
	}
	if o := originText(f.Sighting); o != "" {
		text += "; " + o
	}
	return text
}

// sarifSuppressions is never nil: an empty list says "looked at, and not
// suppressed", an absent one says nothing (3.27.23). One that the policy
// overruled is "rejected" (3.35.3).
func sarifSuppressions(f *leak.Finding) []sarifSuppression {
	if f.Suppressed == nil {
		return []sarifSuppression{}
	}
	s := sarifSuppression{"external", "accepted", suppressionText(f.Suppressed)}
	if f.Suppressed.Kind == leak.SuppressInline {
		s.Kind = "inSource"
	}
	if !silenced(f) {
		s.Status = "rejected"
	}
	return []sarifSuppression{s}
}

func sarifInvocationOf(d *Document) sarifInvocation {
	meaning := map[int]string{0: "clean", 1: "findings denied", 2: "failure", 3: "nothing denied, but not all was looked at"}
	inv := sarifInvocation{ExecutionSuccessful: d.Result.Complete, ExitCode: d.Result.ExitCode, ExitCodeDescription: meaning[d.Result.ExitCode]}
	for _, g := range d.Gaps {
		n := sarifNotification{Descriptor: &sarifDescriptor{g.Code}, Level: "warning", Message: sarifText{Text: "not looked at: " + Escape(g.Error())}}
		if g.Class == leak.Failure {
			n.Level = "error"
		}
		if g.Place != nil {
			n.Locations = []sarifLocation{sarifLocationOf(leak.Sighting{Place: g.Place}, false)}
		}
		inv.ToolExecutionNotifications = append(inv.ToolExecutionNotifications, n)
	}
	for _, n := range d.Notices {
		inv.ToolExecutionNotifications = append(inv.ToolExecutionNotifications,
			sarifNotification{Level: "note", Message: sarifText{Text: Escape(n.Text)}})
	}
	return inv
}

func sarifProvenance(targets []Target) []sarifVersionPoint {
	var points []sarifVersionPoint
	for _, t := range targets {
		if t.Kind == "git" {
			points = append(points, sarifVersionPoint{absoluteURI(t.Path), t.Head, t.Branch})
		}
	}
	return points
}

// sarifLocationOf is a file's region where the place has one, and what names it where
// a file does not.
func sarifLocationOf(s leak.Sighting, undecoded bool) sarifLocation {
	l := sarifLocation{LogicalLocations: sarifLogicals(s)}
	if path := s.Place.Path(); path != "" {
		l.PhysicalLocation = &sarifPhysical{sarifArtifact{fileURI(path)}, sarifRegionOf(s, undecoded)}
	}
	return l
}

func sarifRegionOf(s leak.Sighting, undecoded bool) *sarifRegion {
	if s.Line == 0 && s.Span.End == 0 {
		return nil
	}
	r := sarifRegion{StartLine: s.Line, StartColumn: s.Column, EndLine: s.EndLine, EndColumn: s.EndColumn}
	if size := s.Span.End - s.Span.Start; undecoded || s.Line == 0 {
		r.ByteOffset, r.ByteLength = &s.Span.Start, &size
	}
	return &r
}

// fileURI is a path as a URI: relative where it is (RFC 3986 path-noscheme, so
// that a colon in its first segment starts no scheme), file:/// where not.
func fileURI(p string) string {
	u := url.URL{Path: p}
	switch {
	case strings.HasPrefix(p, "/"):
		u.Scheme = "file"
	case len(p) > 2 && p[1] == ':' && p[2] == '/': // C:/
		u = url.URL{Scheme: "file", Path: "/" + p}
	}
	return u.String()
}

// absoluteURI is fileURI with a scheme always, as repositoryUri must have: a
// relative path becomes file:path (RFC 3986 path-rootless), so that a report
// names no folder of the machine that the user did not name.
func absoluteURI(p string) string {
	uri := fileURI(p)
	if strings.HasPrefix(uri, "file:") {
		return uri
	}
	return "file:" + uri
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
