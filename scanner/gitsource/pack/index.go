package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// table says where a pack's objects begin. There are two: the pack's own index,
// and a part of a multi-pack-index. It is searched where it lies, so that a hook
// in a large repository does not read all of it.
type table interface {
	len() int
	id(pos int) object.ID
	find(id object.ID) (pos int, ok bool)
	offset(pos int) int64 // negative where it is not to be had
	close() error
}

// index is a pack's index. Format: gitformat-pack(5), versions 1 and 2.
type index struct {
	names
	region  *region
	checks  []byte    // version 2: CRC32 of each object, four bytes
	offsets []byte    // version 2: four bytes an object
	large   []byte    // version 2: eight bytes for each that lies behind 2 GB
	sum     object.ID // the pack's checksum
}

const v2Head = 8 // magic and version, before the fan-out table

var indexMagic = []byte("\xfftOc")

// ErrIndex is in every error about an index that is there and does not parse.
var ErrIndex = errors.New("the index is malformed")

func openIndex(dir *os.Root, name string, format object.Format, mapped mapper) (*index, error) {
	r, err := openRegion(dir, name, mapped)
	if err != nil {
		return nil, err
	}
	x := &index{region: r}
	if err := Guard(func() error { return x.parse(format) }); err != nil {
		r.close()
		return nil, err
	}
	return x, nil
}

// parse finds the tables, which it holds to the file's size.
func (x *index) parse(format object.Format) error {
	b, err := x.region.whole()
	if err != nil {
		return err
	}
	size := format.Size()
	if len(b) < v2Head+fanSize+2*size {
		return fmt.Errorf("%w: %d bytes", ErrIndex, len(b))
	}
	end := len(b) - 2*size // what follows is the pack's checksum and the index's own
	x.sum = object.FromBytes(b[end : end+size])
	if !bytes.HasPrefix(b, indexMagic) {
		x.names = names{records: b[fanSize:end], stride: 4 + size, skip: 4, format: format}
		return x.setFan(b)
	}
	if v := binary.BigEndian.Uint32(b[4:]); v != 2 {
		return fmt.Errorf("%w: version %d", ErrIndex, v)
	}
	x.names = names{records: b[v2Head+fanSize : end], stride: size, format: format}
	if err := x.setFan(b[v2Head:]); err != nil {
		return err
	}
	n := x.len()
	rest := x.records[n*size:]
	if len(rest)/8 < n {
		return fmt.Errorf("%w: it ends before the offsets of %d objects", ErrIndex, n)
	}
	x.checks, x.offsets, x.large = rest[:4*n], rest[4*n:8*n], rest[8*n:]
	return nil
}

func (x *index) offset(pos int) int64 {
	if x.offsets == nil {
		return int64(binary.BigEndian.Uint32(x.records[pos*x.stride:]))
	}
	return offset(binary.BigEndian.Uint32(x.offsets[4*pos:]), x.large)
}

// behind marks a four byte offset that is a place in the table of large ones.
const behind = 1 << 31

func offset(off uint32, large []byte) int64 {
	if off < behind {
		return int64(off)
	}
	at := int64(off-behind) * 8
	if at+8 > int64(len(large)) {
		return -1
	}
	if v := binary.BigEndian.Uint64(large[at:]); v <= math.MaxInt64 {
		return int64(v)
	}
	return -1
}

func (x *index) close() error { return x.region.close() }
