package odb

import (
	"bytes"
	"slices"
	"sort"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// WithPrefix lists the objects whose id begins with prefix, in hex, of two
// digits at least.
func (db *DB) WithPrefix(prefix string) []ID {
	var ids []ID
	low := plumbing.NewHash(prefix + strings.Repeat("0", 40-min(len(prefix), 40)))
	for _, p := range db.packs {
		from := sort.Search(p.index.count, func(i int) bool {
			at := p.index.id(i)
			return bytes.Compare(at[:], low[:]) >= 0
		})
		for ; from < p.index.count && strings.HasPrefix(p.index.id(from).String(), prefix); from++ {
			ids = append(ids, p.index.id(from))
		}
	}
	for _, d := range db.dirs {
		d.fan(prefix[:2], func(id ID) {
			if strings.HasPrefix(id.String(), prefix) {
				ids = append(ids, id)
			}
		})
	}
	slices.SortFunc(ids, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}
