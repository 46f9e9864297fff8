// Package rulebook tells people what the rules find: a page of all of them
// (docs/rules.md), a card of one (`oakum rules show`), and how many there are of
// which kind.
//
// Promises: what it writes depends on the rules alone, so that the page can be
// compared with a fresh one; no value stands in it but the card's example, which
// is made up on the spot and says so.
//
// Limits: a format is told in words where words are shorter than the pattern;
// where they are not, the pattern stands alone.
package rulebook

import (
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// Counts is how many rules there are of each kind.
type Counts struct {
	Rules     int            `json:"rules"`
	Providers int            `json:"providers"` // see rules.Rule.Provider
	Proof     map[string]int `json:"proof"`     // by tier
	Severity  map[string]int `json:"severity"`
	Checked   int            `json:"checked"`  // whose values carry a checksum or are parsed
	Verified  int            `json:"verified"` // with a live check
}

// Tiers and Severities are what Counts' maps have as keys, the surest and the
// gravest first.
var (
	Tiers      = []leak.Proof{leak.Proven, leak.Structural, leak.Pattern, leak.Generic}
	Severities = []leak.Severity{leak.Critical, leak.High, leak.Medium, leak.Low}
)

// Count counts rules. Every tier and severity is a key, if of none.
func Count(all []*rules.Rule) Counts {
	c := Counts{Rules: len(all), Proof: map[string]int{}, Severity: map[string]int{}}
	for _, p := range Tiers {
		c.Proof[p.String()] = 0
	}
	for _, s := range Severities {
		c.Severity[s.String()] = 0
	}
	providers := map[string]bool{}
	for _, r := range all {
		c.Proof[r.Proof.String()]++
		c.Severity[r.Severity.String()]++
		if p := r.Provider(); p != "" {
			providers[p] = true
		}
		if r.Checksum != nil || r.Parse != "" {
			c.Checked++
		}
		if r.Verify != nil {
			c.Verified++
		}
	}
	c.Providers = len(providers)
	return c
}
