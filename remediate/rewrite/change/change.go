// Package change is the vocabulary of rewriting: what is asked for (Edit), what
// a format makes of it (Change), and why it would not (Refusal). It reads no
// format and touches no file.
package change

import (
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// Edit asks for the value at Span to become a reference to Ref.
type Edit struct {
	Span  leak.Span // of the value, in the file's bytes as they stand there
	Ref   ref.Ref
	Name  string // DB_PASSWORD: the environment variable, or the platform's secret
	Style Style
}

// Style is how a place that takes both says where the value is.
type Style string

const (
	Auto        Style = ""            // what the format's own tools resolve, else Reference
	Reference   Style = "reference"   // ref+awssecrets://…, resolved by `oakum run`
	Environment Style = "environment" // ${NAME}
)

// Splice puts Text where [Start, End) is. Insertions at one place with the same
// Head and Tail share them: what adds a list's first item writes the list too.
type Splice struct {
	Start, End       int
	Head, Text, Tail string
	Sep              string // between the texts that share a Head
}

// Touch is a leaf that a change is expected to alter.
type Touch struct {
	Path   string // as package leaf writes paths
	Holds  string // the leaf holds this afterwards, in place of a part of itself; "" says nothing
	Gone   bool   // the leaf is not there afterwards
	Added  bool   // the leaf was not there before
	Prefix bool   // Path stands for everything below it too
}

// Need is what must exist, outside of the file, for the changed file to work.
type Need struct {
	Kind string  `json:"kind"` // one of the Need… constants
	Name string  `json:"name"` // of the variable, the secret, the object
	Ref  ref.Ref `json:"ref"`  // where its value is kept
}

const (
	NeedEnvironment = "environment"       // a variable of the program's environment: `oakum run`, or the platform
	NeedRun         = "run"               // the file is read through `oakum run`
	NeedPipeline    = "pipeline-secret"   // a secret of the CI platform, by that name
	NeedBuild       = "build-secret"      // docker build --secret id=NAME
	NeedObject      = "kubernetes-object" // the object in Result.Files is applied, and its operator runs
	NeedAccess      = "access"            // the platform's role may read the secret
	NeedVariable    = "terraform"         // TF_VAR_name
)

// File is a new file that the change brings beside the one that it alters.
type File struct {
	Name    string // relative to the changed file's folder
	Content []byte
}

// Change is what a format makes of edits.
type Change struct {
	Splices []Splice
	Touched []Touch
	Needs   []Need
	Notes   []string // what a person should know; no value is in it
	Files   []File
}

// Add takes another change in.
func (c *Change) Add(d Change) {
	c.Splices = append(c.Splices, d.Splices...)
	c.Touched = append(c.Touched, d.Touched...)
	c.Needs = append(c.Needs, d.Needs...)
	c.Files = append(c.Files, d.Files...)
	for _, note := range d.Notes {
		if !slices.Contains(c.Notes, note) {
			c.Notes = append(c.Notes, note)
		}
	}
}

// Apply is src with the splices done. Splices that overlap are an error.
func (c Change) Apply(src []byte) ([]byte, error) {
	var out []byte
	last := 0
	for _, s := range join(c.Splices) {
		if s.Start < last || s.End < s.Start || s.End > len(src) {
			return nil, fmt.Errorf("two changes meet at byte %d", s.Start)
		}
		out = append(out, src[last:s.Start]...)
		out = append(out, s.Head+s.Text+s.Tail...)
		last = s.End
	}
	return append(out, src[last:]...), nil
}

// Joined are the splices in their order, none twice.
func (c Change) Joined() []Splice { return join(c.Splices) }

// join sorts splices, drops those said twice, and merges those that share a head.
func join(splices []Splice) []Splice {
	sorted := slices.Clone(splices)
	slices.SortStableFunc(sorted, func(a, b Splice) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return a.End - b.End
	})
	var out []Splice
	for i, s := range sorted {
		if slices.Contains(sorted[:i], s) {
			continue
		}
		same := func(o Splice) bool {
			return o.Start == s.Start && o.End == s.End && o.Head == s.Head && o.Tail == s.Tail
		}
		if at := slices.IndexFunc(out, same); at >= 0 && s.Start == s.End {
			out[at].Text += s.Sep + s.Text
			continue
		}
		out = append(out, s)
	}
	return out
}

// Reason is a closed list of why a place is not rewritten.
type Reason string

const (
	InComment   Reason = "comment"      // nothing reads it: delete it by hand
	InName      Reason = "name"         // it is a key, a path, a type: no place for a reference
	InFixture   Reason = "test-fixture" // test data: make the value up instead
	NotText     Reason = "binary"
	Generated   Reason = "generated"    // its source is to be changed
	Unparsable  Reason = "unparsable"   // the file does not parse as what it is
	NoPlace     Reason = "no-place"     // the format has no way to say where a value is
	SuggestOnly Reason = "suggest-only" // the change is printed, a person makes it
	NotYet      Reason = "not-yet"      // what is to be written is known once the value is stored
	WouldChange Reason = "would-change" // the rewritten file would differ in more than the value
)

// Refusal is an edit that was not made.
type Refusal struct {
	Edit    int    `json:"edit"` // its index
	Reason  Reason `json:"reason"`
	Why     string `json:"why"`
	Suggest string `json:"suggest,omitempty"` // the text to write, where a person is to write it
}

func (r *Refusal) Error() string {
	s := r.Why
	if r.Suggest != "" {
		s += "; suggested: " + r.Suggest
	}
	return s
}

// Refuse is a refusal with a formatted reason. No argument may be a value.
func Refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Why: fmt.Sprintf(format, args...)}
}
