package inflate

import "encoding/binary"

const (
	// ahead is how many bytes a turn of the main loop, or the head of a block, may
	// read from where it begins: three fills of up to 7 bytes move on, and each
	// loads 8.
	ahead = 24
	// tailLen is how many of the last bytes of a stream are read from a copy that
	// has zeros after it. At least ahead, so that a source is turned to its tail once.
	tailLen = 32
)

// bits is the bit buffer: the lowest bit of buf comes next, n bits count. What buf
// holds above them is what the next fill loads again.
//
// It is passed by value: three words stay in registers, which fields behind a
// pointer do not.
type bits struct {
	buf uint64
	n   uint
	pos int // of the next byte to load, in input.in
}

// fill loads what fits: there are at least 56 bits then.
func (b bits) fill(in []byte) bits {
	b.buf |= binary.LittleEndian.Uint64(in[b.pos:b.pos+8]) << (b.n & 63)
	b.pos += int((63 - b.n) >> 3)
	b.n |= 56
	return b
}

// drop takes off the k&63 bits that were read.
func (b bits) drop(k uint32) bits {
	b.buf >>= k & 63
	b.n -= uint(k & 63)
	return b
}

// input is the compressed side.
type input struct {
	bits
	src  []byte // all of it
	in   []byte // src, or tail
	base int    // where in begins in src
	// lim is the last position from which a turn may load without looking; in the
	// tail one that more bits than src holds must have been used to pass.
	lim    int
	tailed bool
	tail   [tailLen + 8 + ahead]byte // what a turn that begins at lim may load
}

// begin reads on at src[pos].
func (r *input) begin(src []byte, pos int) {
	r.bits = bits{pos: pos}
	r.src, r.in, r.base, r.lim, r.tailed = src, src, 0, len(src)-ahead, false
}

// release forgets the source.
func (r *input) release() { r.src, r.in = nil, nil }

// turn is called where b.pos is behind lim: it turns to the copy of the source's
// last bytes, and tells whether there is something to read on at all.
func (r *input) turn(b bits) bool {
	if r.tailed {
		return false
	}
	k := copy(r.tail[:tailLen], r.src[b.pos:])
	clear(r.tail[k:])
	r.in, r.base, r.lim, r.tailed = r.tail[:], b.pos, k+8, true
	b.pos = 0
	r.bits = b
	return true
}

// end is where the bits that were used end, rounded up to a byte.
func (r *input) end() int { return r.base + r.pos - int(r.n>>3) }
