package scanner

import (
	"reflect"

	"github.com/oakum-sec/oakum/leak"
)

// Merge groups findings by ID: a key that a hundred versions of a file carry is
// one finding, seen in so many places. It keeps the order of first sight.
//
// Hand Add the findings of a scan, or of several scans of one target (history,
// index, working tree), then ask for Findings.
type Merge struct {
	// Oldest keeps of several versions of a place the first one, which brought
	// the value, with its line: for reports that tell of commits, not of files.
	Oldest bool

	// Apart keeps findings of one ID in as many groups as it gives words: an audit
	// tells each namespace of its own. nil: they are one.
	Apart func(*leak.Finding) string

	byID  map[string]*merged
	order []*merged
}

type merged struct {
	finding *leak.Finding
	places  map[nth]int // index in seen; -1 beyond what is listed
	seen    []place
	now     leak.Place // whose sightings are coming in
	span    leak.Span  // the last one's
	ordinal int        // the how manieth of them
	bare    bool       // a place that is not listed does not allow the value
	count   int
}

// nth is a place and which of the value's sightings in it: a password that stands
// twice in a file is to be taken out twice. The second in one version of the file
// is the second in another, wherever the lines have gone.
type nth struct {
	place   string // see spot
	ordinal int
}

// place is what is known of one place: its most exposed sighting, and whether a
// comment there allows the value.
type place struct {
	leak.Sighting
	allowed *leak.Suppression
}

// Add takes f over.
func (m *Merge) Add(f *leak.Finding) {
	if m.byID == nil {
		m.byID = map[string]*merged{}
	}
	id := f.ID
	if m.Apart != nil {
		id += "\x00" + m.Apart(f)
	}
	g := m.byID[id]
	if g == nil {
		g = &merged{finding: f, places: map[nth]int{}}
		m.byID[id] = g
		m.order = append(m.order, g)
	}
	g.absorb(f)
	also, more := f.Also, f.Seen-1-len(f.Also)
	if !g.see(place{f.Sighting, f.Suppressed}, m.Oldest) {
		return
	}
	for _, s := range also { // of what the source knows to stand elsewhere too
		g.put(place{s, f.Suppressed}, m.Oldest)
	}
	g.count += max(0, more)
}

// Again begins another telling of places that may have been told already: the first
// sighting in a place is then the first one once more.
func (m *Merge) Again() {
	for _, g := range m.order {
		g.now = nil
	}
}

// absorb keeps the surest of what several sightings tell of one value.
func (g *merged) absorb(f *leak.Finding) {
	kept := g.finding
	kept.Proof = max(kept.Proof, f.Proof)
	kept.Severity = max(kept.Severity, f.Severity)
	kept.Confidence = max(kept.Confidence, f.Confidence)
	if len(f.Parts) > len(kept.Parts) {
		kept.Parts = f.Parts
	}
}

// see takes a sighting in, and tells whether it is a new one.
func (g *merged) see(p place, oldest bool) bool {
	switch {
	case !reflect.DeepEqual(p.Place, g.now):
		g.now, g.ordinal = p.Place, 0
	case p.Span == g.span: // told twice
		return false
	default:
		g.ordinal++
	}
	g.span = p.Span
	return g.put(p, oldest)
}

// put files a sighting, the g.ordinal-th of its place, and tells whether the place is
// a new one.
func (g *merged) put(p place, oldest bool) bool {
	id := nth{spot(p.Place), g.ordinal}
	i, known := g.places[id]
	switch {
	case !known && len(g.seen) <= leak.MaxAlso:
		g.places[id] = len(g.seen)
		g.seen = append(g.seen, p)
		g.count++
	case !known:
		g.places[id] = -1
		g.count++
		g.bare = g.bare || p.allowed == nil
	case i >= 0 && !oldest:
		g.seen[i] = same(g.seen[i], p)
	}
	return !known
}

// spot tells places apart that a person has to mend one by one: an image is made
// anew, whatever path in it the value has. Fingerprints do not ask which image it is.
func spot(p leak.Place) string {
	switch p := p.(type) {
	case leak.ImageFile:
		return leak.PlaceID(p) + "\x00" + p.Image
	case leak.ImageConfig:
		return leak.PlaceID(p) + "\x00" + p.Image
	case leak.JobLog: // each run's log is deleted by itself
		return leak.PlaceID(p) + "\x00" + p.Run
	}
	return leak.PlaceID(p)
}

// same joins two sightings of one place: the more exposed one, of two versions in
// history the one at HEAD or the younger; with the older's origin. Its comment
// counts: who allows a value today has looked at what yesterday's version said.
func same(old, young place) place {
	origin := joined(old.Origin, young.Origin)
	stays := young.Reach > old.Reach || young.Reach == old.Reach && atHead(old.Sighting) && !atHead(young.Sighting)
	if !stays {
		old = young
	}
	old.Origin = origin
	return old
}

// joined is the older origin, at HEAD if either is.
func joined(old, young *leak.Origin) *leak.Origin {
	if old == nil || young == nil {
		if old == nil {
			return young
		}
		return old
	}
	both := *old
	both.AtHead = old.AtHead || young.AtHead
	both.Last = later(old, young)
	if both.AtHead || both.Last.Commit == both.Commit {
		both.Last = leak.Seen{}
	}
	return &both
}

// later is when the younger of two contents was seen last.
func later(a, b *leak.Origin) leak.Seen {
	x, y := lastOf(a), lastOf(b)
	if y.Date.After(x.Date) {
		return y
	}
	return x
}

func lastOf(o *leak.Origin) leak.Seen {
	if o.Last.Commit != "" {
		return o.Last
	}
	return leak.Seen{Commit: o.Commit, Date: o.Date}
}

func atHead(s leak.Sighting) bool { return s.Origin != nil && s.Origin.AtHead }

// Findings returns the groups, each with its most exposed sighting first.
func (m *Merge) Findings() []*leak.Finding {
	out := make([]*leak.Finding, len(m.order))
	for i, g := range m.order {
		out[i] = g.result()
	}
	return out
}

func (g *merged) result() *leak.Finding {
	f := g.finding
	first := 0
	for i, p := range g.seen {
		if exposed(p.Sighting, g.seen[first].Sighting) {
			first = i
		}
	}
	f.Sighting, f.Also, f.Suppressed = g.seen[first].Sighting, nil, g.suppression(first)
	for i, p := range g.seen {
		if i != first {
			f.Also = append(f.Also, p.Sighting)
		}
	}
	f.Seen = g.count
	return f
}

// suppression is the first place's, if every other place has one, too.
func (g *merged) suppression(first int) *leak.Suppression {
	for _, p := range g.seen {
		if p.allowed == nil || g.bare {
			return nil
		}
	}
	return g.seen[first].allowed
}

// exposed tells whether a is the one to act on before b.
func exposed(a, b leak.Sighting) bool {
	if a.Reach != b.Reach {
		return a.Reach < b.Reach
	}
	return atHead(a) && !atHead(b)
}
