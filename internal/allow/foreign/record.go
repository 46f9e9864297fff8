// Package foreign reads the lists in which other scanners keep the findings that
// a team has accepted: .gitleaksignore, gitleaks' reports and baselines,
// detect-secrets' .secrets.baseline, TruffleHog's JSON, Kingfisher's JSON and
// baselines, and betterleaks' list of value hashes. A Record tells which of
// oakum's findings it is about; `oakum allow import` makes entries of those.
//
// It promises that a record matches what its tool meant and no more: one with a
// value, or a hash of it, matches that value, one without matches its line; and
// that no message quotes what a file holds, for such files hold values.
//
// Its limits: other tools cut values differently, so a value that holds oakum's
// whole is taken for the same; a fingerprint that is a hash of offsets
// (Kingfisher's) says nothing, and the line beside it is used.
//
// The formats were read off the tools' documentation and their output: gitleaks
// 8.30, detect-secrets 1.5 (docs/design.md, "Baseline"), TruffleHog 3 ("JSON
// output"), Kingfisher 2.14, betterleaks 2.0.
package foreign

import (
	"fmt"
	"path"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Record is one entry of a foreign list.
type Record struct {
	At      string // where it stands: "FILE:LINE", or "FILE: entry N"
	Rule    string // the tool's name for what it found
	Path    string // with '/'; members of an archive joined with '!'; "" is not known
	Line    int    // 1-based, 0 is not known
	EndLine int    // 0: it is Line
	Commit  string // in which Line counts, in hex; "" is in all

	values []leak.Secret // what the tool took for the value; empty where it does not tell
	hash   string        // SHA-1 or SHA-256 of it, in hex; "" where it does not tell
}

// String names the place for people.
func (r Record) String() string {
	s := r.Path
	if s == "" {
		s = "a value"
	}
	if r.Line > 0 {
		s = fmt.Sprintf("%s:%d", s, r.Line)
	}
	if r.Commit != "" {
		s = r.Commit[:min(len(r.Commit), 10)] + ":" + s
	}
	if r.Rule != "" {
		s += " (" + r.Rule + ")"
	}
	return s
}

// KnowsValue tells whether the record is about a value, wherever it stands in
// its file; else it is about a line.
func (r Record) KnowsValue() bool { return len(r.values) > 0 || r.hash != "" }

// SameValue tells whether f's value, or one that belongs to it, is the record's.
func (r Record) SameValue(f *leak.Finding) bool {
	if same(r, f.Secret) {
		return true
	}
	for _, p := range f.Parts {
		if same(r, p.Secret) {
			return true
		}
	}
	return false
}

// SameLine tells whether f stands where the record does.
func (r Record) SameLine(f *leak.Finding) bool {
	return r.Line > 0 && r.Line <= f.Line && f.Line <= max(r.Line, r.EndLine)
}

// SamePath tells whether the record's path is name, or leads there: tools that
// scan a folder put before a file's name how they were called, base, or all of
// the path. A record without a path is of every one.
func (r Record) SamePath(name, base string) bool {
	if r.Path == "" {
		return true
	}
	name = strings.ReplaceAll(name, "!/", "!")
	own := strings.TrimPrefix(r.Path, "./")
	return own == name || base != "" && own == path.Join(base, name) ||
		path.IsAbs(own) && name != "" && strings.HasSuffix(own, "/"+name)
}
