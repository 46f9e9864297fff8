package prefilter

import "math/bits"

// ByteSet is a set of byte values.
type ByteSet [4]uint64

// AllBytes holds each.
var AllBytes = ByteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// Has tells whether b is in s.
func (s *ByteSet) Has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }

// Add puts b into s.
func (s *ByteSet) Add(b byte) { s[b>>6] |= 1 << (b & 63) }

// Union is the bytes of either.
func (s ByteSet) Union(t ByteSet) ByteSet {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

// Common is the bytes of both.
func (s ByteSet) Common(t ByteSet) ByteSet {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

// Border is what may stand beside a literal on one side: a byte of Set, or, if
// Open, the text's end. It follows from the regexp, so that asking it first
// loses no match.
type Border struct {
	Set  ByteSet
	Open bool
}

// AnyBorder asks nothing.
var AnyBorder = Border{AllBytes, true}

// takes tells whether b allows what stands at text[i], which may be outside of it.
func (b *Border) takes(text []byte, i int) bool {
	if uint(i) >= uint(len(text)) {
		return b.Open
	}
	return b.Set.Has(text[i])
}

// folded is the border's bytes, folded; the text's end is a zero.
func (b *Border) folded() (out ByteSet) {
	for i := range b.Set {
		low := b.Set[i] & 0xffffffff // of 64 bytes: those whose bit 0x20 is not set
		out[i] = b.Set[i]&^0xffffffff | low<<32
	}
	if b.Open {
		out.Add(0x20)
	}
	return out
}

func (b *Border) size() (n int) {
	set := b.folded()
	for _, w := range set {
		n += bits.OnesCount64(w)
	}
	return n
}

func (b *Border) each(visit func(byte)) {
	set := b.folded()
	for i, w := range set {
		for ; w != 0; w &= w - 1 {
			visit(byte(i*64 + bits.TrailingZeros64(w)))
		}
	}
}
