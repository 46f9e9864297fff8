package odb

import (
	"errors"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/oakum-sec/oakum/leak"
)

// headReader reads the heads of entries in the order of their offsets, through
// a window over the pack: a system call for each of a million would cost more
// than reading it all once.
type headReader struct {
	file   *os.File
	end    int64
	from   int64
	buf    []byte // what the window holds of the file, from there on
	window []byte
}

const (
	headWindow = 256 << 10
	maxHead    = 10 + 20 // a size of 64 bits in 7-bit groups, then an offset or an id
)

func (h *headReader) at(off int64) []byte {
	if off < h.from || off+maxHead > h.from+int64(len(h.buf)) {
		if h.window == nil {
			h.window = make([]byte, headWindow)
		}
		n, _ := h.file.ReadAt(h.window[:min(headWindow, max(h.end-off, 0))], off)
		h.from, h.buf = off, h.window[:n]
	}
	return h.buf[off-h.from:]
}

// read decodes the head at off; a head that is cut or malformed is of kind
// InvalidObject. Format: gitformat-pack(5).
func (h *headReader) read(off int64) (kind Kind, size, base int64, ref ID) {
	b := h.at(off)
	if len(b) == 0 {
		return
	}
	k := Kind(b[0] >> 4 & 7)
	size = int64(b[0] & 15)
	i := 1
	for shift := 4; b[i-1]&0x80 != 0; shift += 7 {
		if i == len(b) || shift > 56 {
			return
		}
		size |= int64(b[i]&0x7f) << shift
		i++
	}
	switch k {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
		return k, size, 0, ref
	case plumbing.REFDeltaObject:
		if copy(ref[:], b[i:]) == len(ref) {
			return k, size, 0, ref
		}
	case plumbing.OFSDeltaObject:
		if back, ok := backOffset(b[i:]); ok && back > 0 && back < off {
			return k, size, off - back, ref
		}
	}
	return plumbing.InvalidObject, 0, 0, ref
}

// backOffset decodes the distance to a delta's base.
func backOffset(b []byte) (int64, bool) {
	var v int64
	for i, c := range b {
		v = v<<7 | int64(c&0x7f)
		if c&0x80 == 0 {
			return v, true
		}
		if v++; i > 8 {
			break
		}
	}
	return 0, false
}

// Code tells which kind of Gap an error of this package makes.
func Code(err error) (code string, class leak.GapClass) {
	switch {
	case errors.Is(err, ErrMissing):
		return leak.GapMissing, leak.Failure
	case errors.Is(err, ErrTooLarge):
		return leak.GapLimit, leak.Failure
	case errors.Is(err, ErrDamaged), errors.Is(err, io.ErrUnexpectedEOF):
		return leak.GapCorrupt, leak.Failure
	}
	return leak.GapUnreadable, leak.Failure
}
