// Package object names the objects of a git repository: by id, which is a hash,
// and by kind.
package object

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// Format is the hash by which a repository names its objects
// (extensions.objectFormat of git-config(1)).
type Format uint8

// The formats that git has.
const (
	SHA1 Format = iota
	SHA256
)

// ParseFormat reads a format's name, as extensions.objectFormat has it.
func ParseFormat(name string) (Format, error) {
	for f := SHA1; f <= SHA256; f++ {
		if strings.EqualFold(name, f.String()) {
			return f, nil
		}
	}
	return 0, fmt.Errorf("object ids of the format %q are not known: sha1 and sha256 are", name[:min(len(name), 32)])
}

// Hash is a new hash of format f.
func (f Format) Hash() hash.Hash {
	if f == SHA256 {
		return sha256.New()
	}
	return sha1.New()
}

// EmptyTree is the id of a tree without entries. Git knows it without storing it
// (object-file.c, find_cached_object).
func (f Format) EmptyTree() ID {
	h := f.Hash()
	h.Write([]byte("tree 0\x00"))
	return FromBytes(h.Sum(nil))
}

// MaxSize is the size of the longest id, in bytes.
const MaxSize = 32

// Size is how long an id is, in bytes.
func (f Format) Size() int {
	if f == SHA256 {
		return MaxSize
	}
	return 20
}

func (f Format) String() string {
	if f == SHA256 {
		return "sha256"
	}
	return "sha1"
}

// ID is an object's id. One of a SHA-1 repository fills the first 20 bytes; the
// others are zero, which those of a SHA-256 id are once in 2^96 objects, or where
// somebody made them so: such an id is written with 40 digits, and Parse reads
// it back as it was. Bytes that go into a file are cut by a Format, not by Bytes.
type ID [MaxSize]byte

// FromBytes is the id whose bytes b is; b has 20 or 32.
func FromBytes(b []byte) (id ID) {
	copy(id[:], b)
	return id
}

var errID = errors.New("is no object id: 40 or 64 hexadecimal digits")

// Parse reads an id as people write it.
func Parse(s string) (id ID, err error) {
	if n := len(s); n != 2*SHA1.Size() && n != 2*SHA256.Size() {
		return ID{}, fmt.Errorf("%q %w", s[:min(n, 2*MaxSize)], errID)
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("%q %w", s, errID)
	}
	return id, nil
}

// FromHex reads an id of 40 or 64 hexadecimal digits, and tells whether b is one. It
// allocates nothing.
func FromHex(b []byte) (id ID, ok bool) {
	if n := len(b); n != 2*SHA1.Size() && n != 2*SHA256.Size() {
		return ID{}, false
	}
	if _, err := hex.Decode(id[:], b); err != nil {
		return ID{}, false
	}
	return id, true
}

// Parse reads an id of format f, and tells whether s is one.
func (f Format) Parse(s string) (id ID, ok bool) {
	if len(s) != 2*f.Size() {
		return ID{}, false
	}
	id, err := Parse(s)
	return id, err == nil
}

// Cut reads the id that s begins with, and tells whether one does.
func (f Format) Cut(s string) (id ID, rest string, ok bool) {
	n := min(len(s), 2*f.Size())
	id, ok = f.Parse(s[:n])
	return id, s[n:], ok
}

// Format is the hash that id is of.
func (id ID) Format() Format {
	for _, c := range id[SHA1.Size():] {
		if c != 0 {
			return SHA256
		}
	}
	return SHA1
}

// Bytes is id without padding.
func (id *ID) Bytes() []byte { return id[:id.Format().Size()] }

func (id ID) String() string { return hex.EncodeToString(id[:id.Format().Size()]) }

// IsZero tells whether id is all zeros, by which git writes "none".
func (id ID) IsZero() bool { return id == ID{} }

// Kind is what an object is. The numbers are those of gitformat-pack(5).
type Kind uint8

// The kinds of objects.
const (
	Unknown Kind = 0
	Commit  Kind = 1
	Tree    Kind = 2
	Blob    Kind = 3
	Tag     Kind = 4
)

func (k Kind) String() string {
	if k > Tag {
		k = Unknown
	}
	return [...]string{"unknown", "commit", "tree", "blob", "tag"}[k]
}

// ParseKind reads the word that stands at the head of a loose object.
func ParseKind(word string) (Kind, error) {
	for k := Commit; k <= Tag; k++ {
		if k.String() == word {
			return k, nil
		}
	}
	return Unknown, fmt.Errorf("%q is no kind of object", word[:min(len(word), 16)])
}
