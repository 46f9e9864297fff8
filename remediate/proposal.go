package remediate

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Proposal is the rotation that secrets of a plan wait for, once they are moved. It is
// worked out of the plan alone, so it is the same each time.
type Proposal struct {
	Name    string // of its entry in a file of rotations
	Kind    string // of the rotator
	Secrets []int  // of the plan, which it replaces together: an AWS key's id and its secret
}

// Proposals are the rotations that a plan's secrets wait for, in its order.
func (p *Plan) Proposals() (all []Proposal) {
	pairs := p.pairs()
	taken, done := map[string]bool{}, map[int]bool{}
	for i, s := range p.Secrets {
		if done[i] {
			continue
		}
		one := Proposal{Kind: RotatedBy(s.Rule).Kind, Secrets: []int{i}}
		for _, key := range s.pairing() {
			if other := slices.IndexFunc(pairs[key], func(o int) bool { return !done[o] && p.Secrets[o].Rule != s.Rule }); other >= 0 {
				one.Secrets = append(one.Secrets, pairs[key][other])
				done[pairs[key][other]] = true
				break
			}
		}
		one.Name = p.nameOf(one, taken)
		all = append(all, one)
	}
	return all
}

// pairs are the secrets that may be a part of the same credential, by what they have in
// common.
func (p *Plan) pairs() map[string][]int {
	all := map[string][]int{}
	for i, s := range p.Secrets {
		for _, key := range s.pairing() {
			all[key] = append(all[key], i)
		}
	}
	return all
}

// pairing is what two parts of a credential have in common: a finding, or else the place in
// the store.
func (s Secret) pairing() (keys []string) {
	if RotatedBy(s.Rule).Kind != awsKind {
		return nil
	}
	at := fmt.Sprintf("%d %d ", s.Target, s.Store)
	for _, id := range s.Findings {
		keys = append(keys, at+"found "+id)
	}
	return append(keys, at+"in "+beside(s))
}

// beside is what the parts of a credential have in common in the store: the document, or
// the name without its last word.
func beside(s Secret) string {
	if s.Field != "" {
		return s.Name
	}
	return path.Dir(s.Name)
}

var unnamed = regexp.MustCompile(`[^a-z0-9]+`)

// maxName is what a rotation's name may have, without a number.
const maxName = 56

// nameOf makes a name that no other rotation has.
func (p *Plan) nameOf(one Proposal, taken map[string]bool) string {
	s := p.Secrets[one.Secrets[0]]
	text := s.Name + "-" + s.Field
	if len(one.Secrets) > 1 {
		text = beside(s)
	}
	text = strings.Trim(unnamed.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if len(text) > maxName {
		text = strings.Trim(text[len(text)-maxName:], "-")
	}
	if text == "" {
		text = one.Kind
	}
	name := text
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", text, n)
	}
	taken[name] = true
	return name
}

// About is what the findings of a proposal tell of whose it is: "user app", "host
// db.internal:5432".
func (p *Plan) About(one Proposal) (all []string) {
	for _, i := range one.Secrets {
		for _, n := range p.Secrets[i].About {
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// Entries are the secrets of a proposal as the store names them.
func (p *Plan) Entries(one Proposal) (all []string) {
	for _, i := range one.Secrets {
		if s := p.Secrets[i]; !slices.Contains(all, s.Name) {
			all = append(all, s.Name)
		}
	}
	return all
}

// Waits tells whether a proposal is still to be done: one of its secrets is moved, and was
// not rotated.
func (s *Status) Waits(one Proposal) bool {
	return slices.ContainsFunc(one.Secrets, func(i int) bool { return slices.Contains([]State{Moved, PartMoved, Stored}, s.States[i]) })
}
