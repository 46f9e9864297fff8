package scanner

import (
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// name looks at what the text is called: a token in a file's name is as public
// as one in the file. From then on the place is told without it.
//
// Each component of a path is a text of its own, since a git tree has no more
// than that: what finds names there finds what is found here.
func (w *worker) name() {
	path := w.blob.Place.Path()
	if w.opt.Known == nil && !longWord(path) {
		return
	}
	w.path = append(w.path[:0], path...)
	var found []rules.Match
	for start, end := range components(w.path) {
		found = w.component(found, start, end)
	}
	if len(found) == 0 {
		return
	}
	w.blob.Place = leak.Renamed(w.blob.Place, redacted(path, found)) // before anything is made of it
	hits := make([]*hit, len(found))
	for i := range found {
		hits[i] = w.hit(&found[i], w.path, nil)
		hits[i].byName()
		hits[i].finding.Span = leak.Span{Start: int64(found[i].Value[0]), End: int64(found[i].Value[1])}
	}
	for _, h := range w.withoutOverlaps(hits) {
		h.finding.Notes = append(h.finding.Notes, "in the file's name")
		w.named(h)
	}
}

// component appends what is found in path[start:end], with path's offsets.
func (w *worker) component(found []rules.Match, start, end int) []rules.Match {
	found = w.knownNames(found, start, end)
	if !longWord(w.path[start:end]) {
		return found
	}
	w.matches = w.set.Append(w.matches[:0], w.path[start:end])
	for i := range w.matches {
		m := &w.matches[i]
		if m.Shift(start); nameable(m) && w.accepted(m, w.path) {
			found = append(found, *m)
		}
	}
	return found
}

// Name tells whether the scan of a text in whose path component stands, between
// two slashes, would look at more of it than a scan of another: it would tell what
// is in the name, or take it out again.
func (p *Probe) Name(component []byte) bool {
	return p.opt.hasKnown(component) || longWord(component) && slices.ContainsFunc(p.set.Append(nil, component), func(m rules.Match) bool { return nameable(&m) })
}

// nameable: that a file is called token-something gives nothing away.
func nameable(m *rules.Match) bool { return m.Proof != leak.Generic }

// components yields where each of path's components begins and ends.
func components(path []byte) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		start := 0
		for i := range path {
			if path[i] == '/' {
				if !yield(start, i) {
					return
				}
				start = i + 1
			}
		}
		yield(start, len(path))
	}
}

// longWord tells whether a stretch of path is as long as a token's random part.
// Few names have one, and a look at the others would cost more than at a small file.
func longWord[P string | []byte](path P) bool {
	n := 0
	for i := range len(path) {
		if n++; classes[path[i]] == 0 || path[i] == '/' {
			n = 0
		}
		if n == 16 {
			return true
		}
	}
	return false
}

// redacted is path without the values of found. Where those overlap, what the
// first of them may show is all that is shown.
func redacted(path string, found []rules.Match) string {
	slices.SortFunc(found, func(a, b rules.Match) int { return a.Value[0] - b.Value[0] })
	told, done := "", 0 // path[:done] is told, or left out
	for i := range found {
		m := &found[i]
		if m.Value[0] >= done {
			told += path[done:min(m.Value[1], m.Value[0]+m.Rule.Show)] + leak.Redacted
		}
		done = max(done, m.Value[1])
	}
	return told + path[done:]
}

// named keeps a finding that stands in no line of the text.
func (w *worker) named(h *hit) {
	h.finding.Sighting = leak.Sighting{Place: w.blob.Place, Reach: w.blob.Reach, Origin: w.blob.Origin}
	w.names = append(w.names, h)
}

// files tells what rules find by the path alone (gitleaks' path rules).
func (w *worker) files() {
	for _, m := range w.set.Files(w.subject(nil)) {
		h := w.hit(&m, nil, nil)
		h.finding.ID = leak.Identify(m.Rule.ID, h.finding.Secret, false, "", w.blob.Place)
		w.named(h)
	}
}

// stated tells what the source states by itself.
func (w *worker) stated() {
	for _, s := range w.blob.Stated {
		r := w.set.Rule(s.Rule)
		if r == nil {
			continue
		}
		h := w.hit(&rules.Match{Rule: r, Proof: r.Proof, Severity: r.Severity}, nil, nil)
		w.named(h)
		f := h.finding
		f.Place, f.Key, f.Name, f.Notes = s.Place, s.Key, s.Key, append(f.Notes, s.Notes...)
		f.ID = leak.Identify(r.ID, f.Secret, false, f.Name, f.Place)
	}
}
