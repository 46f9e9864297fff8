package odb

import (
	"bytes"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// WithPrefix lists the objects whose id begins with prefix, in hex, of two
// digits at least.
func (db *DB) WithPrefix(prefix string) []ID {
	digits := 2 * db.format.Size()
	low, ok := db.format.Parse(prefix + strings.Repeat("0", max(digits-len(prefix), 0)))
	if !ok {
		return nil
	}
	var ids []ID
	for _, p := range db.packs.open() {
		pack.Guard(func() error { // what a fault hides is missed when it is read
			pos, _ := p.Find(low)
			for ; pos < p.Len() && strings.HasPrefix(p.ID(pos).String(), prefix); pos++ {
				ids = append(ids, p.ID(pos))
			}
			return nil
		})
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
