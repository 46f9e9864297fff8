// Package gitleaks speaks gitleaks v8's side of the command line: the findings
// of a report as its formats have them (JSON, CSV, JUnit, a user's template, the
// lines of --verbose), and the words that people hand to --log-opts.
//
// It promises that a program that reads gitleaks' reports reads these: the same
// fields, in the same order, under the same names, with no value in them unless
// the user asked for it (gitleaks' own default is the other way round).
//
// Its limits: Match is the value alone, for oakum keeps nothing else of a line;
// Message is the first line of a commit's; columns count from 1 on every line,
// where gitleaks counts from 2 on all but a text's first; Entropy is rounded to
// a tenth, so that it tells less of a short password. Field names and their order
// were taken from reports that gitleaks 8.30 wrote.
package gitleaks

import (
	"fmt"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// Finding is one place of one value. Its fields are gitleaks', in its order.
type Finding struct {
	RuleID      string
	Description string
	StartLine   int
	EndLine     int
	StartColumn int // 1-based, in bytes
	EndColumn   int // of the last byte
	Match       string
	Secret      string
	File        string // with '/'; members of an archive are joined with '!'
	SymlinkFile string // the link by which File was reached, where one was followed
	Commit      string
	Link        string `json:",omitempty"` // to the line at the code host, where the remote tells which
	Entropy     float32
	Author      string
	Email       string
	Date        string // RFC 3339, UTC
	Message     string
	Tags        []string
	Fingerprint string // as a line of .gitleaksignore
}

// Redacted stands in a value's place, as it does behind gitleaks' --redact.
const Redacted = "REDACTED"

// Options say how findings are told; the zero value shows no value.
type Options struct {
	Reveal bool              // values are shown; the caller made sure of who reads them
	Remote string            // URL of the repository's remote, for links
	Host   string            // of links: "github", "gitlab", …; "" is what Remote tells
	Links  map[string]string // where followed links lead, by their names as File has them

	// File names a file on disk as gitleaks would, from the name that oakum gives
	// it; nil: that name is right.
	File func(name string) string
}

// Findings are the rows of a report: every place of every finding that denies,
// in the report's order.
func Findings(d *report.Document, opt Options) []Finding {
	rows := []Finding{}
	link := linker(opt.Remote, opt.Host)
	for _, f := range d.Findings {
		if f.Decision == nil || f.Decision.Verdict != leak.Deny {
			continue
		}
		rule := d.Rule(f.Rule)
		for _, s := range append([]leak.Sighting{f.Sighting}, f.Also...) {
			row := Finding{RuleID: f.Rule, Description: rule.Description, Tags: append([]string{}, rule.Tags...)}
			row.tellValue(f.Secret, opt.Reveal)
			row.tellPlace(s, opt)
			if row.Commit != "" {
				row.Link = link(row)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func (row *Finding) tellValue(s leak.Secret, reveal bool) {
	row.Match, row.Secret = Redacted, Redacted
	value := valueOf(s)
	if reveal {
		row.Match, row.Secret = value, value
	}
	row.Entropy = entropy(value)
}

func (row *Finding) tellPlace(s leak.Sighting, opt Options) {
	row.StartLine, row.EndLine, row.StartColumn, row.EndColumn = s.Line, s.EndLine, s.Column, max(s.EndColumn-1, 0)
	row.File = fileOf(s.Place, opt.File)
	if target, ok := opt.Links[row.File]; ok {
		row.File, row.SymlinkFile = target, row.File
	}
	if blob, ok := s.Place.(leak.GitBlob); ok {
		row.Commit = blob.Commit
		if s.Reach == leak.Staged {
			row.Date = time.Time{}.Format(time.RFC3339) // gitleaks' date of what is not committed
		}
	}
	if o := s.Origin; o != nil {
		row.Commit, row.Author, row.Email, row.Message = o.Commit, o.Author, o.Email, o.Subject
		row.Date = o.Date.UTC().Format(time.RFC3339)
	}
	row.Fingerprint = fmt.Sprintf("%s:%s:%d", row.File, row.RuleID, row.StartLine)
	if row.Commit != "" {
		row.Fingerprint = row.Commit + ":" + row.Fingerprint
	}
}

// fileOf is how gitleaks names a place: files as the user's path leads to them,
// blobs from the repository's root.
func fileOf(p leak.Place, onDisk func(string) string) string {
	name := p.Path()
	switch p := p.(type) {
	case leak.File:
		if onDisk != nil {
			name = onDisk(name)
		}
	case leak.Stdin:
	default:
		if name == "" {
			name = p.String() // a commit's message, a ref's name: gitleaks has none of them
		}
	}
	return strings.ReplaceAll(name, "!/", "!")
}
