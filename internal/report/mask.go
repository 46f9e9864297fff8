package report

import (
	"errors"
	"slices"
	"sort"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// maskFrom is the shortest value that is looked for in names and messages. A
// shorter one is a common word too often ("admin", "secret"), and the report
// would lose its words to it.
const maskFrom = 8

// Mask takes the values that were found out of whatever else of the target a
// report shows: a commit's subject that quotes the key, a file named after it.
// It is to be called once, before the Document is written.
func (d *Document) Mask() {
	m := d.masker()
	if m == nil {
		return
	}
	for _, f := range d.Findings {
		m.finding(f)
	}
	for _, g := range d.Gaps {
		g.Place = m.place(g.Place)
		if why := g.Why.Error(); m.Replace(why) != why {
			g.Why = errors.New(m.Replace(why))
		}
	}
	for i := range d.Notices {
		d.Notices[i].Text = m.Replace(d.Notices[i].Text)
	}
}

// masker takes all values out of messages that people wrote, and those that are no
// plain word out of keys and paths, which would lose their words to a value such
// as "PASSWORD" or the product's own name: they say where a value stands, and a
// report whose paths nobody can open is of no use.
type masker struct {
	*strings.Replacer
	keys *strings.Replacer
}

// masker replaces all values of d, longer ones first; nil where there are none.
func (d *Document) masker() *masker {
	seen := map[string]bool{}
	add := func(s leak.Secret) {
		if s.Len() >= maskFrom {
			seen[valueOf(s)] = true
		}
	}
	for _, f := range d.Findings {
		add(f.Secret)
		for _, p := range f.Parts {
			add(p.Secret)
		}
	}
	if len(seen) == 0 {
		return nil
	}
	values := make([]string, 0, len(seen))
	for v := range seen {
		values = append(values, v)
	}
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	return &masker{replacing(values), replacing(slices.DeleteFunc(slices.Clone(values), plainWord))}
}

func replacing(values []string) *strings.Replacer {
	pairs := make([]string, 0, 2*len(values))
	for _, v := range values {
		pairs = append(pairs, v, leak.Redacted)
	}
	return strings.NewReplacer(pairs...)
}

// plainWord tells whether a value has only letters and what joins words in names.
func plainWord(value string) bool {
	return strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz_-.") == "" && len(value) < 20
}

func (m *masker) finding(f *leak.Finding) {
	f.Key = m.keys.Replace(f.Key)
	for i, n := range f.Notes {
		f.Notes[i] = m.Replace(n)
	}
	if s := f.Suppressed; s != nil {
		f.Suppressed = &leak.Suppression{Kind: s.Kind, Reason: m.Replace(s.Reason), Where: m.Replace(s.Where)}
	}
	for i := range f.Parts {
		f.Parts[i].Place = m.place(f.Parts[i].Place)
	}
	m.sighting(&f.Sighting)
	for i := range f.Also {
		m.sighting(&f.Also[i])
	}
}

// sighting copies the Origin before it changes it: sources share one among all
// the blobs of a commit.
func (m *masker) sighting(s *leak.Sighting) {
	s.Place = m.place(s.Place)
	if s.Step != nil {
		step := *s.Step
		step.Job, step.Step, step.Variable = m.keys.Replace(step.Job), m.keys.Replace(step.Step), m.keys.Replace(step.Variable)
		s.Step = &step
	}
	if s.Origin == nil {
		return
	}
	o := *s.Origin
	o.Subject, o.Author, o.Email = m.Replace(o.Subject), m.Replace(o.Author), m.Replace(o.Email)
	s.Origin = &o
}

// place masks the parts of a place that the target's author has chosen.
func (m *masker) place(p leak.Place) leak.Place {
	switch p := p.(type) {
	case leak.File:
		p.Name, p.Inner = m.keys.Replace(p.Name), m.inner(p.Inner)
		return p
	case leak.Stdin:
		p.Inner = m.inner(p.Inner)
		return p
	case leak.GitBlob:
		p.Name, p.Inner = m.keys.Replace(p.Name), m.inner(p.Inner)
		return p
	case leak.GitMessage:
		p.Ref = m.Replace(p.Ref)
		return p
	case leak.ImageFile:
		p.Name, p.Inner = m.keys.Replace(p.Name), m.inner(p.Inner)
		return p
	case leak.ImageConfig:
		p.Field = m.keys.Replace(p.Field)
		return p
	case leak.Variable:
		p.Name = m.keys.Replace(p.Name)
		return p
	case leak.JobLog:
		p.Job, p.Artifact, p.Inner = m.keys.Replace(p.Job), m.keys.Replace(p.Artifact), m.inner(p.Inner)
		return p
	case leak.ObjectField:
		p.Name, p.Field, p.Inner = m.keys.Replace(p.Name), m.keys.Replace(p.Field), m.inner(p.Inner)
		return p
	}
	return p
}

func (m *masker) inner(in leak.Inner) leak.Inner {
	var out leak.Inner
	for _, member := range in {
		out = append(out, m.keys.Replace(member))
	}
	return out
}
