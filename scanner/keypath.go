package scanner

import (
	"cmp"
	"slices"

	"github.com/oakum-sec/oakum/scanner/outline"
)

// keyPaths gives hits, all of win's raw ones, the path of the name that they stand
// under: "database.password" in place of "password". It needs the whole text, so
// that larger ones, which come in several windows, keep the name; and so does a hit's
// identity, which must not change when a list above it grows.
//
// Only what stands before maxOutline gets one: a history has thousands of versions of
// a large specification, and each would be read up to its last match. In moby's that
// took three of the second stage's five seconds.
func (w *worker) keyPaths(win *window, hits []*hit) {
	if len(hits) == 0 || win.base != 0 || !win.last || len(w.paths) == 0 {
		return
	}
	format := outline.FormatOf(w.paths[0])
	if format == outline.Unknown {
		return
	}
	hits = slices.Clone(hits)
	slices.SortStableFunc(hits, func(a, b *hit) int { return cmp.Compare(a.finding.Span.Start, b.finding.Span.Start) })
	for len(hits) > 0 && hits[len(hits)-1].finding.Span.Start > maxOutline {
		hits = hits[:len(hits)-1]
	}
	places := make([]outline.Place, len(hits))
	for i, h := range hits {
		places[i] = outline.Place{Value: int(h.finding.Span.Start), Key: h.keyAt, Name: h.finding.Key}
	}
	for i, path := range outline.Paths(format, win.text, places) {
		if path != "" {
			hits[i].finding.Key = path[:min(len(path), 2*maxKey)]
		}
	}
}

// maxOutline is how far into a text key paths are looked for, in bytes.
const maxOutline = 64 << 10
