package triage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Schema names the layout of a file of decisions. It holds ids, never values.
const Schema = "oakum-triage/1"

// Choice is what a person said of a finding.
type Choice string

const (
	Open          Choice = ""               // nothing yet
	FalsePositive Choice = "false-positive" // no credential, or one that is meant to be public: an allow entry says so
	Fixed         Choice = "fixed"          // revoked or taken out
	Remediate     Choice = "remediate"      // `oakum remediate plan` is to take it
	Later         Choice = "later"          // skipped
)

// Decision is one line of the file.
type Decision struct {
	ID     string `json:"id"`
	Rule   string `json:"rule"`
	Choice Choice `json:"choice"`
	Reason string `json:"reason,omitempty"` // of a false positive
	Day    string `json:"day"`              // when, in UTC
}

// Decisions are what was decided of a target.
type Decisions struct {
	Schema    string     `json:"schema"`
	Target    string     `json:"target"`
	Decisions []Decision `json:"decisions"` // by id
}

// NewDecisions are none.
func NewDecisions(target string) *Decisions {
	return &Decisions{Schema: Schema, Target: target, Decisions: []Decision{}}
}

// ParseDecisions reads a file of decisions.
func ParseDecisions(name string, data []byte) (*Decisions, error) {
	var d Decisions
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if d.Schema != Schema {
		return nil, fmt.Errorf("read %s: it is no file of decisions (its schema is %q, not %q)", name, d.Schema, Schema)
	}
	known := []Choice{FalsePositive, Fixed, Remediate, Later}
	for _, one := range d.Decisions {
		if !slices.Contains(known, one.Choice) {
			return nil, fmt.Errorf("read %s: %q is no decision", name, one.Choice)
		}
	}
	return &d, nil
}

// Bytes is the file.
func (d *Decisions) Bytes() []byte {
	slices.SortFunc(d.Decisions, func(a, b Decision) int { return strings.Compare(a.ID, b.ID) })
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil { // strings alone
		return nil
	}
	return append(b, '\n')
}

// Count is how many findings have the choice.
func (d *Decisions) Count(c Choice) (n int) {
	for _, one := range d.Decisions {
		if one.Choice == c {
			n++
		}
	}
	return n
}

// of is what was decided of a secret: what was of its first finding.
func (d *Decisions) of(s *secret) Choice {
	for _, one := range d.Decisions {
		if one.ID == s.head().ID {
			return one.Choice
		}
	}
	return Open
}

// set decides on a secret; Open takes a decision back.
func (d *Decisions) set(s *secret, c Choice, reason, day string) {
	for _, f := range s.findings {
		d.Decisions = slices.DeleteFunc(d.Decisions, func(one Decision) bool { return one.ID == f.ID })
		if c != Open {
			d.Decisions = append(d.Decisions, Decision{ID: f.ID, Rule: f.Rule, Choice: c, Reason: reason, Day: day})
		}
	}
}
