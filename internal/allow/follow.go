package allow

import (
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// follower finds the entry of a finding whose file has moved. The id of a weak
// value (p1) has the place in it, which is what keeps a list from allowing the
// same password elsewhere; where the place of an entry is gone from the target, a
// finding that had that id there is the same one: of the same rule, under the
// same name, with a value of the same check. An id of a strong value (v1) needs
// none of this.
type follower struct {
	places map[string][]string // of the entries, by the check of their value
	ids    map[string]bool
	gone   func(place string) bool // nil: nothing is known to be gone
}

// Follow has the list follow files that moved: gone tells of a place, as an entry
// names it, that no file of the target has that name now.
func (w *follower) Follow(gone func(place string) bool) { w.gone = gone }

// check is the part of a p1 id that depends on the value alone, "" of others.
func check(id string) string {
	if !strings.HasPrefix(id, "p1.") {
		return ""
	}
	return id[strings.LastIndexByte(id, '.')+1:]
}

func (w *follower) learn(id, place string) {
	c := check(id)
	if c == "" || place == "" {
		return
	}
	if w.places == nil {
		w.places, w.ids = map[string][]string{}, map[string]bool{}
	}
	w.places[c] = append(w.places[c], place)
	w.ids[id] = true
}

// follow is the entry's id under which f was known, "" where it was not.
func (w *follower) follow(f *leak.Finding) string {
	if w.gone == nil || f.Secret.IsZero() {
		return ""
	}
	for _, place := range w.places[check(f.ID)] {
		was := leak.Identify(f.Rule, f.Secret, false, f.Name, leak.File{Name: place})
		if w.ids[was] && was != f.ID && w.gone(place) {
			return was
		}
	}
	return ""
}
