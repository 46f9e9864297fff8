package odb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync/atomic"
)

// packIndex finds objects in a pack. It is searched where it lies, so that a
// hook in a large repository need not read all of it; load brings it into
// memory for a scan of everything.
//
// Format: gitformat-pack(5), versions 1 and 2.
type packIndex struct {
	file   *os.File
	memory atomic.Pointer[bytes.Reader] // all of file, once it is loaded
	size   int64
	count  int
	fanout [256]uint32
	v1     bool
	sum    ID // the pack's checksum, as the index knows it
}

const (
	fanoutSize   = 256 * 4
	v2Names      = 8 + fanoutSize
	v1Record     = 24
	trailerSize  = 40
	largeOffset  = 1 << 31
	maxIndexSize = 1 << 36
)

var (
	indexMagic = []byte{0xff, 't', 'O', 'c'}
	errIndex   = errors.New("the index is malformed")
)

func openIndex(f *os.File) (*packIndex, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	x := &packIndex{file: f, size: st.Size()}
	if x.size < fanoutSize+trailerSize || x.size > maxIndexSize {
		return nil, fmt.Errorf("%w: %d bytes", errIndex, x.size)
	}
	if err := x.readHead(); err != nil {
		return nil, err
	}
	_, err = x.readAt(x.sum[:], x.size-trailerSize)
	return x, err
}

func (x *packIndex) readHead() error {
	head := make([]byte, v2Names)
	if _, err := x.readAt(head, 0); err != nil {
		return err
	}
	table := head[8:]
	if !bytes.Equal(head[:4], indexMagic) {
		x.v1, table = true, head[:fanoutSize]
	} else if v := binary.BigEndian.Uint32(head[4:]); v != 2 {
		return fmt.Errorf("%w: version %d", errIndex, v)
	}
	for i := range x.fanout {
		x.fanout[i] = binary.BigEndian.Uint32(table[4*i:])
		if i > 0 && x.fanout[i] < x.fanout[i-1] {
			return fmt.Errorf("%w: its fan-out table falls", errIndex)
		}
	}
	x.count = int(x.fanout[255])
	if need := x.need(); need > x.size {
		return fmt.Errorf("%w: %d bytes where %d objects need %d", errIndex, x.size, x.count, need)
	}
	return nil
}

// need is the least size of an index of count objects.
func (x *packIndex) need() int64 {
	if x.v1 {
		return fanoutSize + int64(x.count)*v1Record + trailerSize
	}
	return v2Names + int64(x.count)*(20+4+4) + trailerSize
}

// load reads all of the index into memory.
func (x *packIndex) load() error {
	all := make([]byte, x.size)
	if _, err := io.ReadFull(io.NewSectionReader(x.file, 0, x.size), all); err != nil {
		return err
	}
	x.memory.Store(bytes.NewReader(all))
	return nil
}

func (x *packIndex) readAt(b []byte, off int64) (int, error) {
	if m := x.memory.Load(); m != nil {
		return m.ReadAt(b, off)
	}
	return x.file.ReadAt(b, off)
}

// id is the pos-th object's id, in the order of ids.
func (x *packIndex) id(pos int) (id ID) {
	at := int64(v2Names) + int64(pos)*20
	if x.v1 {
		at = fanoutSize + int64(pos)*v1Record + 4
	}
	x.readAt(id[:], at) // in range by need; a read error is an id that nobody asks for
	return id
}

// offset is where the pos-th object begins in the pack, -1 where that is not to be had.
func (x *packIndex) offset(pos int) int64 {
	var b [8]byte
	at := int64(v2Names) + int64(x.count)*24 + int64(pos)*4
	if x.v1 {
		at = fanoutSize + int64(pos)*v1Record
	}
	if _, err := x.readAt(b[:4], at); err != nil {
		return -1
	}
	off := binary.BigEndian.Uint32(b[:])
	if x.v1 || off < largeOffset {
		return int64(off)
	}
	at = int64(v2Names) + int64(x.count)*28 + int64(off-largeOffset)*8
	if _, err := x.readAt(b[:], at); err != nil || b[0] > 0x7f {
		return -1
	}
	return int64(binary.BigEndian.Uint64(b[:]))
}

// find is the position of id.
func (x *packIndex) find(id ID) (int, bool) {
	lo := 0
	if id[0] > 0 {
		lo = int(x.fanout[id[0]-1])
	}
	n := int(x.fanout[id[0]]) - lo
	i, found := sort.Find(n, func(i int) int {
		at := x.id(lo + i)
		return bytes.Compare(id[:], at[:])
	})
	return lo + i, found
}
