package leak

import (
	"encoding/json"
	"time"
)

// Span is a half-open range of bytes.
type Span struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// Sighting is one place where a value stands, and how it came there.
type Sighting struct {
	Place     Place
	Span      Span // of the value, in the place's bytes (in the decoded text where Decoded is not empty)
	Line      int  // 1-based, of the value's first byte; 0 where the text has no lines
	Column    int  // 1-based, in bytes
	EndLine   int
	EndColumn int // of the byte after the value
	Reach     Reach
	Origin    *Origin // nil where nothing is known of it
	Step      *Step   // where in a pipeline; nil where the place is none, or is not read
}

// Origin tells how a place's content entered a repository.
type Origin struct {
	Commit  string    `json:"commit"` // first commit that has it, id in hex
	Author  string    `json:"author,omitempty"`
	Email   string    `json:"email,omitempty"`
	Date    time.Time `json:"date,omitzero"` // author date
	Subject string    `json:"subject,omitempty"`
	Ref     string    `json:"ref,omitempty"`   // one that leads to Commit: the current branch, else a branch, a remote one, a tag, any
	AtHead  bool      `json:"at_head"`         // the same content is at HEAD, under any path
	Last    Seen      `json:"last,omitzero"`   // the last commit that has it; zero where AtHead, or where it is Commit
	Paths   int       `json:"paths,omitempty"` // under how many paths it is known, with Place's
}

// Seen is a commit and when it was made.
type Seen struct {
	Commit string    `json:"commit"`
	Date   time.Time `json:"date,omitzero"` // author date
}

// Part is a further value that makes the credential whole: the secret key
// beside an access key id.
type Part struct {
	Rule   string `json:"rule"`
	Secret Secret `json:"-"`
	Hint   string `json:"hint,omitempty"`
	Place  Place  `json:"-"` // where the finding's text is put together of several places; else nil, it is the finding's. In JSON as a finding's
	Span   Span   `json:"span"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// plainPart is a Part without its methods.
type plainPart Part

type partJSON struct {
	plainPart
	Place *placeJSON `json:"place,omitempty"`
}

func (p Part) MarshalJSON() ([]byte, error) {
	j := partJSON{plainPart: plainPart(p)}
	if p.Place != nil {
		j.Place = &placeJSON{p.Place}
	}
	return json.Marshal(j)
}

func (p *Part) UnmarshalJSON(b []byte) error {
	var j partJSON
	err := json.Unmarshal(b, &j)
	*p = Part(j.plainPart)
	if j.Place != nil {
		p.Place = j.Place.Place
	}
	return err
}

// Suppression is why a finding does not count.
type Suppression struct {
	Kind   string `json:"kind"` // one of the Suppress… constants
	Reason string `json:"reason,omitempty"`
	Where  string `json:"where,omitempty"` // the comment's or entry's place
}

const (
	SuppressInline    = "inline"     // a comment beside the value
	SuppressAllowFile = "allow-file" // an entry of .oakum-allow
	SuppressBaseline  = "baseline"   // was there when the baseline was taken
	SuppressIgnore    = "ignore"     // an entry of .gitleaksignore
)

// Finding is one credential, and every place where it was seen. Its embedded
// Sighting is the one to act on first (the worktree's before history's).
type Finding struct {
	Sighting
	ID         string // see Identify
	Rule       string
	Key        string // the name the value stood under: "AWS_SECRET_ACCESS_KEY", "database.password"
	Name       string // the last word of Key, which is what ID is made of; not in JSON
	Secret     Secret
	Hint       string // what may be shown of the value: a public prefix such as "ghp_", never more than the rule vouches for
	Parts      []Part
	Proof      Proof
	Severity   Severity
	Confidence float64  // how probable it is that this is a credential, from 0 to 1; 0: nobody said
	Notes      []string // what its structure tells: "account 123456789012", "expired 2021-03-04"
	Decoded    []string // encodings taken off to reach it, outermost first: "utf-16le", "base64"
	Suppressed *Suppression
	Decision   *Decision
	Live       *Verification // what its issuer says of it; nil: nobody was asked
	Also       []Sighting    // more places, at most MaxAlso
	Seen       int           // how many places in all, this one included
}

// MaxAlso bounds the places listed beside the first; Finding.Seen counts on.
const MaxAlso = 20

type sightingJSON struct {
	Place     placeJSON `json:"place"`
	Span      Span      `json:"span"`
	Line      int       `json:"line,omitempty"`
	Column    int       `json:"column,omitempty"`
	EndLine   int       `json:"end_line,omitempty"`
	EndColumn int       `json:"end_column,omitempty"`
	Reach     Reach     `json:"reach"`
	Origin    *Origin   `json:"origin,omitempty"`
	Step      *Step     `json:"step,omitempty"`
}

func (s Sighting) json() sightingJSON {
	return sightingJSON{placeJSON{s.Place}, s.Span, s.Line, s.Column, s.EndLine, s.EndColumn, s.Reach, s.Origin, s.Step}
}

func (j sightingJSON) sighting() Sighting {
	return Sighting{j.Place.Place, j.Span, j.Line, j.Column, j.EndLine, j.EndColumn, j.Reach, j.Origin, j.Step}
}

func (s Sighting) MarshalJSON() ([]byte, error) { return json.Marshal(s.json()) }

func (s *Sighting) UnmarshalJSON(b []byte) error {
	var j sightingJSON
	err := json.Unmarshal(b, &j)
	*s = j.sighting()
	return err
}

type findingJSON struct {
	ID   string `json:"id"`
	Rule string `json:"rule"`
	sightingJSON
	Key        string        `json:"key,omitempty"`
	Hint       string        `json:"hint,omitempty"`
	Parts      []Part        `json:"parts,omitempty"`
	Proof      Proof         `json:"proof"`
	Severity   Severity      `json:"severity"`
	Confidence float64       `json:"confidence,omitempty"`
	Notes      []string      `json:"notes,omitempty"`
	Decoded    []string      `json:"decoded,omitempty"`
	Suppressed *Suppression  `json:"suppressed,omitempty"`
	Decision   *Decision     `json:"decision,omitempty"`
	Live       *Verification `json:"verification,omitempty"`
	Also       []Sighting    `json:"also,omitempty"`
	Seen       int           `json:"seen"`
}

// MarshalJSON writes everything but values. UnmarshalJSON reads it back, its
// Secrets empty: to act on a finding, its place is opened again.
func (f Finding) MarshalJSON() ([]byte, error) {
	return json.Marshal(findingJSON{f.ID, f.Rule, f.Sighting.json(), f.Key, f.Hint, f.Parts, f.Proof, f.Severity, f.Confidence,
		f.Notes, f.Decoded, f.Suppressed, f.Decision, f.Live, f.Also, f.Seen})
}

func (f *Finding) UnmarshalJSON(b []byte) error {
	var j findingJSON
	err := json.Unmarshal(b, &j)
	*f = Finding{Sighting: j.sighting(), ID: j.ID, Rule: j.Rule, Key: j.Key, Hint: j.Hint, Parts: j.Parts, Proof: j.Proof,
		Severity: j.Severity, Confidence: j.Confidence, Notes: j.Notes, Decoded: j.Decoded, Suppressed: j.Suppressed, Decision: j.Decision, Live: j.Live, Also: j.Also, Seen: j.Seen}
	return err
}
