package pack

import (
	"encoding/binary"
	"fmt"

	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// Patch applies a delta to its base and returns the text that it makes
// (gitformat-pack(5), "Deltified representation"), in dst where that is large
// enough. A text of more than limit bytes is ErrTooLarge, before memory is taken
// for it; anything that git would refuse is ErrDamaged. The three slices must not
// overlap; up to 32 bytes behind the end of each may be read, and written in dst,
// as far as its capacity goes.
func Patch(dst, base, delta []byte, limit int64) ([]byte, error) {
	d, err := parseDelta(delta, len(base), limit)
	if err != nil {
		return nil, err
	}
	dst = grown(dst, d.target)
	_, err = d.apply(dst, base, nil, false)
	return dst, err
}

// grown is dst with room for n bytes and the slack of fast moves.
func grown(dst []byte, n int) []byte {
	if cap(dst) < n+inflate.Slack {
		dst = make([]byte, n+inflate.Slack)
	}
	return dst[:n]
}

// delta is a delta whose head has been read.
type delta struct {
	target int // size of what it makes
	ops    []byte
}

// parseDelta reads a delta's head: the sizes of its base and of its target.
func parseDelta(b []byte, base int, limit int64) (delta, error) {
	from, n := binary.Uvarint(b)
	if n <= 0 {
		return delta{}, fmt.Errorf("%w: its delta has no head", ErrDamaged)
	}
	target, m := binary.Uvarint(b[n:])
	switch {
	case m <= 0:
		return delta{}, fmt.Errorf("%w: its delta has no head", ErrDamaged)
	case limit < 0 || target > uint64(limit) || int64(int(target)) != int64(target):
		return delta{}, fmt.Errorf("%w: a delta of %d bytes", ErrTooLarge, target)
	case from != uint64(base):
		return delta{}, fmt.Errorf("%w: its delta is of a base of %d bytes, and its base has %d", ErrDamaged, from, base)
	}
	return delta{int(target), b[n+m:]}, nil
}

// zeroSize is what a copy of size 0 copies.
const zeroSize = 0x10000

// apply carries the instructions out: dst becomes the target. keep appends what the
// target takes over from its base to copies, by At: as few stretches as there can
// be, since git cuts those of more than 64 KB.
func (d *delta) apply(dst, base []byte, copies []Copied, keep bool) ([]Copied, error) {
	ops, at, k := d.ops, 0, 0
	wideDst, wideBase, wideOps := slack(dst), slack(base), slack(ops)
	for k < len(ops) {
		op := ops[k]
		k++
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 || n > len(ops)-k || n > len(dst)-at {
				return copies, errInstruction(op, k)
			}
			move(wideDst, at, wideOps, k, n)
			k, at = k+n, at+n
			continue
		}
		from, n, next := copyOperands(ops, k, op)
		if next > len(ops) || n > len(dst)-at || uint(from) > uint(len(base)) || n > len(base)-from {
			return copies, errInstruction(op, k)
		}
		move(wideDst, at, wideBase, from, n)
		if keep {
			copies = addCopy(copies, at, from, n)
		}
		k, at = next, at+n
	}
	if at != len(dst) {
		return copies, fmt.Errorf("%w: its delta makes %d bytes and declares %d", ErrDamaged, at, len(dst))
	}
	return copies, nil
}

func errInstruction(op byte, at int) error {
	return fmt.Errorf("%w: instruction %#02x at %d of its delta leads out of bounds", ErrDamaged, op, at-1)
}

// copyOperands reads where a copy instruction copies from and how much: the bits
// of op say which bytes of the offset (4) and of the size (3) follow it, those left
// out being 0. next is behind the end of ops where it is cut off.
func copyOperands(ops []byte, k int, op byte) (from, n, next int) {
	var b [8]byte
	if k+8 <= len(ops) {
		b = [8]byte(ops[k : k+8])
	} else {
		copy(b[:], ops[k:])
	}
	i := 0
	if op&0x01 != 0 {
		from = int(b[0])
		i = 1
	}
	if op&0x02 != 0 {
		from |= int(b[i&7]) << 8
		i++
	}
	if op&0x04 != 0 {
		from |= int(b[i&7]) << 16
		i++
	}
	if op&0x08 != 0 {
		from |= int(uint32(b[i&7]) << 24)
		i++
	}
	if op&0x10 != 0 {
		n = int(b[i&7])
		i++
	}
	if op&0x20 != 0 {
		n |= int(b[i&7]) << 8
		i++
	}
	if op&0x40 != 0 {
		n |= int(b[i&7]) << 16
		i++
	}
	if n == 0 {
		n = zeroSize
	}
	return from, n, k + i
}

// addCopy appends a copy, or lengthens the last one where it goes on in both
// texts.
func addCopy(copies []Copied, at, from, n int) []Copied {
	if m := len(copies); m > 0 {
		if c := &copies[m-1]; c.At+c.Len == at && c.From+c.Len == from {
			c.Len += n
			return copies
		}
	}
	return append(copies, Copied{At: at, From: from, Len: n})
}

// stride is how many bytes move moves at once: most instructions are shorter
// (86 to 118 of them a delta in the packs measured), and a call of memmove costs as
// much as four such moves.
const stride = 32

// slack is b and up to stride bytes behind its end.
func slack(b []byte) []byte { return b[:min(len(b)+stride, cap(b))] }

// move copies n bytes. It may write up to stride bytes behind them, which the
// instructions to come write over.
func move(dst []byte, at int, src []byte, from, n int) {
	if n <= stride && at+stride <= len(dst) && from+stride <= len(src) {
		*(*[stride]byte)(dst[at : at+stride]) = *(*[stride]byte)(src[from : from+stride])
		return
	}
	copy(dst[at:at+n], src[from:from+n])
}
