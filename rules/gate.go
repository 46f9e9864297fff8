package rules

import (
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/proof"
)

// gate ends the first stage: it looks at nothing but the match's own bytes. It
// sets m's Proof, Severity, Notes and Expires; false: it is none.
//
// groups are the submatch indexes of the rule's regexp in text, names their
// names; both nil where the rule has no regexp.
func (r *Rule) gate(m *Match, text []byte, names []string, groups []int) bool {
	value := text[m.Value[0]:m.Value[1]]
	m.Proof, m.Severity = r.Proof, r.Severity
	if r.Entropy > 0 && Entropy(value) <= r.Entropy {
		return false
	}
	if r.NotHollow && !r.solid(m, text) {
		return false
	}
	if r.Checksum != nil && !r.Checksum.gate(m, text, names, groups) {
		return false
	}
	return r.Parse == "" || parsed(m, proof.Parse(r.Parse, value))
}

// solid tells whether a value that people choose could be one. A guessable one of a
// service's own account is, but no more than a generic finding of low severity.
func (r *Rule) solid(m *Match, text []byte) bool {
	switch assign.Hollow(text[m.Value[0]:m.Value[1]]) {
	case "":
		return true
	case "default":
		if assign.OwnDefault(text[m.Start:m.Value[0]]) {
			m.Proof, m.Severity = leak.Generic, leak.Low
			m.Notes = append(m.Notes, weaknesses["well-known"])
			return true
		}
	}
	return false
}

// gate verifies the checksum. A match without one (the rule's regexp also takes
// an older form of the token) is no more than a pattern.
func (c *Checksum) gate(m *Match, text []byte, names []string, groups []int) bool {
	sum := group(text, names, groups, c.Sum)
	of := group(text, names, groups, c.Of)
	if c.Of == "" && sum != nil {
		at, _ := groupAt(names, groups, c.Sum)
		of = text[m.Value[0]:max(at, m.Value[0])]
	}
	if sum == nil || of == nil {
		m.Proof = min(m.Proof, leak.Pattern)
		return true
	}
	holds, err := proof.Sum{Algo: c.Algo, Encoding: c.Encoding, Seed: c.Seed}.Verify(of, sum)
	switch {
	case holds && err == nil:
		return true
	case c.Mismatch == "drop" && err == nil:
		return false
	}
	m.Proof = lower(m.Proof)
	m.Notes = append(m.Notes, "its checksum does not hold")
	return true
}

// parsed takes over what a parser says. What it can't tell is one tier lower.
func parsed(m *Match, found proof.Result) bool {
	switch found.Verdict {
	case proof.Fails:
		return false
	case proof.Unsure:
		m.Proof = lower(m.Proof)
	}
	m.Notes = append(m.Notes, found.Notes...)
	m.Expires = found.Expires
	if found.Severity != nil {
		m.Severity = *found.Severity
	}
	return true
}

func lower(p leak.Proof) leak.Proof {
	if p > leak.Generic {
		p--
	}
	return p
}

// group is what the group of that name matched, nil where it took no part.
func group(text []byte, names []string, groups []int, name string) []byte {
	if from, to := groupAt(names, groups, name); from >= 0 {
		return text[from:to]
	}
	return nil
}

// groupAt gives the bounds of the first group of that name that took part:
// the branches of an alternation may each have one.
func groupAt(names []string, groups []int, name string) (from, to int) {
	for i, n := range names {
		if n == name && n != "" && 2*i+1 < len(groups) && groups[2*i] >= 0 {
			return groups[2*i], groups[2*i+1]
		}
	}
	return -1, -1
}
