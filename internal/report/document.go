// Package report writes what a scan found, one file a format: text for people,
// json and jsonl for programs, SARIF 2.1.0 for code hosts.
//
// Every format is written from one [Document], and a Document survives JSON: a
// stored report can be written again in another format, byte for byte as the
// scan would have (but the values, which no report holds).
//
// Its promises: no value is shown, unless Options.Reveal asks for it; what
// came from the scanned target (paths, names, commit subjects) cannot drive a
// terminal; and the same Document gives the same bytes.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
)

// Schema names the layout of a Document's JSON. Fields may be added under the
// same name; a change of meaning takes the next number.
const Schema = "oakum-report/1"

// Document is all that a report tells.
type Document struct {
	Schema   string          `json:"schema"`
	Tool     Tool            `json:"tool"`
	Targets  []Target        `json:"targets"`
	Result   Result          `json:"result"`
	Summary  scanner.Summary `json:"summary"`
	Counts   Counts          `json:"counts"`
	Rules    []Rule          `json:"rules"` // those that found something, by id
	Findings []*leak.Finding `json:"findings"`
	Gaps     []*leak.Gap     `json:"gaps"`
	Notices  []Notice        `json:"notices"`

	Elapsed time.Duration `json:"-"` // see Options.Elapsed
}

// Tool is the program that wrote the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
}

// Target is one thing that was scanned.
type Target struct {
	Kind   string `json:"kind"`             // "git", "dir", "stdin"
	Path   string `json:"path,omitempty"`   // as the user named it, with '/'
	Base   string `json:"base,omitempty"`   // what to put before its files' names to open them from where oakum was called
	Part   string `json:"part,omitempty"`   // of a repository: "staged", "range A..B", "" is all of it
	Head   string `json:"head,omitempty"`   // id of the commit at HEAD
	Branch string `json:"branch,omitempty"` // that HEAD is on, or the change

	Change *Change `json:"change,omitempty"` // that a pipeline is about; nil: none
}

// Change is what a job of a CI system is about.
type Change struct {
	Platform string `json:"platform"`
	Event    string `json:"event,omitempty"`  // in the platform's word
	Target   string `json:"target,omitempty"` // the branch that it is to go into
	Tag      string `json:"tag,omitempty"`
	Head     string `json:"head"`           // id of its last commit
	Base     string `json:"base,omitempty"` // id of the commit at which it leaves what was there before; "": all of its history is judged
	Word     string `json:"word,omitempty"` // id of the commit whose files say how it is judged; "": nobody's do
}

// Result is the whole in one word, and the exit code that goes with it.
type Result struct {
	Verdict  leak.Verdict `json:"verdict"`  // the worst of the findings'
	Complete bool         `json:"complete"` // no gap that counts
	ExitCode int          `json:"exit_code"`
	Reason   string       `json:"reason,omitempty"` // why it is incomplete, if not by its gaps
}

// Counts is how many findings there are by verdict, suppressed ones apart.
type Counts struct {
	Denied     int `json:"denied"`
	Warned     int `json:"warned"`
	Allowed    int `json:"allowed"`
	Suppressed int `json:"suppressed"`
}

// Add counts f, whose Decision is made.
func (c *Counts) Add(f *leak.Finding) {
	switch {
	case silenced(f):
		c.Suppressed++
	case verdict(f) == leak.Deny:
		c.Denied++
	case verdict(f) == leak.Warn:
		c.Warned++
	default:
		c.Allowed++
	}
}

// Rule is what a reader wants to know of a rule beside its findings.
type Rule struct {
	ID          string        `json:"id"`
	Description string        `json:"description"`
	Doc         string        `json:"doc,omitempty"`
	Source      string        `json:"source,omitempty"`
	Severity    leak.Severity `json:"severity"`
	Proof       leak.Proof    `json:"proof"`
	Rotate      string        `json:"rotate,omitempty"`
	RotateURL   string        `json:"rotate_url,omitempty"`
	Tags        []string      `json:"tags,omitempty"`
}

// Notice is something the user should know that is neither finding nor gap: an
// allow entry that expired, a configuration that was not obeyed.
type Notice struct {
	Code string `json:"code"` // one of the Notice… constants
	Text string `json:"text"`
	Do   string `json:"do,omitempty"` // the command that settles it
}

const (
	NoticeUntrusted = "untrusted" // a target's own file that was not obeyed
	NoticeExpired   = "expired"   // an allow entry past its day
	NoticeUnused    = "unused"    // an allow or baseline entry that nothing matched
	NoticeHistory   = "history"   // a part of a repository was scanned as files
	NoticePolicy    = "policy"    // a policy that is broken, and denies
	NoticeConfig    = "config"    // a line of the configuration that has no effect
	NoticeChange    = "change"    // what a change says for itself, and what became of that
)

// RuleOf takes from a rule what reports tell.
func RuleOf(r *rules.Rule) Rule {
	return Rule{ID: r.ID, Description: r.Description, Doc: r.Doc, Source: r.Source, Severity: r.Severity,
		Proof: r.Proof, Rotate: r.Rotate, RotateURL: r.RotateURL, Tags: r.Tags}
}

// Rule finds a rule of the document by id; an unknown id gives a Rule that
// knows nothing else.
func (d *Document) Rule(id string) Rule {
	if i := slices.IndexFunc(d.Rules, func(r Rule) bool { return r.ID == id }); i >= 0 {
		return d.Rules[i]
	}
	return Rule{ID: id, Description: id}
}

// Read reads a Document back from its JSON.
func Read(r io.Reader) (*Document, error) {
	var d Document
	if err := json.NewDecoder(r).Decode(&d); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if d.Schema != Schema {
		return nil, fmt.Errorf("read report: its schema is %q, not %q; write it with `oakum scan --format json`", d.Schema, Schema)
	}
	if !d.whole() {
		return nil, errors.New("read report: a finding or gap in it has no place: write it anew with `oakum scan --format json`")
	}
	return &d, nil
}

// whole tells whether nothing is missing without which a report cannot be written.
func (d *Document) whole() bool {
	noPlace := func(s leak.Sighting) bool { return s.Place == nil }
	return !slices.ContainsFunc(d.Findings, func(f *leak.Finding) bool {
		return f == nil || noPlace(f.Sighting) || slices.ContainsFunc(f.Also, noPlace)
	}) && !slices.Contains(d.Gaps, nil)
}
