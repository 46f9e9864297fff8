package gitsource

import (
	"encoding/binary"
	"errors"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// ErrMemory is returned for bytes that MarshalBinary did not make.
var ErrMemory = errors.New("what is said of objects is malformed")

// UnmarshalBinary implements encoding.BinaryUnmarshaler. It takes no more memory
// than a few times what b has, and what it accepts leads nobody astray but by
// naming an object that was not looked at.
func (m *Memory) UnmarshalBinary(b []byte) error {
	r := memoryReader{rest: b}
	fresh := Memory{format: object.Format(r.byte())}
	if fresh.format != object.SHA1 && fresh.format != object.SHA256 {
		return ErrMemory
	}
	width := fresh.format.Size()
	n := r.count(width + 4)
	ids, sizes := r.take(n*width), r.take(n*4)
	if r.broken {
		return ErrMemory
	}
	fresh.seen = make([]remembered, n)
	for i := range fresh.seen {
		s := &fresh.seen[i]
		s.id, s.size, s.flag = object.FromBytes(ids[i*width:(i+1)*width]), binary.BigEndian.Uint32(sizes[4*i:]), -1
		if i > 0 && compareIDs(fresh.seen[i-1].id, s.id) >= 0 {
			return ErrMemory
		}
	}
	fresh.readFlags(&r)
	if r.broken || len(r.rest) > 0 {
		return ErrMemory
	}
	fresh.sort()
	*m = fresh
	return nil
}

func (m *Memory) readFlags(r *memoryReader) {
	n := r.count(2)
	m.flags = make([]flag, 0, n)
	at := -1
	for i := range n {
		step := r.number(len(m.seen))
		if at = max(at, 0) + step; at >= len(m.seen) || i > 0 && step == 0 {
			r.broken = true
		}
		f := r.flag()
		if r.broken || !covers(f.regions, int(m.seen[at].size)) {
			r.broken = true
			return
		}
		m.seen[at].flag = int32(i)
		m.flags = append(m.flags, f)
	}
}

// memoryReader reads what MarshalBinary wrote. After something that cannot be it is
// broken, and gives zeros.
type memoryReader struct {
	rest   []byte
	broken bool
}

func (r *memoryReader) take(n int) []byte {
	if r.broken || n < 0 || n > len(r.rest) {
		r.broken, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *memoryReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// number reads a number of at most most.
func (r *memoryReader) number(most int) int {
	v, n := binary.Uvarint(r.rest)
	if r.broken || n <= 0 || v > uint64(most) {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

// count reads how many things follow that take at least size bytes each.
func (r *memoryReader) count(size int) int {
	n := r.number(len(r.rest))
	if n > len(r.rest)/size {
		r.broken, r.rest = true, nil
		return 0
	}
	return n
}

func (r *memoryReader) flag() flag {
	mark := r.number(markRegions + len(r.rest)/2)
	if mark < markRegions || r.broken {
		return flag{read: mark == markRead}
	}
	f := flag{regions: make([]leak.Span, 0, min(mark-markRegions, len(r.rest)/2))}
	end := int64(0)
	for range mark - markRegions {
		start := end + int64(r.number(wholeLimit))
		end = start + int64(r.number(wholeLimit))
		f.regions = append(f.regions, leak.Span{Start: start, End: end})
		if r.broken {
			return flag{}
		}
	}
	return f
}
