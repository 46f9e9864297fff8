package scanner

import (
	"cmp"
	"slices"

	"github.com/oakum-sec/oakum/leak"
)

// ledger holds what texts told until it can be delivered in order. A value in a
// file with three thousand versions is told three thousand times, and a file of
// test data holds hundreds: what sightings of one value have in common is held
// once, which leaves 64 bytes of the 450 or so of a finding.
type ledger struct {
	pages []page
	known map[string]*leak.Finding // the last of each ID
}

// page is what one text told, or one member of an archive: pages of one rank are in
// the order of telling.
type page struct {
	rank   int64
	place  leak.Place
	reach  leak.Reach
	origin *leak.Origin
	notes  []note
}

// note is an event: a gap, or what a sighting does not share with others of its text
// (the page) or of its value (common).
type note struct {
	gap        *leak.Gap
	common     *leak.Finding
	start, end int64
	line, col  [2]int // where it begins and ends
	step       *leak.Step
}

func (l *ledger) add(rank int64, events []Event) {
	p := page{rank: rank, notes: make([]note, 0, len(events))}
	for _, e := range events {
		if e.Gap != nil {
			p.notes = append(p.notes, note{gap: e.Gap})
			continue
		}
		f := e.Finding
		if p.place != nil && leak.PlaceID(p.place) != leak.PlaceID(f.Place) {
			l.pages = append(l.pages, p)
			p = page{rank: rank}
		}
		p.place, p.reach, p.origin = f.Place, f.Reach, f.Origin // a worker gives them all the blob's
		p.notes = append(p.notes, note{
			common: l.common(f), start: f.Span.Start, end: f.Span.End,
			line: [2]int{f.Line, f.EndLine}, col: [2]int{f.Column, f.EndColumn}, step: f.Step,
		})
	}
	l.pages = append(l.pages, p)
}

// common is a finding that has all of f's but its Sighting.
func (l *ledger) common(f *leak.Finding) *leak.Finding {
	if old := l.known[f.ID]; old != nil && alike(old, f) {
		return old
	}
	if l.known == nil {
		l.known = map[string]*leak.Finding{}
	}
	l.known[f.ID] = f
	return f
}

// alike tells whether two findings, fresh from a worker, differ in their Sighting
// at most. Parts have places of their own.
func alike(a, b *leak.Finding) bool {
	return a.ID == b.ID && a.Rule == b.Rule && a.Key == b.Key && a.Name == b.Name && a.Hint == b.Hint &&
		a.Proof == b.Proof && a.Severity == b.Severity && a.Confidence == b.Confidence && a.Seen == b.Seen &&
		len(a.Parts) == 0 && len(b.Parts) == 0 &&
		slices.Equal(a.Notes, b.Notes) && slices.Equal(a.Decoded, b.Decoded) &&
		(a.Suppressed == nil) == (b.Suppressed == nil) &&
		(a.Suppressed == nil || *a.Suppressed == *b.Suppressed) && a.Secret.Equal(b.Secret)
}

// each hands use the events by rank, until it has an error, and forgets them.
func (l *ledger) each(use func(Event) error) error {
	slices.SortStableFunc(l.pages, func(a, b page) int { return cmp.Compare(a.rank, b.rank) })
	for i := range l.pages {
		p := &l.pages[i]
		for j := range p.notes {
			if err := use(p.event(&p.notes[j])); err != nil {
				return err
			}
		}
		*p = page{}
	}
	return nil
}

func (p *page) event(n *note) Event {
	if n.gap != nil {
		return Event{Gap: n.gap}
	}
	f := *n.common
	if f.Suppressed != nil {
		s := *f.Suppressed
		f.Suppressed = &s
	}
	f.Notes, f.Decoded = slices.Clone(f.Notes), slices.Clone(f.Decoded) // the sink may change its own
	f.Sighting = leak.Sighting{
		Place: p.place, Reach: p.reach, Origin: p.origin,
		Span: leak.Span{Start: n.start, End: n.end},
		Line: n.line[0], EndLine: n.line[1], Column: n.col[0], EndColumn: n.col[1],
		Step: n.step,
	}
	return Event{Finding: &f}
}
