package pack

import (
	"fmt"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// Entry is the head of an object in a pack.
type Entry struct {
	Kind object.Kind // Unknown: a delta
	Size int64       // inflated, of the object or the delta
	Data int64       // offset of the zlib stream
	Base int64       // of a delta by offset: where its base begins; else 0
	Ref  object.ID   // of a delta by id: its base
}

// The kinds of entries that are deltas (gitformat-pack(5)).
const (
	ofsDelta = 6
	refDelta = 7
)

// maxEntry is the size of the longest head: a size of 64 bits in groups of seven,
// and an offset or an id.
const maxEntry = 10 + object.MaxSize

// Entry reads the head of the object at off. A size that cannot come out of the rest
// of the pack is an error as a malformed head is; errors wrap ErrDamaged, or are the
// system's.
func (f *File) Entry(off int64) (Entry, error) {
	if off < packHead || off >= f.end {
		return Entry{}, fmt.Errorf("%w: offset %d lies behind the end of its pack", ErrDamaged, off)
	}
	n := int(min(maxEntry, f.end-off))
	var b []byte
	if f.pack.mem != nil {
		b = f.pack.mem[off : off+int64(n)]
	} else {
		var err error
		if b, err = f.pack.at(off, n, nil); err != nil {
			return Entry{}, err
		}
	}
	e, n := parseEntry(b, off, f.format.Size())
	if n == 0 {
		return Entry{}, fmt.Errorf("%w: what is at offset %d of its pack is no head of an object", ErrDamaged, off)
	}
	e.Data = off + int64(n)
	if e.Size/MaxRatio > f.end-e.Data {
		return Entry{}, fmt.Errorf("%w: %d bytes do not come out of the %d that its pack has left", ErrDamaged, e.Size, f.end-e.Data)
	}
	return e, nil
}

// MaxRatio is more than deflate can compress: a match of 258 bytes in two bits.
const MaxRatio = 1032

// parseEntry reads a head; n is its size, 0 where it is cut or malformed. Format:
// gitformat-pack(5).
func parseEntry(b []byte, off int64, idSize int) (e Entry, n int) {
	kind, size, n := parseSize(b)
	if n == 0 {
		return e, 0
	}
	e.Size = size
	switch kind {
	case byte(object.Commit), byte(object.Tree), byte(object.Blob), byte(object.Tag):
		e.Kind = object.Kind(kind)
		return e, n
	case refDelta:
		if len(b) >= n+idSize {
			e.Ref = object.FromBytes(b[n : n+idSize])
			return e, n + idSize
		}
	case ofsDelta:
		back, m := parseBack(b[n:])
		if m > 0 && back > 0 && back <= off-packHead {
			e.Base = off - back
			return e, n + m
		}
	}
	return e, 0
}

// parseSize reads kind and size: three and four bits, then seven a byte, the
// lowest first, as long as the highest bit says that there are more. A size of
// 2^63 or more is malformed.
func parseSize(b []byte) (kind byte, size int64, n int) {
	if len(b) == 0 {
		return 0, 0, 0
	}
	c := b[0]
	kind, size, n = c>>4&7, int64(c&15), 1
	for shift := 4; c&0x80 != 0; shift += 7 {
		if n == len(b) || shift > 60 {
			return 0, 0, 0
		}
		c = b[n]
		if shift == 60 && c > 7 {
			return 0, 0, 0
		}
		size |= int64(c&0x7f) << shift
		n++
	}
	return kind, size, n
}

// parseBack reads how far back a delta's base begins: seven bits a byte, the
// highest first, each byte but the last adding one so that no number has two
// forms. n is 0 where it is cut or takes more than 63 bits.
func parseBack(b []byte) (back int64, n int) {
	for i, c := range b {
		back = back<<7 | int64(c&0x7f)
		if c&0x80 == 0 {
			return back, i + 1
		}
		if back++; back >= 1<<56 {
			break
		}
	}
	return 0, 0
}
