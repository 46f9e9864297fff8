package report

import (
	"cmp"
	"path"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Merged is one report of several: of a repository, the image that is made of it, the
// CI system's variables, the objects of a cluster. A credential that stands in several
// of them is one finding with all its places; its verdict is the strictest that it got.
//
// Findings are known to be of one value by their ids. A weak value's id is made of its
// place, on purpose (docs/design/001-identity.md), so that it stays a finding a place.
func Merged(docs []*Document) *Document {
	m := merging{out: &Document{Schema: Schema, Gaps: []*leak.Gap{}, Notices: []Notice{}}, heads: map[string]*leak.Finding{}}
	m.out.Result.Complete = true
	several := len(targetsOf(docs)) > 1
	for _, d := range docs {
		if several {
			d = d.apart()
		}
		m.add(d)
	}
	return m.done()
}

func targetsOf(docs []*Document) (all []Target) {
	for _, d := range docs {
		for _, t := range d.Targets {
			if !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return all
}

// merging is the work under way.
type merging struct {
	out   *Document
	merge scanner.Merge
	heads map[string]*leak.Finding // the first of each id
}

func (m *merging) add(d *Document) {
	m.out.Tool = cmp.Or(m.out.Tool, d.Tool)
	m.out.Result.Complete = m.out.Result.Complete && d.Result.Complete
	m.out.Result.Reason = firstOf(m.out.Result.Reason, d.Result.Reason)
	m.out.Elapsed += d.Elapsed
	m.summary(&d.Summary)
	m.out.Targets = targetsOf([]*Document{m.out, d})
	for _, r := range d.Rules {
		if !slices.ContainsFunc(m.out.Rules, func(s Rule) bool { return s.ID == r.ID }) {
			m.out.Rules = append(m.out.Rules, r)
		}
	}
	m.out.Gaps = append(m.out.Gaps, d.Gaps...)
	for _, n := range d.Notices {
		if !slices.Contains(m.out.Notices, n) {
			m.out.Notices = append(m.out.Notices, n)
		}
	}
	m.merge.Again()
	for _, f := range d.Findings {
		m.finding(f)
	}
}

// summary adds the numbers up.
func (m *merging) summary(s *scanner.Summary) {
	sum := &m.out.Summary
	sum.Blobs, sum.Bytes, sum.Findings = sum.Blobs+s.Blobs, sum.Bytes+s.Bytes, sum.Findings+s.Findings
	sum.Failures, sum.Boundaries = sum.Failures+s.Failures, sum.Boundaries+s.Boundaries
	for _, pair := range []struct {
		to   *map[string]int64
		from map[string]int64
	}{{&sum.Gaps, s.Gaps}, {&sum.Dropped, s.Dropped}, {&sum.Suppressed, s.Suppressed}} {
		if *pair.to == nil {
			*pair.to = map[string]int64{}
		}
		for k, n := range pair.from {
			(*pair.to)[k] += n
		}
	}
}

// finding adds one, place by place: that is how Merge tells the places that are the
// same from those that are not.
func (m *merging) finding(f *leak.Finding) {
	m.said(f)
	seen := append([]leak.Sighting{f.Sighting}, f.Also...)
	slices.SortStableFunc(seen, func(a, b leak.Sighting) int {
		return cmp.Or(cmp.Compare(leak.PlaceID(a.Place), leak.PlaceID(b.Place)), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	for i, s := range seen {
		one := *f
		one.Sighting, one.Also, one.Seen = s, nil, 1
		if i == 0 {
			one.Seen = max(1, f.Seen-len(f.Also))
		}
		m.merge.Add(&one)
	}
}

// said keeps what several reports say of one value: every note, the strictest verdict,
// and what its issuer said when it was asked.
func (m *merging) said(f *leak.Finding) {
	head := m.heads[f.ID]
	if head == nil {
		own := *f
		own.Notes = slices.Clone(f.Notes)
		m.heads[f.ID] = &own
		return
	}
	for _, n := range f.Notes {
		if !slices.Contains(head.Notes, n) {
			head.Notes = append(head.Notes, n)
		}
	}
	if f.Decision != nil && (head.Decision == nil || f.Decision.Verdict > head.Decision.Verdict) {
		head.Decision = f.Decision
	}
	if f.Live != nil && (head.Live == nil || f.Live.State == leak.Valid) {
		head.Live = f.Live
	}
}

// apart is d with its files' names as they are opened from where oakum was called, so
// that those of several targets are told apart.
func (d *Document) apart() *Document {
	if len(d.Targets) != 1 || d.Targets[0].Base == "" {
		return d
	}
	own, base := *d, d.Targets[0].Base
	own.Targets = []Target{d.Targets[0]}
	own.Targets[0].Base = ""
	own.Findings, own.Gaps = nil, nil
	for _, f := range d.Findings {
		moved := *f
		moved.Place, moved.Also = below(base, f.Place), slices.Clone(f.Also)
		for i := range moved.Also {
			moved.Also[i].Place = below(base, moved.Also[i].Place)
		}
		own.Findings = append(own.Findings, &moved)
	}
	for _, g := range d.Gaps {
		moved := *g
		moved.Place = below(base, g.Place)
		own.Gaps = append(own.Gaps, &moved)
	}
	return &own
}

// below is a place in a target that lies at base.
func below(base string, p leak.Place) leak.Place {
	switch p := p.(type) {
	case leak.File:
		p.Name = path.Join(base, p.Name)
		return p
	case leak.GitBlob:
		p.Repo = path.Join(base, p.Repo)
		return p
	case leak.GitMessage:
		p.Repo = path.Join(base, p.Repo)
		return p
	}
	return p
}

// done puts the report together.
func (m *merging) done() *Document {
	d := m.out
	d.Findings = m.merge.Findings()
	for _, f := range d.Findings {
		head := m.heads[f.ID]
		f.Notes, f.Decision, f.Live = head.Notes, head.Decision, head.Live
		d.Counts.Add(f)
		d.Result.Verdict = max(d.Result.Verdict, verdict(f))
	}
	slices.SortFunc(d.Rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	switch {
	case d.Result.Verdict == leak.Deny:
		d.Result.ExitCode = 1
	case !d.Result.Complete:
		d.Result.ExitCode = 3
	}
	return d
}
