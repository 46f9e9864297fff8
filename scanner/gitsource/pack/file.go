package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// File is a pack with its index. Any number of goroutines may read it, all of them
// within Guard: what is read is the files as they are mapped. It holds the files,
// so that a git gc that unlinks them takes nothing away.
type File struct {
	name    string
	format  object.Format
	pack    *region
	table   table
	listing *region   // what table lies in
	checks  []byte    // CRC32 of each object, four bytes, in the order of ids; or nothing
	end     int64     // of what can hold objects: without the trailing checksum
	sum     object.ID // that the index knows the pack to end in
	damage  error
	scratch sync.Pool // of *[]byte, where pack is not mapped
}

// OpenError tells which of a pack's files cannot be used: its Name, below the
// object directory.
type OpenError struct {
	Name string
	Err  error
}

func (e *OpenError) Error() string { return "open " + e.Name + ": " + e.Err.Error() }

func (e *OpenError) Unwrap() error { return e.Err }

// Open opens dir's pack/NAME.pack with its index (.idx, or where that is missing or
// malformed what a multi-pack-index says of it). A pack that is damaged but can be
// read in part is returned all the same; Damage tells. Other errors are an
// *OpenError: one about the index is fs.ErrNotExist or ErrIndex, or the system's.
func Open(dir *os.Root, name string, format object.Format) (*File, error) {
	return open(dir, name, format, mapFile)
}

func open(dir *os.Root, name string, format object.Format, mapped mapper) (*File, error) {
	f := &File{name: "pack/" + name + ".pack", format: format}
	lost, err := f.openTable(dir, name, mapped)
	if err != nil {
		return nil, &OpenError{"pack/" + name + ".idx", err}
	}
	if f.pack, err = openRegion(dir, f.name, mapped); err != nil {
		f.table.close()
		return nil, &OpenError{f.name, err}
	}
	if most := max(f.pack.size/minEntry, manyEntries); int64(f.Len()) > most {
		err := fmt.Errorf("%w: it knows %d objects, for which its pack of %d bytes has no room", ErrIndex, f.Len(), f.pack.size)
		return nil, &OpenError{"pack/" + name + ".idx", errors.Join(err, f.Close())}
	}
	f.damage = f.check(lost)
	return f, nil
}

// An index is not believed that has more objects than this and than its pack can
// hold: a file of a few bytes and a hole can claim four billion, for each of which
// somebody would take memory.
const (
	minEntry    = 9 // a head of a byte, and a stream of nothing (RFC 1950, RFC 1951)
	manyEntries = 1 << 20
)

// openTable opens the index, or the multi-pack-index in its place; lost is why.
func (f *File) openTable(dir *os.Root, name string, mapped mapper) (lost, err error) {
	x, lost := openIndex(dir, "pack/"+name+".idx", f.format, mapped)
	if lost == nil {
		f.table, f.listing, f.checks, f.sum = x, x.region, x.checks, x.sum
		return nil, nil
	}
	if !errors.Is(lost, ErrIndex) && !errors.Is(lost, ErrTruncated) && !errors.Is(lost, fs.ErrNotExist) {
		return nil, lost // no permission, say: that is to be told as it is
	}
	part, err := openPart(dir, name, f.format, mapped)
	if err != nil {
		return nil, lost // the multi-pack-index is not what is wrong here
	}
	f.table, f.listing = part, part.region
	return lost, nil
}

// packHead is the size of a pack's head: "PACK", version, number of objects.
const packHead = 12

// check looks at the pack's head and at its end, which its index knows. A pack that
// fails is used all the same, as far as it reaches. lost is why its own index is not
// in use, if it is not: then nothing else knows the end.
func (f *File) check(lost error) error {
	size := int64(f.format.Size())
	f.end = max(f.pack.size-size, 0)
	if f.pack.size < packHead+size {
		return fmt.Errorf("%w: %d bytes are no pack: run git fsck, clone again", ErrTruncated, f.pack.size)
	}
	var head [packHead]byte
	var sum [object.MaxSize]byte
	if _, err := f.pack.ReadAt(head[:], 0); err != nil {
		return err
	}
	if _, err := f.pack.ReadAt(sum[:size], f.end); err != nil {
		return err
	}
	if v := binary.BigEndian.Uint32(head[4:]); string(head[:4]) != "PACK" || v != 2 && v != 3 { // git takes both (pack.h)
		return fmt.Errorf("%w: its head is not that of a version 2 pack: run git fsck, clone again", ErrDamaged)
	}
	count := int(binary.BigEndian.Uint32(head[8:]))
	if lost != nil {
		if count == f.Len() {
			return nil
		}
		return fmt.Errorf("%w: its own index cannot be used (%w), and the multi-pack-index knows %d of its %d objects: run git index-pack on it", ErrDamaged, lost, f.Len(), count)
	}
	if f.sum != object.FromBytes(sum[:]) {
		f.end = f.pack.size // what looks like a checksum may be an object's bytes
		return fmt.Errorf("%w: its end is not the one its index knows (%d objects): run git fsck, clone again", ErrTruncated, f.Len())
	}
	if count != f.Len() {
		return fmt.Errorf("%w: it holds %d objects and its index %d: run git index-pack on it", ErrDamaged, count, f.Len())
	}
	return nil
}

// Damage is what is wrong with the pack as a whole: nil, or an error that says
// what to do. It wraps ErrTruncated where the pack seems to be cut, ErrDamaged
// where it is otherwise not what its index says.
func (f *File) Damage() error { return f.damage }

// Close closes the files. Nothing that was read stays valid.
func (f *File) Close() error { return errors.Join(f.table.close(), f.pack.close()) }

// Name is the pack's place below its object directory: pack/NAME.pack.
func (f *File) Name() string { return f.name }

// Format is the format of its objects' ids.
func (f *File) Format() object.Format { return f.format }

// End is the offset at which the pack's last object ends, at the latest.
func (f *File) End() int64 { return f.end }

// Len is how many objects the index knows.
func (f *File) Len() int { return f.table.len() }

// ID is the pos-th object's id, in the order of ids.
func (f *File) ID(pos int) object.ID { return f.table.id(pos) }

// Find is the position of id, or where it would stand in the order of ids.
func (f *File) Find(id object.ID) (pos int, ok bool) { return f.table.find(id) }

// Offset is where the pos-th object begins, -1 where it lies behind the end of
// the pack.
func (f *File) Offset(pos int) int64 {
	if off := f.table.offset(pos); off >= packHead && off < f.end {
		return off
	}
	return -1
}
