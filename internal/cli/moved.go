package cli

import (
	"context"
	"errors"
	"io/fs"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// moved is the list of what the change only moves: a value that stood in a file before
// the change, stands there no more, and stands elsewhere now. A copy is one place more
// and is new. It reads files only where there is a finding to ask about.
type moved struct {
	repo       *gitsource.Repo
	base, head string
	scan       func(src scanner.Source, sink func(scanner.Event) error) error
	read       bool
	left       []*leak.Finding // whose values have left their file
}

func newMoved(ctx context.Context, repo *gitsource.Repo, base, head string, s *scanner.Scanner) *moved {
	return &moved{repo: repo, base: base, head: head, scan: func(src scanner.Source, sink func(scanner.Event) error) error {
		_, err := s.Scan(ctx, src, sink)
		return err
	}}
}

// Match is asked once a sighting.
func (m *moved) Match(f *leak.Finding) *leak.Suppression {
	if _, ok := f.Place.(leak.GitBlob); !ok {
		return nil
	}
	if !m.read {
		m.read = true
		m.left = m.leaving()
	}
	for _, old := range m.left {
		if old.Rule == f.Rule && old.Secret.Equal(f.Secret) && holds(old, f) {
			return &leak.Suppression{Kind: leak.SuppressBaseline, Reason: "this change only moves it", Where: m.base[:min(len(m.base), 10)] + ":" + old.Place.Path()}
		}
	}
	return nil
}

// Unused: nobody wrote this list.
func (m *moved) Unused() []string { return nil }

// leaving are the findings in the old versions of files that the change touches, whose
// values the new versions do not have. What cannot be read leaves nothing: then what
// seems moved counts as new.
func (m *moved) leaving() (left []*leak.Finding) {
	paths, err := m.repo.Changed(m.base, m.head)
	if err != nil {
		return nil
	}
	for _, path := range paths {
		was, err := m.findings(m.base, path)
		if err != nil || len(was) == 0 {
			continue
		}
		is, err := m.findings(m.head, path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, old := range was {
			if !has(is, old) {
				left = append(left, old)
			}
		}
	}
	return left
}

func (m *moved) findings(rev, path string) (all []*leak.Finding, err error) {
	text, err := m.repo.File(rev, path)
	if err != nil {
		return nil, err
	}
	err = m.scan(oneText{leak.GitBlob{Name: path}, leak.Reachable, text}, func(e scanner.Event) error {
		if e.Finding != nil {
			all = append(all, e.Finding)
		}
		return nil
	})
	return all, err
}

func has(all []*leak.Finding, f *leak.Finding) bool {
	for _, g := range all {
		if g.Secret.Equal(f.Secret) {
			return true
		}
	}
	return false
}

// holds tells whether an old finding has every part of a new one. A key's id that was
// there alone is another thing than the id with its secret beside it.
func holds(old, now *leak.Finding) bool {
	for _, p := range now.Parts {
		found := false
		for _, q := range old.Parts {
			found = found || p.Rule == q.Rule && p.Secret.Equal(q.Secret)
		}
		if !found {
			return false
		}
	}
	return true
}
