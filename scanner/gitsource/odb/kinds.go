package odb

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/oakum-sec/oakum/leak"
)

// Each calls f once for every object in the database, in no order that means
// anything, with its kind and its size, -1 where the size takes more than a
// look at its head. One that cannot be read is of kind InvalidObject, and may
// come again from where it can be. What else goes wrong is a Gap.
func (db *DB) Each(f func(id ID, kind Kind, size int64)) (gaps []*leak.Gap) {
	seen := map[ID]struct{}{} // the loose ones: few, or soon packed
	for _, d := range db.dirs {
		err := d.each(func(id ID) {
			if _, ok := seen[id]; ok {
				return
			}
			r, err := d.open(id)
			if err != nil {
				f(id, plumbing.InvalidObject, -1)
				return
			}
			seen[id] = struct{}{}
			f(id, r.kind, r.size)
			r.Close()
		})
		if err != nil {
			gaps = append(gaps, failure(d.Label, leak.GapUnreadable, err))
		}
	}
	for i, p := range db.packs {
		lost := p.each(func(id ID, kind Kind, size int64) {
			if _, ok := seen[id]; ok {
				return
			}
			if !slices.ContainsFunc(db.packs[:i], func(q *pack) bool { _, ok := q.find(id); return ok }) {
				f(id, kind, size)
			}
		})
		if lost > 0 {
			gaps = append(gaps, failure(p.label, leak.GapTruncated, fmt.Errorf("%d of its %d objects lie behind its end", lost, p.index.count)))
		}
	}
	return gaps
}

// Load reads the packs' indexes into memory, for a scan of everything.
func (db *DB) Load() error {
	for _, p := range db.packs {
		if err := p.index.load(); err != nil {
			return fmt.Errorf("read index of %s: %w", p.label, err)
		}
	}
	return nil
}

// entry is an object in a pack: kind is unknown (0) until its base's is.
type entry struct {
	off  int64
	size int64
	base int64 // offset of its delta's base, -1 where it has none in this pack
	pos  int32
	kind Kind
}

// each tells of every object of the pack, and how many a cut pack has lost.
func (p *pack) each(f func(id ID, kind Kind, size int64)) (lost int) {
	entries, lost := p.entries()
	p.resolve(entries)
	for _, e := range entries {
		f(p.index.id(int(e.pos)), e.kind, e.size)
	}
	return lost
}

// entries reads the heads of all entries, by offset.
func (p *pack) entries() (all []entry, lost int) {
	all = make([]entry, 0, p.index.count)
	for pos := range p.index.count {
		if off := p.index.offset(pos); off <= 0 || off >= p.size {
			lost++
		} else {
			all = append(all, entry{off: off, base: -1, size: -1, pos: int32(pos)})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.off, b.off) })
	heads := headReader{file: p.file, end: p.size}
	for i := range all {
		p.head(&all[i], &heads)
	}
	return all, lost
}

func (p *pack) head(e *entry, heads *headReader) {
	kind, size, base, ref := heads.read(e.off)
	switch {
	case kind == plumbing.OFSDeltaObject:
		e.base = base
	case kind == plumbing.REFDeltaObject:
		if off, ok := p.find(ref); ok {
			e.base = off
		} else {
			e.kind = p.db.kindOutside(ref, p)
		}
	default:
		e.kind, e.size = kind, size
	}
}

// kindOutside is the kind of a delta's base that another place holds.
func (db *DB) kindOutside(id ID, not *pack) Kind {
	kind, _, err := db.readBase(id, not, 0)
	if err != nil {
		return plumbing.InvalidObject
	}
	return kind
}

// resolve gives deltas their base's kind. Bases come first in the file, but
// for those named by id: these are taken in further rounds, until one brings nothing.
func (p *pack) resolve(entries []entry) {
	for again := true; again; {
		again = false
		for i := range entries {
			e := &entries[i]
			if e.kind != plumbing.InvalidObject || e.base < 0 {
				continue
			}
			at, ok := slices.BinarySearchFunc(entries, e.base, func(b entry, off int64) int { return cmp.Compare(b.off, off) })
			if ok && entries[at].kind != plumbing.InvalidObject {
				e.kind, again = entries[at].kind, true
			}
		}
	}
}
