package known

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// An index file is
//
//	magic            14 bytes, with the version
//	id of the key     8 bytes
//	nonce            12 bytes, random
//	sealed            AES-256-GCM of the body, with what stands before it as additional data
//
// GCM's tag is the checksum: a file that was cut or changed does not open. The body,
// all numbers little endian, is
//
//	log of the filter's bits   1 byte
//	entries of the filter      4 bytes
//	number of names            4 bytes
//	number of records          4 bytes
//	the filter                 1<<log bits
//	names                      each with its length before it, 2 bytes; sorted
//	records                    recordSize bytes each, by print, tag and name
const (
	magic      = "oakum known 1\n"
	nonceSize  = 12
	headSize   = len(magic) + 8 + nonceSize
	bodyHead   = 13
	recordSize = 4 + 2 + 2 + 1 + 1 + 4 + tagSize
	// maxFile is more than the largest index has.
	maxFile = 1 << 30
)

// Errors about an index file, to be told apart with errors.Is.
var (
	ErrForeign  = errors.New("no index of this version of oakum")
	ErrOtherKey = errors.New("made with another key")
	ErrDamaged  = errors.New("damaged")
)

// Open reads an index file. The error is fs.ErrNotExist's where there is none.
func Open(file string, key *Key) (*Index, error) {
	x, err := open(file, key)
	if err != nil {
		return nil, fmt.Errorf("read known secrets: %w", err)
	}
	return x, nil
}

func open(file string, key *Key) (*Index, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := readAll(f)
	if err != nil {
		return nil, err
	}
	x, err := Unmarshal(content, key)
	if err != nil {
		return nil, fmt.Errorf("%s is %w", file, err)
	}
	return x, nil
}

// readAll reads a file in one go where its size is known.
func readAll(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s is %w", f.Name(), ErrForeign)
	}
	content := make([]byte, info.Size())
	_, err = io.ReadFull(f, content)
	return content, err
}

// Unmarshal opens the content of an index file. It writes over it.
func Unmarshal(content []byte, key *Key) (*Index, error) {
	switch {
	case len(content) < len(magic) || string(content[:len(magic)]) != magic:
		return nil, ErrForeign
	case len(content) < headSize:
		return nil, fmt.Errorf("%w: it ends in its head", ErrDamaged)
	}
	if id := hex.EncodeToString(content[len(magic):][:8]); id != key.ID {
		return nil, fmt.Errorf("%w: it needs key %s, and this one is %s (OAKUM_KNOWN_KEY_FILE names another)", ErrOtherKey, id, key.ID)
	}
	sealed := content[headSize:]
	seal := slices.Concat(content[headSize-nonceSize:headSize], sealed[max(0, len(sealed)-key.seal.Overhead()):])
	body, err := key.seal.Open(sealed[:0], content[headSize-nonceSize:headSize], sealed, content[:headSize])
	if err != nil {
		return nil, fmt.Errorf("%w: its checksum is wrong; restore it, or make it anew with `oakum known add`", ErrDamaged)
	}
	x := &Index{key: key, seal: seal}
	if !x.read(body) {
		return nil, fmt.Errorf("%w: it contradicts itself", ErrDamaged)
	}
	return x, nil
}

// read takes a body apart. It was written by somebody who has the key, which is no
// reason to believe its numbers.
func (x *Index) read(b []byte) bool {
	if len(b) < bodyHead || b[0] < smallestLog || b[0] > largestLog {
		return false
	}
	u32 := binary.LittleEndian.Uint32
	log, names, records := int(b[0]), int(u32(b[5:])), int(u32(b[9:]))
	x.filter.entries = int(u32(b[1:]))
	if b = b[bodyHead:]; len(b) < 1<<log/8 || names > MaxMany || records > MaxMany {
		return false
	}
	size := 1 << log / 8
	if !x.filter.read(b[:size], x.filter.entries) {
		return false
	}
	b, ok := x.readNames(b[size:], names)
	return ok && len(b) == records*recordSize && x.readRecords(b, records)
}

func (x *Index) readNames(b []byte, n int) (rest []byte, ok bool) {
	x.names = make([]string, 0, min(n, len(b)))
	for range n {
		if len(b) < 2 || len(b) < 2+int(binary.LittleEndian.Uint16(b)) {
			return nil, false
		}
		size := int(binary.LittleEndian.Uint16(b))
		x.names = append(x.names, string(b[2:2+size]))
		b = b[2+size:]
	}
	return b, true
}

func (x *Index) readRecords(b []byte, n int) bool {
	x.records = make([]record, n)
	for i := range x.records {
		r, at := &x.records[i], b[i*recordSize:]
		r.print, r.size, r.at = binary.LittleEndian.Uint32(at), binary.LittleEndian.Uint16(at[4:]), binary.LittleEndian.Uint16(at[6:])
		r.bits, r.name = at[8], binary.LittleEndian.Uint32(at[10:])
		r.setKind(at[9])
		copy(r.tag[:], at[14:])
		if !r.valid() || int(r.name) >= len(x.names) || i > 0 && r.print < x.records[i-1].print {
			return false
		}
	}
	return true
}

// Marshal is the content of the index's file. The random bits of the filter and the
// nonce make it another one each time that it is made anew.
func (x *Index) Marshal() ([]byte, error) {
	key := x.key
	id, err := hex.DecodeString(key.ID)
	if err != nil {
		return nil, err
	}
	head := append([]byte(magic), id...)
	nonce := make([]byte, nonceSize)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	head = append(head, nonce...)
	return key.seal.Seal(head, nonce, x.body(), head), nil
}

func (x *Index) body() []byte {
	le := binary.LittleEndian
	b := append(make([]byte, 0, bodyHead+len(x.filter.words)*8+len(x.records)*(recordSize+16)), byte(x.filter.log))
	for _, n := range []int{x.filter.entries, len(x.names), len(x.records)} {
		b = le.AppendUint32(b, uint32(n))
	}
	b = append(b, x.filter.bytes()...)
	for _, name := range x.names {
		b = append(le.AppendUint16(b, uint16(len(name))), name...)
	}
	for i := range x.records {
		r := &x.records[i]
		b = le.AppendUint32(b, r.print)
		b = le.AppendUint16(le.AppendUint16(b, r.size), r.at)
		b = append(b, r.bits, r.kind())
		b = append(le.AppendUint32(b, r.name), r.tag[:]...)
	}
	return b
}
