package pack

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// idTable finds objects by id: open addressing, a slot of eight bytes. A slot holds
// a number + 1 in its low bits and, in the others (44 of a million objects), bits of
// the id's hash by which it is known. Ids themselves are not compared when one is looked up: that is two
// more misses of the processor's caches, for what half of the time over trees went.
// The hash is seeded, so that nobody can make ids whose bits are the same; by chance
// one look-up in ten million million takes an id for another one.
type idTable struct {
	seed  maphash.Seed
	slots []uint64
	width uint // bits of a number
}

// newIDTable makes a table for n objects, two thirds full at most.
func newIDTable(n int) idTable {
	return idTable{
		seed:  maphash.MakeSeed(),
		slots: make([]uint64, n+n/2+1),
		width: uint(bits.Len(uint(n))),
	}
}

// place is where the search for id begins, and the bits its slot is known by.
func (t *idTable) place(id *object.ID) (i int, tag uint64) {
	h := maphash.Bytes(t.seed, id[:])
	hi, lo := bits.Mul64(h, uint64(len(t.slots)))
	return int(hi), lo >> t.width << t.width
}

// find is the number that stands for id.
func (t *idTable) find(id *object.ID) (int32, bool) {
	n, _, _ := t.search(id, nil)
	return n, n >= 0
}

// search is find, or -1 with the empty slot that id belongs into. is, if there is
// one, has the last word on what an id's number is.
func (t *idTable) search(id *object.ID, is func(n int32) bool) (n int32, slot int, tag uint64) {
	if len(t.slots) == 0 {
		return -1, 0, 0
	}
	low := uint64(1)<<t.width - 1
	i, tag := t.place(id)
	for t.slots[i] != 0 {
		if v := t.slots[i]; v&^low == tag {
			if n := int32(v&low) - 1; is == nil || is(n) {
				return n, i, tag
			}
		}
		if i++; i == len(t.slots) {
			i = 0
		}
	}
	return -1, i, tag
}

// enter makes the table of every object and returns those that are copies. It goes
// along the indexes, not by number: ids are read in the order in which they lie.
func (f *Forest) enter() (copies []int32) {
	f.ids = newIDTable(f.Len())
	enter := func(n int32, id object.ID) {
		first, slot, tag := f.ids.search(&id, func(n int32) bool { return f.ID(n) == id })
		if first >= 0 {
			copies = append(copies, max(n, first))
		}
		if first < 0 || n < first {
			f.ids.slots[slot] = tag | uint64(n+1)
		}
	}
	for i := range f.packs {
		p := &f.packs[i]
		at := make([]int32, p.end-p.first) // by place in the index
		for n := p.first; n < p.end; n++ {
			at[f.pos[n]] = n
		}
		for pos, n := range at {
			enter(n, p.file.ID(pos))
		}
	}
	for i := range f.loose {
		enter(f.first+int32(i), f.loose[i].ID)
	}
	return copies
}

// twin notes what the copies are copies of.
func (f *Forest) twin(copies []int32) {
	for _, n := range copies {
		id := f.ID(n)
		first, _ := f.Find(id)
		f.marks[n] |= copyMark | twinMark
		f.marks[first] |= twinMark
		f.copies = append(f.copies, twin{first, n})
	}
	slices.SortFunc(f.copies, func(a, b twin) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.other, b.other))
	})
}
