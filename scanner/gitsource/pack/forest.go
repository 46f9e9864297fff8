package pack

import (
	"io"
	"slices"
	"sort"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// Forest is every object of a database, packed or loose, and what it is a delta
// of. An object is a number; numbers of one pack follow each other by offset,
// those of loose objects come last. It takes about 36 bytes an object, and any
// number of goroutines may read it.
type Forest struct {
	packs []plot
	loose []Loose
	first int32 // of the loose objects

	// Of each packed object: its place in its index, and the low half of its offset.
	pos, low []uint32
	// Of each object: what it is a delta of, and where the list of its own deltas
	// begins in children, with the heaviest one last.
	base, start []int32
	children    []int32
	marks       []mark
	ids         idTable
	copies      []twin // by first, then by other
}

// Loose is an object outside of packs. Open gives its content. Kind is Unknown
// where its head could not be read; Open then says why.
type Loose struct {
	ID   object.ID
	Kind object.Kind
	Size int64
	Open func() (io.ReadCloser, error)
}

// plot is where the objects of one pack stand: numbers from first to end, those
// from cut on begin behind the end of the file.
type plot struct {
	file            *File
	first, cut, end int32
	carries         []carry
}

// carry says that from a number on, offsets have another high half: of packs over
// 4 GB there is one every 4 GB, of others none.
type carry struct {
	from int32
	high uint32
}

// mark is an object's kind, and what else is known of it.
type mark uint8

const (
	kindMask  mark = 7
	copyMark  mark = 1 << 3 // an object with a smaller number has its id
	twinMark  mark = 1 << 4 // another object has its id
	cycleMark mark = 1 << 5 // a delta of itself in the end: its link was cut here
)

// twin is two objects of one id, first being the smallest number that has it.
type twin struct{ first, other int32 }

// Len is how many objects there are, copies included.
func (f *Forest) Len() int { return len(f.base) }

// ID is n's id.
func (f *Forest) ID(n int32) object.ID {
	if n >= f.first {
		return f.loose[n-f.first].ID
	}
	return f.plot(n).file.ID(int(f.pos[n]))
}

// Kind is n's kind, for a delta that of what it is a delta of in the end;
// Unknown where that is not to be had.
func (f *Forest) Kind(n int32) object.Kind { return object.Kind(f.marks[n] & kindMask) }

// Learn is told the kind of an object whose own is Unknown, by who has another way to
// read it: a delta that says where its base begins, and no index knows what begins
// there. Walks of that kind tell it as lost. It must not be called during one.
func (f *Forest) Learn(n int32, k object.Kind) { f.setKind(n, k) }

// Base is what n is a delta of, -1 where it is stored whole.
func (f *Forest) Base(n int32) int32 { return f.base[n] }

// Copy tells whether an object with a smaller number has the same id. It may be
// needed as a base, and is not to be told of again.
func (f *Forest) Copy(n int32) bool { return f.marks[n]&copyMark != 0 }

// Find is the number of the object with that id (the smallest of its copies).
func (f *Forest) Find(id object.ID) (int32, bool) { return f.ids.find(&id) }

// deltas are the objects that are deltas of n.
func (f *Forest) deltas(n int32) []int32 { return f.children[f.start[n]:f.start[n+1]] }

// canonical is the smallest number of n's id.
func (f *Forest) canonical(n int32) int32 {
	if f.Copy(n) {
		if first, ok := f.Find(f.ID(n)); ok {
			return first
		}
	}
	return n
}

// twins are the other objects with the id of first, which is no copy itself.
func (f *Forest) twins(first int32) []twin {
	from := sort.Search(len(f.copies), func(i int) bool { return f.copies[i].first >= first })
	to := from
	for to < len(f.copies) && f.copies[to].first == first {
		to++
	}
	return f.copies[from:to]
}

// plot is the pack that n, which is packed, stands in.
func (f *Forest) plot(n int32) *plot {
	if len(f.packs) == 1 {
		return &f.packs[0]
	}
	i := sort.Search(len(f.packs), func(i int) bool { return n < f.packs[i].end })
	return &f.packs[i]
}

// offset is where the packed object n begins, -1 where that is behind the end.
func (f *Forest) offset(p *plot, n int32) int64 {
	if n >= p.cut {
		return -1
	}
	if len(p.carries) == 0 {
		return int64(f.low[n])
	}
	i := sort.Search(len(p.carries), func(i int) bool { return n < p.carries[i].from })
	if i == 0 {
		return int64(f.low[n])
	}
	return int64(p.carries[i-1].high)<<32 | int64(f.low[n])
}

// end is where n, which begins in the file, ends: where the next one begins, or the
// pack's objects end.
func (f *Forest) end(p *plot, n int32) int64 {
	if n+1 < p.cut {
		return f.offset(p, n+1)
	}
	return p.file.End()
}

// at is the object that begins at off.
func (f *Forest) at(p *plot, off int64) (int32, bool) {
	from, to := p.first, p.cut
	i := sort.Search(len(p.carries), func(i int) bool { return int64(p.carries[i].high) > off>>32 })
	if i > 0 {
		from = p.carries[i-1].from
	}
	if i < len(p.carries) {
		to = p.carries[i].from
	}
	j, ok := slices.BinarySearch(f.low[from:to], uint32(off))
	n := from + int32(j)
	return n, ok && f.offset(p, n) == off
}
