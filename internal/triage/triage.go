// Package triage is the screen on which a person goes through findings: secret by
// secret, with the lines around each masked, and says of each what it is: a false
// positive, fixed, to remediate, or to be looked at later.
//
// Promises: no value is shown, only what Desk hands over; each decision is kept the
// moment it is made, so that one can stop at any time and go on later; it works in 80
// columns and 24 lines, by keys alone, and without colours where they are not wanted.
//
// Limits: it changes no file by itself, that is its Desk's (internal/cli). What was
// found is what a report or scan said; it is read again for its surroundings alone.
package triage

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// Desk does what a decision asks for. Its methods are called from one goroutine at a
// time, but for Context.
type Desk interface {
	// Context reads the lines around a place again, values taken out; an error says why
	// there are none.
	Context(ctx context.Context, f *leak.Finding) ([]string, error)
	// Allow has scans pass over the findings, with the person's reason; Forbid takes that
	// back. told is for the person.
	Allow(findings []*leak.Finding, reason string) (told string, err error)
	Forbid(findings []*leak.Finding) (told string, err error)
	// Keep stores the decisions.
	Keep(d *Decisions) error
}

// Options say how the screen begins.
type Options struct {
	Title string // what is looked at
	At    string // the id of the finding to begin at; "" the first
	Rules func(id string) report.Rule
	Env   []string // as os.Environ gives it: TERM, NO_COLOR
}

// Run shows the screen until the person leaves it.
func Run(ctx context.Context, findings []*leak.Finding, d *Decisions, desk Desk, in io.Reader, out io.Writer, opt Options) error {
	m, err := newModel(ctx, findings, d, desk, opt)
	if err != nil {
		return err
	}
	_, err = tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithEnvironment(opt.Env)).Run()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("show the screen: %w", err)
	}
	return nil
}

// secret is what a person decides on: findings of one value.
type secret struct {
	findings []*leak.Finding // at least one; the first is the one to act on first
}

func (s *secret) head() *leak.Finding { return s.findings[0] }

// seen is in how many places it stands.
func (s *secret) seen() (n int) {
	for _, f := range s.findings {
		n += max(f.Seen, 1)
	}
	return n
}

// group makes secrets of findings. Those of a scan hold their values; those of a
// report are told apart by their ids alone, which for a weak value have its place in
// them.
func group(findings []*leak.Finding) []*secret {
	byID := map[string]*secret{}
	var all []*secret
	for _, f := range findings {
		s := byID[f.ID]
		if s == nil {
			i := slices.IndexFunc(all, func(s *secret) bool {
				return s.head().Rule == f.Rule && !f.Secret.IsZero() && s.head().Secret.Equal(f.Secret)
			})
			if i >= 0 {
				s = all[i]
			}
		}
		if s == nil {
			s = &secret{}
			all = append(all, s)
		}
		byID[f.ID] = s
		s.findings = append(s.findings, f)
	}
	return all
}

// counts is how many secrets there are of each choice.
func (m *model) counts() map[Choice]int {
	n := map[Choice]int{}
	for _, s := range m.secrets {
		n[m.decisions.of(s)]++
	}
	return n
}

func (m *model) decided() (n int) {
	for choice, k := range maps.All(m.counts()) {
		if choice != Open && choice != Later {
			n += k
		}
	}
	return n
}
