package trace

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// role is what an entry's mode makes of the object that it names.
type role uint32

const (
	aFile role = iota // or a symbolic link: anything that is a blob
	aTree
	aLink // a submodule: the commit of another repository
)

// entry is an entry of a tree: mode, space, name, zero, id.
type entry struct {
	name []byte
	id   []byte
	role role
}

// parse reads the entry at pos of tree b, whose ids are size bytes long, and tells
// where it ends; ok is false where there is none. Its verdicts are odb.NextEntry's.
func parse(b []byte, pos, size int) (e entry, end int, ok bool) {
	space := spaceIn(b[pos:])
	if space < 1 {
		return e, pos, false
	}
	from := pos + space + 1
	n := zeroIn(b[from:])
	end = from + n + 1 + size
	if n < 1 || end > len(b) {
		return e, pos, false
	}
	e.name, e.id = b[from:from+n], b[from+n+1:end]
	switch mode := b[pos : pos+space]; {
	case mode[0] == '4' || mode[0] == '0' && space > 1 && mode[1] == '4':
		e.role = aTree
	case mode[0] == '1' && space > 1 && mode[1] == '6':
		e.role = aLink
	}
	return e, end, true
}

const (
	ones   = 0x0101010101010101
	highs  = 0x8080808080808080
	spaces = ' ' * ones
)

// firstZero is the place of the first zero byte in the eight of x, 8 for none.
// What borrows make of later bytes does not matter to the first.
func firstZero(x uint64) int { return bits.TrailingZeros64((x-ones)&^x&highs) / 8 }

// spaceIn is where the first space of b is, -1 if not within the length that a mode
// may have: 7, where git writes five or six digits.
func spaceIn(b []byte) int {
	if len(b) >= 8 {
		if n := firstZero(binary.LittleEndian.Uint64(b) ^ spaces); n < 8 {
			return n
		}
		return -1
	}
	return bytes.IndexByte(b, ' ')
}

// zeroIn is where the first zero of b is, -1 for none. Names are short: two steps
// here cost less than a call of bytes.IndexByte, which is there for the long ones.
func zeroIn(b []byte) int {
	for i := 0; i+8 <= len(b) && i < 32; i += 8 {
		if n := firstZero(binary.LittleEndian.Uint64(b[i:])); n < 8 {
			return i + n
		}
	}
	return bytes.IndexByte(b, 0)
}
