package inflate

import (
	"encoding/binary"
	mathbits "math/bits"
	"sync"
)

// Decoding tables are indexed by the next bits of the stream. An entry is
//
//	literal:          1<<31 | byte<<16 | bits<<8 | bits
//	length, distance: base<<16 | bits<<8 | bits with extra ones
//	special:          1<<15, with one of
//	  subtable        1<<14 | its start<<16 | its index's bits<<8 | bits so far
//	  end of block    1<<13 | bits
//	                  neither: a code that may not be used
const (
	literal  = 1 << 31
	special  = 1 << 15
	subtable = 1 << 14
	endBlock = 1 << 13
)

// The tables' first index has a constant width, so that the compiler sees that it
// is in bounds. 10 bits for literals and lengths: 8 and 9 for small outputs, or
// 11, gained nothing on the objects of git/git.
const (
	litBits = 10
	offBits = 8
	preBits = 7 // the longest there is
	maxBits = 15

	// Room for the subtables too: 1334 and 402 entries are the most that any code
	// needs (examples/enough.c of zlib: enough 286 10 15, enough 30 8 15), rounded
	// up to a power of two, so that a mask keeps an index in bounds.
	litSize = 2048
	offSize = 512
)

// codes are the two tables of a block.
type codes struct {
	lits [litSize]uint32
	offs [offSize]uint32
}

// constants are what no stream changes: what the symbols mean, and the codes of
// fixed blocks.
type constants struct {
	lits  [288]uint32
	offs  [32]uint32
	pre   [19]uint32
	fixed codes
}

// shared are the constants of all Inflaters. To build the fixed codes for each
// block made a scan 17 % slower.
var shared = sync.OnceValue(func() *constants {
	c := new(constants)
	c.symbols()
	c.fixedCodes()
	return c
})

// symbols fills in what symbols mean: RFC 1951, 3.2.5.
func (c *constants) symbols() {
	for i := range c.lits {
		c.lits[i] = special // 286 and 287 have a code and no meaning
	}
	for i := range uint32(256) {
		c.lits[i] = literal | i<<16
	}
	c.lits[256] = special | endBlock
	base := uint32(3)
	for i := range uint32(28) {
		extra := max(i, 4)/4 - 1
		c.lits[257+i] = base<<16 | extra
		base += 1 << extra
	}
	c.lits[285] = 258 << 16
	base = 1
	for i := range uint32(30) {
		extra := max(i, 2)/2 - 1
		c.offs[i] = base<<16 | extra
		base += 1 << extra
	}
	c.offs[30], c.offs[31] = special, special
	for i := range uint32(19) {
		c.pre[i] = i << 16
	}
}

// fixedCodes makes the codes of fixed blocks: RFC 1951, 3.2.6.
func (c *constants) fixedCodes() {
	var lens [288]uint8
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		default:
			lens[i] = 8
		}
	}
	var k code
	k.build(c.fixed.lits[:], lens[:], c.lits[:], litBits, true)
	for i := range 32 {
		lens[i] = 5
	}
	k.build(c.fixed.offs[:], lens[:32], c.offs[:], offBits, true)
}

// code is a prefix code that is being made a table: RFC 1951, 3.2.2.
type code struct {
	count  [maxBits + 1]uint // how many symbols have a code of that length
	sorted [288]uint16       // symbols by length, then by value; those without a code last, or left out
	longest,
	shortest uint
}

// build makes the table of the code that gives symbol i lens[i] bits, and tells
// whether zlib would take it: it must be complete, or, where lone, have no code at
// all or a single one of one bit. What it does not hold is an error when met.
func (c *code) build(tab []uint32, lens []uint8, meaning []uint32, width uint, lone bool) bool {
	space := c.sort(lens)
	switch {
	case space == 1<<maxBits:
		c.table(tab, meaning, width)
		return true
	case c.longest > 1 || space > 1<<maxBits || !lone:
		return false
	}
	for i := range tab[:1<<width] {
		tab[i] = special | 1<<8 | 1
	}
	if c.longest == 1 {
		e := meaning[c.sorted[0]] + 1<<8 + 1
		for i := 0; i < 1<<width; i += 2 {
			tab[i] = e
		}
	}
	return true
}

// sort fills c, and returns how much of the code space is taken, of 1<<maxBits.
// Most symbols have no code and stand next to each other: eight are passed over at
// a time.
func (c *code) sort(lens []uint8) (space uint) {
	c.count = [maxBits + 1]uint{}
	for i := 0; i < len(lens); i++ {
		if i+8 <= len(lens) && binary.LittleEndian.Uint64(lens[i:i+8]) == 0 {
			i += 7
			continue
		}
		c.count[lens[i]&maxBits]++
	}
	c.longest, c.shortest = 0, 0
	var next [maxBits + 1]uint
	at := uint(0)
	for l := uint(1); l <= maxBits; l++ {
		if c.count[l] == 0 {
			continue
		}
		if c.shortest == 0 {
			c.shortest = l
		}
		c.longest = l
		next[l] = at
		at += c.count[l]
		space += c.count[l] << (maxBits - l)
	}
	next[0] = at // the others come last, which costs less than to ask for each
	for i := 0; i < len(lens); i++ {
		if i+8 <= len(lens) && binary.LittleEndian.Uint64(lens[i:i+8]) == 0 {
			i += 7
			continue
		}
		l := lens[i] & maxBits
		at := next[l]
		next[l] = at + 1
		c.sorted[at] = uint16(i)
	}
	return space
}

// table fills tab with a complete code. Codes go up; as their bits come highest
// first in a stream of lowest first, they are counted with their bits reversed.
// What is filled for codes of up to l bits is doubled for those of l+1.
func (c *code) table(tab, meaning []uint32, width uint) {
	word, at := uint(0), uint(0)
	filled := uint(1) << (c.shortest & maxBits)
	for l := c.shortest; l <= width; l++ {
		for range c.count[l&maxBits] {
			tab[word] = meaning[c.sorted[at]] + uint32(l<<8|l)
			at++
			word = follow(word, filled)
		}
		if l < width {
			copy(tab[filled:2*filled], tab[:filled])
			filled *= 2
		}
	}
	if c.longest > width {
		c.subtables(tab, meaning, width, word, at)
	}
}

// follow is the code after word, both reversed, among those of as many bits as
// size is a power of two; of no use after the last.
func follow(word, size uint) uint {
	zeros := word ^ (size - 1)
	bit := uint(1) << ((mathbits.Len(zeros) - 1) & 63)
	return word&(bit-1) | bit
}

// subtables adds the codes that are longer than width: word is the first of them,
// of symbol sorted[at]. Those with the same first bits have a table of their own
// behind the first one.
func (c *code) subtables(tab, meaning []uint32, width, word, at uint) {
	mask := uint(1)<<width - 1
	prefix, start, end := ^uint(0), uint(0), uint(1)<<width
	// table left word at the codes of width bits; the longer ones extend it.
	for l := width + 1; l <= c.longest; l++ {
		for left := c.count[l&maxBits]; left > 0; left-- {
			if word&mask != prefix {
				prefix = word & mask
				deep := c.depth(l, left, width)
				start, end = end, end+1<<deep
				tab[prefix] = uint32(start<<16|special|subtable|deep<<8) | uint32(width)
			}
			e := meaning[c.sorted[at]] + uint32((l-width)<<8|(l-width))
			at++
			for i := start + word>>width; i < end; i += 1 << (l - width) {
				tab[i] = e
			}
			word = follow(word, 1<<l)
		}
	}
}

// depth is how many bits index the subtable that begins with a code of l bits,
// left of which are still to come: as many as make room for all codes under it.
func (c *code) depth(l, left, width uint) uint {
	deep, used := l-width, left
	for used < 1<<deep && width+deep < c.longest {
		deep++
		used = used<<1 + c.count[(width+deep)&maxBits]
	}
	return deep
}
