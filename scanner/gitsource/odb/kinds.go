package odb

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// Each calls f once for every object in the database, in no order that means
// anything, with its kind and its size, -1 where the size takes more than a
// look at its head. One that cannot be read is of kind Unknown, and may
// come again from where it can be. What else goes wrong is a Gap.
func (db *DB) Each(f func(id ID, kind Kind, size int64)) (gaps []*leak.Gap) {
	loose, gaps := db.Loose()
	seen := map[ID]struct{}{} // the loose ones: few, or soon packed
	for _, l := range loose {
		if l.Kind != object.Unknown {
			seen[l.ID] = struct{}{}
		}
		f(l.ID, l.Kind, l.Size)
	}
	packs := db.packs.open()
	for i, p := range packs {
		err := p.each(func(id ID, kind Kind, size int64) {
			if _, ok := seen[id]; ok {
				return
			}
			if !slices.ContainsFunc(packs[:i], func(q *packed) bool { _, ok := q.find(id); return ok }) {
				f(id, kind, size)
			}
		})
		if err != nil {
			code, _ := Code(err)
			gaps = append(gaps, failure(p.label, code, err))
		}
	}
	return append(gaps, db.Cut()...)
}

// Cut tells of the packs that end before the last of their objects, and of those
// whose index is not what its checksum says: the Gaps that Each has besides those of
// Loose. It reads all of the indexes.
func (db *DB) Cut() (gaps []*leak.Gap) {
	for _, p := range db.packs.open() {
		lost := 0
		err := pack.Guard(func() error {
			for pos := range p.Len() {
				if p.Offset(pos) < 0 {
					lost++
				}
			}
			return p.Verify()
		})
		if lost > 0 {
			gaps = append(gaps, failure(p.label, leak.GapTruncated, fmt.Errorf("%d of its %d objects lie behind its end", lost, p.Len())))
		}
		if err != nil {
			code, _ := Code(err)
			gaps = append(gaps, failure(p.label, code, err))
		}
	}
	return gaps
}

// entry is an object in a pack: kind is unknown (0) until its base's is.
type entry struct {
	off  int64
	size int64
	base int64 // offset of its delta's base, -1 where it has none in this pack
	pos  int32
	kind Kind
}

// each tells of every object of the pack that lies before its end.
func (p *packed) each(f func(id ID, kind Kind, size int64)) error {
	var entries []entry
	err := pack.Guard(func() error {
		entries = p.entries()
		return nil
	})
	resolve(entries)
	for _, e := range entries {
		var id ID
		if err = pack.Guard(func() error { id = p.ID(int(e.pos)); return nil }); err != nil {
			return err
		}
		f(id, e.kind, e.size)
	}
	return err
}

// entries reads the heads of all entries, by offset.
func (p *packed) entries() []entry {
	all := make([]entry, 0, p.Len())
	for pos := range p.Len() {
		if off := p.Offset(pos); off > 0 {
			all = append(all, entry{off: off, base: -1, size: -1, pos: int32(pos)})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.off, b.off) })
	for i := range all {
		p.head(&all[i])
	}
	return all
}

func (p *packed) head(e *entry) {
	h, err := p.Entry(e.off)
	switch {
	case err != nil: // unknown
	case h.Kind != object.Unknown:
		e.kind, e.size = h.Kind, h.Size
	case h.Base > 0:
		e.base = h.Base
	default:
		if off, ok := p.find(h.Ref); ok {
			e.base = off
		} else if kind, _, err := p.db.readBase(h.Ref, p, 0); err == nil {
			e.kind = kind
		}
	}
}

// resolve gives deltas their base's kind. Bases come first in the file, but
// for those named by id: these are taken in further rounds, until one brings nothing,
// or shows a chain that is too long to be read.
func resolve(entries []entry) {
	again := true
	for round := 0; again && round < maxChain; round++ {
		again = false
		for i := range entries {
			e := &entries[i]
			if e.kind != object.Unknown || e.base < 0 {
				continue
			}
			at, ok := slices.BinarySearchFunc(entries, e.base, func(b entry, off int64) int { return cmp.Compare(b.off, off) })
			if ok && entries[at].kind != object.Unknown {
				e.kind, again = entries[at].kind, true
			}
		}
	}
}
