package scanner

import "github.com/oakum-sec/oakum/leak"

// name looks at what the text is called: a token in a file's name is as public
// as one in the file. From then on the place is told without it.
func (w *worker) name() {
	path := w.blob.Place.Path()
	if !longWord(path) {
		return
	}
	w.path = append(w.path[:0], path...)
	matches := w.set.Append(w.matches[:0], w.path)
	w.matches = matches[:0]
	for i := len(matches) - 1; i >= 0; i-- { // from the end, so that offsets stay right
		m := &matches[i]
		if m.Proof == leak.Generic || !w.accepted(m, w.path) {
			continue
		}
		path = path[:min(m.Value[1], m.Value[0]+m.Rule.Show)] + leak.Redacted + path[m.Value[1]:]
		w.blob.Place = leak.Renamed(w.blob.Place, path) // before anything is made of it
		h := w.hit(m, w.path, nil)
		h.finding.Notes = append(h.finding.Notes, "in the file's name")
		w.named(h)
	}
}

// longWord tells whether a stretch of path is as long as a token's random part.
// Few names have one, and a look at the others would cost more than at a small file.
func longWord(path string) bool {
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
