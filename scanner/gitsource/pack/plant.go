package pack

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// errMany is what a database of more than 2^31-1 objects gives.
var errMany = errors.New("more than 2,147,483,647 objects: scan with fewer packs at a time")

// Plant reads the head of every object. Objects that cannot be had are in the
// forest all the same: a walk tells them as lost. jobs is how many goroutines read
// (0: as many as there are processors). The forest uses the files as long as it
// is used.
func Plant(files []*File, loose []Loose, jobs int) (*Forest, error) {
	f := &Forest{loose: loose}
	if err := f.number(files); err != nil {
		return nil, err
	}
	if jobs < 1 {
		jobs = runtime.GOMAXPROCS(0)
	}
	err := Guard(func() error {
		for i := range f.packs {
			f.sortPack(&f.packs[i])
		}
		return nil
	})
	if err == nil {
		err = f.read(jobs)
	}
	if err != nil {
		return nil, fmt.Errorf("read the packs' indexes: %w", err)
	}
	f.grow()
	return f, nil
}

// read reads ids and heads. Neither needs the other, but for deltas that name their
// base by id.
func (f *Forest) read(jobs int) error {
	var copies []int32
	var err error
	var wg sync.WaitGroup
	wg.Go(func() {
		err = Guard(func() error { copies = f.enter(); return nil })
	})
	if jobs == 1 {
		wg.Wait()
	}
	refs := f.readHeads(max(jobs-1, 1))
	wg.Wait()
	if err != nil {
		return err
	}
	return Guard(func() error {
		f.twin(copies)
		f.followRefs(refs)
		return nil
	})
}

// number gives every object its number.
func (f *Forest) number(files []*File) error {
	n := 0
	for _, file := range files {
		first := n
		if n += file.Len(); n > math.MaxInt32 {
			return errMany
		}
		if n > first {
			f.packs = append(f.packs, plot{file: file, first: int32(first), end: int32(n)})
		}
	}
	f.first = int32(n)
	if n > math.MaxInt32-len(f.loose)-1 {
		return errMany
	}
	f.pos, f.low = make([]uint32, n), make([]uint32, n)
	n += len(f.loose)
	f.base, f.start = make([]int32, n), make([]int32, n+1)
	f.marks = make([]mark, n)
	return nil
}

// sortPack sorts the objects of a pack by offset, those that are not to be had
// last, and those of one offset by id.
func (f *Forest) sortPack(p *plot) {
	n := int(p.end - p.first)
	var last int64
	for pos := range n {
		last = max(last, p.file.Offset(pos))
	}
	pos, low := f.pos[p.first:p.end], f.low[p.first:p.end]
	width := bits.Len(uint(n))
	if bits.Len64(uint64(last+1))+width > 64 {
		f.sortWide(p)
	} else {
		keys := make([]uint64, n)
		for i := range keys {
			off := p.file.Offset(i)
			if off < 0 {
				off = last + 1
			}
			keys[i] = uint64(off)<<width | uint64(i)
		}
		for i, key := range radix(keys, width, bits.Len64(uint64(last+1))) {
			pos[i] = uint32(key & (1<<width - 1))
		}
	}
	p.cut = p.end
	high := uint32(0)
	for i, at := range pos {
		off := p.file.Offset(int(at))
		if off < 0 {
			p.cut = p.first + int32(i)
			break
		}
		low[i] = uint32(off)
		if h := uint32(off >> 32); h != high {
			high = h
			p.carries = append(p.carries, carry{p.first + int32(i), h})
		}
	}
}

// sortWide sorts where an offset and a place do not fit into 64 bits together:
// packs over 16 GB of a thousand million objects, or made up offsets.
func (f *Forest) sortWide(p *plot) {
	pos := f.pos[p.first:p.end]
	for i := range pos {
		pos[i] = uint32(i)
	}
	slices.SortStableFunc(pos, func(a, b uint32) int {
		x, y := uint64(p.file.Offset(int(a))), uint64(p.file.Offset(int(b))) // -1 comes last
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

// digit is the bits that radix sorts by at a time: 2,048 counters fit into the
// first level cache.
const digit = 11

// radix sorts keys by the width bits above the lowest skip ones, in a third of the
// time of a comparing sort of a million keys. Equal keys keep their order.
func radix(keys []uint64, skip, width int) []uint64 {
	other := make([]uint64, len(keys))
	for shift := skip; shift < skip+width; shift += digit {
		var at [1<<digit + 1]int
		for _, k := range keys {
			at[k>>shift&(1<<digit-1)+1]++
		}
		for i := range 1 << digit {
			at[i+1] += at[i]
		}
		for _, k := range keys {
			d := k >> shift & (1<<digit - 1)
			other[at[d]] = k
			at[d]++
		}
		keys, other = other, keys
	}
	return keys
}

// headBatch is how many heads a goroutine reads at a time: some 0.1 ms of work.
const headBatch = 4096

// readHeads reads every object's head, and returns the deltas that name their base
// by id, ascending.
func (f *Forest) readHeads(jobs int) (refs []int32) {
	var next atomic.Int32
	var mu sync.Mutex
	var wg sync.WaitGroup
	batches := (int32(f.Len()) + headBatch - 1) / headBatch
	for range min(jobs, int(batches)) {
		wg.Go(func() {
			for b := next.Add(1) - 1; b < batches; b = next.Add(1) - 1 {
				from := b * headBatch
				some := f.readBatch(from, min(from+headBatch, int32(f.Len())))
				mu.Lock()
				refs = append(refs, some...)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(refs)
	return refs
}

// readBatch reads the heads of a batch. Where the file has become shorter since it
// was mapped, the rest of the batch is read one by one.
func (f *Forest) readBatch(from, to int32) (refs []int32) {
	n := from
	for n < to {
		err := Guard(func() error {
			for ; n < to; n++ {
				if f.readHead(n) {
					refs = append(refs, n)
				}
			}
			return nil
		})
		if err != nil {
			f.base[n] = -1
			n++
		}
	}
	return refs
}

// readHead notes what n's head says, and tells whether it names its base by id.
// What is broken has no kind and no base; a walk reads its head again and tells.
func (f *Forest) readHead(n int32) (ref bool) {
	f.base[n] = -1
	if n >= f.first {
		f.marks[n] |= mark(f.loose[n-f.first].Kind) & kindMask
		return false
	}
	p := f.plot(n)
	off := f.offset(p, n)
	if off < 0 {
		return false
	}
	e, err := p.file.Entry(off)
	if err != nil {
		return false
	}
	if e.Kind != object.Unknown {
		f.marks[n] |= mark(e.Kind) & kindMask
		return false
	}
	if e.Base == 0 {
		return true
	}
	if base, ok := f.at(p, e.Base); ok && base < n {
		f.base[n] = base
	}
	return false
}

// followRefs finds the bases of deltas that name them by id: in their own pack, else
// wherever they are.
func (f *Forest) followRefs(refs []int32) {
	for _, n := range refs {
		p := f.plot(n)
		e, err := p.file.Entry(f.offset(p, n))
		if err != nil {
			continue
		}
		first, ok := f.Find(e.Ref)
		if !ok {
			continue
		}
		f.base[n] = first
		twins := f.twins(first)
		i := sort.Search(len(twins), func(i int) bool { return twins[i].other >= p.first })
		if !p.holds(first) && i < len(twins) && p.holds(twins[i].other) {
			f.base[n] = twins[i].other
		}
	}
}

func (p *plot) holds(n int32) bool { return p.first <= n && n < p.end }
