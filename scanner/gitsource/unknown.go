package gitsource

import (
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// There are objects of which the heads of a pack's entries do not tell the kind, and
// which can be read all the same, by git as well: deltas that say where their base
// begins, where no index has an object. Nobody's git writes packs like that. Who wants to
// hide something could.

// learn finds out the kinds of objects that a survey calls broken, and files those
// that it can; another pack may have had one whole.
func (s *walkState) learn(all *survey) {
	lists := map[object.Kind]*[]id{object.Commit: &all.commits, object.Tag: &all.tags, object.Tree: &all.trees, object.Blob: &all.blobs}
	broken := slices.Compact(all.broken)
	all.broken = nil
	for _, h := range broken {
		kind, data, err := s.r.db.Read(h)
		if err != nil {
			all.broken = append(all.broken, h)
			continue
		}
		*lists[kind] = append(*lists[kind], h)
		if kind == object.Blob {
			s.sizes[h] = int64(len(data))
		}
	}
}

// learn is the same for the forest. Walks tell such an object as lost, so that it is
// flagged, and read.
func (t *narrowing) learn() {
	for n := range int32(t.forest.Len()) {
		if t.forest.Kind(n) != object.Unknown || t.forest.Copy(n) {
			continue
		}
		if kind, _, err := t.r.db.Read(t.forest.ID(n)); err == nil {
			t.forest.Learn(n, kind)
		}
	}
}
