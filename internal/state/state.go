// Package state is the file in which a scan leaves to the next one what it need
// not do again: its report, for a world that did not change at all, and which
// objects of the repository it had looked at, for one that did.
//
// It promises that a file which is cut, damaged, or of another version is refused
// as a whole or in the part that is asked for, before memory is taken on its word.
//
// Its limit: checksums are against accidents. Who can write the file can make the
// next scan tell what he likes, so it belongs where the change that is judged cannot
// write. It holds no value that was found: a report's JSON has none, and of objects
// there are ids, sizes and offsets.
package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Key is a SHA-256 over what something depends on.
type Key [sha256.Size]byte

// State is what is kept. A Key of zeros fits nothing.
type State struct {
	Repository Key // where it stands: ids are believed within one repository alone
	Rules      Key // what decides whether a text is worth a look
	World      Key // all that decided the report; zero: it may not be told again
	Report     []byte
	Objects    []byte
}

// The file begins with magic, the three keys, and for each of the two parts its
// length (8 bytes, big endian) and SHA-256; then the SHA-256 of all that. The parts
// follow, and nothing else. The number is raised with any change of layout or of
// what a part means.
const magic = "oakum state 1\n"

const headSize = len(magic) + 3*sha256.Size + 2*(8+sha256.Size) + sha256.Size

// ErrDamaged is in the error about a file that is not as it was written.
var ErrDamaged = errors.New("damaged")

// ErrForeign is in the error about a file that is no state, or of another version
// of oakum.
var ErrForeign = errors.New("not a state of this version of oakum")

// File is an open state. Its parts are read when they are asked for.
type File struct {
	State // but Report and Objects
	file  *os.File
	parts [2]part
}

type part struct {
	at, size int64
	sum      Key
}

// Open reads the head of a state. The error is fs.ErrNotExist's where there is none.
func Open(name string) (*File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe waits for ever
		return nil, fmt.Errorf("%w: %s is no file", ErrForeign, name)
	}
	f := &File{}
	if f.file, err = os.Open(name); err != nil {
		return nil, err
	}
	if err := f.head(info.Size()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

func (f *File) head(size int64) error {
	head := make([]byte, headSize)
	n, err := f.file.ReadAt(head, 0)
	if !bytes.HasPrefix(head, []byte(magic)[:min(n, len(magic))]) || n == 0 {
		return ErrForeign
	}
	if n < headSize {
		return fmt.Errorf("%w: it ends in its head (%w)", ErrDamaged, err)
	}
	sum := head[headSize-sha256.Size:]
	if Key(sum) != sha256.Sum256(head[:headSize-sha256.Size]) {
		return fmt.Errorf("%w: its head has another checksum", ErrDamaged)
	}
	rest := head[len(magic):]
	for _, k := range []*Key{&f.Repository, &f.Rules, &f.World} {
		rest = rest[copy(k[:], rest):]
	}
	at := int64(headSize)
	for i := range f.parts {
		p := part{at: at, size: int64(binary.BigEndian.Uint64(rest))}
		rest = rest[8+copy(p.sum[:], rest[8:]):]
		if p.size < 0 || p.size > size-at {
			return fmt.Errorf("%w: it is shorter than it says", ErrDamaged)
		}
		at += p.size
		f.parts[i] = p
	}
	if at != size {
		return fmt.Errorf("%w: it is longer than it says", ErrDamaged)
	}
	return nil
}

// ReadReport reads the report, as Write was given it.
func (f *File) ReadReport() ([]byte, error) { return f.read("report", f.parts[0]) }

// ReadObjects reads what is known of objects, as Write was given it.
func (f *File) ReadObjects() ([]byte, error) { return f.read("list of objects", f.parts[1]) }

func (f *File) read(what string, p part) ([]byte, error) {
	b := make([]byte, p.size) // not more than the file has
	if _, err := io.ReadFull(io.NewSectionReader(f.file, p.at, p.size), b); err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	if sha256.Sum256(b) != p.sum {
		return nil, fmt.Errorf("%w: its %s has another checksum", ErrDamaged, what)
	}
	return b, nil
}

// Marshal is the file's content.
func (s *State) Marshal() []byte {
	b := make([]byte, 0, headSize+len(s.Report)+len(s.Objects))
	b = append(b, magic...)
	for _, k := range []Key{s.Repository, s.Rules, s.World} {
		b = append(b, k[:]...)
	}
	for _, p := range [][]byte{s.Report, s.Objects} {
		sum := sha256.Sum256(p)
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(p))), sum[:]...)
	}
	sum := sha256.Sum256(b)
	b = append(b, sum[:]...)
	return append(append(b, s.Report...), s.Objects...)
}
