package trace

import "slices"

// item is an entry whose place in its tree is remembered: one that is kept (an
// edge), or every eighth of the others, so that it takes no more than eight to learn
// whether an entry begins at some byte.
type item struct {
	start uint32
	edge  edge
}

// marker is in the place of an edge in an item that has none.
var marker = edge{-1, ^uint32(0)}

// stride is how many entries that are not kept may lie between two items.
const stride = 8

// cut is the end of a chunk: the number of items up to there.
type cut struct{ items, chunk int32 }

// folder is what is known of a tree while trees are made of it: the state of the
// walk. Its items are in the order of their starts.
type folder struct {
	items []item
	cuts  []cut // of the chunks that an edge closes
	tail  int32 // the chunk of what follows them, none if nothing does
	list  list
}

// none is no chunk.
const none = -1

// same tells whether f lists what other does.
func (f *folder) same(other *folder) bool {
	return other != nil && f.tail == other.tail && slices.EqualFunc(f.cuts, other.cuts, func(a, b cut) bool { return a.chunk == b.chunk })
}

// at is the first item that begins at pos or behind it.
func (f *folder) at(pos int) int {
	i, _ := slices.BinarySearchFunc(f.items, pos, func(it item, pos int) int { return int(it.start) - pos })
	return i
}

// listing makes a folder and its list, edge after edge.
type listing struct {
	chunks *chunks
	f      *folder
	open   []edge // of the chunk that is not closed
	idle   int    // entries since the last item
}

func (l *listing) begin(f *folder) {
	f.items, f.cuts = f.items[:0], f.cuts[:0]
	l.f, l.open, l.idle = f, l.open[:0], stride // the first entry is an item in any case
}

// add takes the entry at start, which is kept.
func (l *listing) add(start int, e edge) {
	l.f.items = append(l.f.items, item{uint32(start), e})
	l.idle = 0
	l.open = append(l.open, e)
	if e.closes() || len(l.open) == chunkMax {
		n := l.chunks.intern(l.open)
		l.f.cuts = append(l.f.cuts, cut{int32(len(l.f.items)), n})
		l.open = l.open[:0]
	}
}

// pass takes an entry that is not kept.
func (l *listing) pass(start int) {
	if l.idle++; l.idle > stride {
		l.f.items = append(l.f.items, item{uint32(start), marker})
		l.idle = 0
	}
}

// inherit takes over the items from to to of base, which stand shift bytes
// further on here. Where a chunk of base begins with one here, it is the same.
func (l *listing) inherit(base *folder, from, to, shift int) {
	x, _ := slices.BinarySearchFunc(base.cuts, from+1, func(c cut, n int) int { return int(c.items) - n })
	for ; from < to; x++ {
		end := to
		if x < len(base.cuts) {
			end = min(to, int(base.cuts[x].items))
		}
		whole := x < len(base.cuts) && end == int(base.cuts[x].items) && len(l.open) == 0 && base.opens(x, from)
		for ; from < end; from++ {
			switch it := base.items[from]; {
			case whole || it.edge == marker:
				l.f.items = append(l.f.items, item{uint32(int(it.start) + shift), it.edge})
			default:
				l.add(int(it.start)+shift, it.edge)
			}
		}
		if whole {
			l.f.cuts = append(l.f.cuts, cut{int32(len(l.f.items)), base.cuts[x].chunk})
		}
	}
	l.idle = 0
}

// opens tells whether no edge of f's chunk x lies before item i. It looks no further
// back than a few markers: two equal chunks may come of it, which are one in the end.
func (f *folder) opens(x, i int) bool {
	first := 0
	if x > 0 {
		first = int(f.cuts[x-1].items)
	}
	if i-first > 4*chunkMax {
		return false
	}
	for ; first < i; first++ {
		if f.items[first].edge != marker {
			return false
		}
	}
	return true
}

// end closes the last chunk.
func (l *listing) end() {
	if l.f.tail = none; len(l.open) > 0 {
		l.f.tail = l.chunks.intern(l.open)
	}
}
