package trace

import "sync"

// list is where the chunks of a tree's list stand in a block of chunk numbers.
// Trees that differ in nothing that is kept share one.
type list struct{ block, from, n int32 }

// unread is the list of a tree that was not read.
var unread = list{block: -1}

// blocks hold the chunk numbers of lists.
type blocks struct {
	mu   sync.Mutex
	list [][]int32
}

// blockSize is how many chunk numbers a block has: 256 KB, so that what stays
// unused of each worker's last one is nothing.
const blockSize = 1 << 16

// block is one that a single goroutine writes to; number is -1 before the first.
type block struct {
	all    *blocks
	number int32
	used   int
	data   []int32
}

// put stores a list.
func (b *block) put(cuts []cut, tail int32) list {
	size := len(cuts) + 1
	if b.number < 0 || len(b.data)-b.used < size {
		b.data, b.used = make([]int32, max(size, blockSize)), 0
		b.number = b.all.add(b.data)
	}
	l := list{block: b.number, from: int32(b.used)}
	for _, c := range cuts {
		b.data[b.used] = c.chunk
		b.used++
	}
	if tail != none {
		b.data[b.used] = tail
		b.used++
	}
	l.n = int32(b.used) - l.from
	return l
}

func (b *blocks) add(data []int32) int32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, data)
	return int32(len(b.list) - 1)
}

// get is a list. Nothing may be put at the same time.
func (b *blocks) get(l list) []int32 { return b.list[l.block][l.from : l.from+l.n] }
