package pack

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// idTable finds objects by id: open addressing, a slot of four bytes. A slot holds
// a number + 1 in its low bits and in what is left above them (12 bits of a million
// objects) bits of the hash, so that hardly an id is compared in vain; ids
// themselves stay in the packs' indexes. The hash is seeded: nobody can make a pack
// whose ids all fall into one place.
type idTable struct {
	seed  maphash.Seed
	slots []uint32
	width uint // bits of a number
}

// newIDTable makes a table for n objects, two thirds full at most.
func newIDTable(n int) idTable {
	return idTable{
		seed:  maphash.MakeSeed(),
		slots: make([]uint32, n+n/2+1),
		width: uint(bits.Len(uint(n))),
	}
}

// place is where the search for id begins, and the bits its slot is known by.
func (t *idTable) place(id *object.ID) (i int, tag uint32) {
	h := maphash.Bytes(t.seed, id[:])
	hi, _ := bits.Mul64(h, uint64(len(t.slots)))
	return int(hi), uint32(h) >> t.width << t.width
}

// find is the number that stands for id.
func (t *idTable) find(f *Forest, id *object.ID) (int32, bool) {
	n, _, _ := t.search(f, id)
	return n, n >= 0
}

// search is find, or -1 with the empty slot that id belongs into.
func (t *idTable) search(f *Forest, id *object.ID) (n int32, slot int, tag uint32) {
	if len(t.slots) == 0 {
		return -1, 0, 0
	}
	low := uint32(1)<<t.width - 1
	i, tag := t.place(id)
	for t.slots[i] != 0 {
		if v := t.slots[i]; v&^low == tag {
			n := int32(v&low) - 1
			if f.ID(n) == *id {
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
		first, slot, tag := f.ids.search(f, &id)
		if first >= 0 {
			copies = append(copies, max(n, first))
		}
		if first < 0 || n < first {
			f.ids.slots[slot] = tag | uint32(n+1)
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
