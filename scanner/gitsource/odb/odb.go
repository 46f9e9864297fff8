// Package odb reads a git object database: packs, loose objects, alternates
// and the further directories that a push's quarantine brings, with go-git's
// decoders of packed and loose objects.
//
// It promises that damage is told, named and contained: an unreadable index
// costs its pack and no other, a broken object is tried in every place that
// has it, and what is left is an error that names object and file. Objects may
// be read from any number of goroutines.
//
// Limits: SHA-1 ids only; an object that is stored as a delta, and its bases,
// are at most MaxDelta bytes, since they are rebuilt in memory; ids are not
// recomputed (zlib's own checksum is verified); nothing is ever fetched.
package odb

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/oakum-sec/oakum/leak"
)

// ID is an object's id, Kind its type.
type (
	ID   = plumbing.Hash
	Kind = plumbing.ObjectType
)

// MaxDelta is git's core.bigFileThreshold: git itself makes no delta of a
// larger object, so one that claims to be larger is damage or a bomb.
const MaxDelta = 512 << 20

// streamFrom is the size from which an object that is no delta is streamed.
const streamFrom = 4 << 20

// cacheBytes bounds the objects kept for their deltas: a chain of fifty root
// trees of a large project (15 KB each), for the hundred chains in use at once.
const cacheBytes = 96 << 20

var (
	// ErrMissing is returned for an id that no pack and no directory has.
	ErrMissing = errors.New("object is missing")
	// ErrTooLarge is returned for a delta that exceeds MaxDelta.
	ErrTooLarge = fmt.Errorf("a delta of more than %d MB, which git does not make", MaxDelta>>20)
)

// Dir is a directory of objects. Label is its name in messages, as ".git/objects".
type Dir struct{ Path, Label string }

// DB is an open object database.
type DB struct {
	dirs  []*looseDir
	packs []*pack
	cache *cache
	gaps  []*leak.Gap
}

// Open opens the directories and their alternates. A part that cannot be
// opened is a Gap (see Gaps); only a first directory that cannot be is an error.
func Open(dirs ...Dir) (*DB, error) {
	db := &DB{cache: newCache(cacheBytes)}
	for i, d := range withAlternates(dirs, db.gap) {
		l, err := openLoose(d)
		if err != nil && i == 0 {
			return nil, fmt.Errorf("open object directory %s: %w", d.Label, err)
		}
		if err != nil {
			db.gap(d.Label, leak.GapMissing, fmt.Errorf("open object directory: %w", err))
			continue
		}
		db.dirs = append(db.dirs, l)
		db.openPacks(l)
	}
	return db, nil
}

// Close closes every file.
func (db *DB) Close() error {
	var errs []error
	for _, p := range db.packs {
		errs = append(errs, p.close())
	}
	for _, d := range db.dirs {
		errs = append(errs, d.root.Close())
	}
	return errors.Join(errs...)
}

// Gaps lists what could not be opened, each of class failure.
func (db *DB) Gaps() []*leak.Gap { return db.gaps }

func (db *DB) gap(name, code string, why error) {
	db.gaps = append(db.gaps, failure(name, code, why))
}

func failure(name, code string, why error) *leak.Gap {
	return &leak.Gap{Place: leak.File{Name: name}, Class: leak.Failure, Code: code, Why: why}
}

// Has tells whether an object is there. It may still turn out to be damaged.
func (db *DB) Has(id ID) bool {
	for _, p := range db.packs {
		if _, ok := p.find(id); ok {
			return true
		}
	}
	for _, d := range db.dirs {
		if d.has(id) {
			return true
		}
	}
	return id == emptyTree
}

// Read returns an object whole. The bytes are shared: they must not be changed.
func (db *DB) Read(id ID) (Kind, []byte, error) {
	var first error
	for _, p := range db.packs {
		off, ok := p.find(id)
		if !ok {
			continue
		}
		kind, data, err := p.read(off, 0)
		if err == nil {
			return kind, data, nil
		}
		first = cmpError(first, fmt.Errorf("read object %s in %s at %d: %w", id, p.label, off, err))
	}
	for _, d := range db.dirs {
		kind, data, err := d.read(id)
		if err == nil {
			return kind, data, nil
		}
		if !errors.Is(err, ErrMissing) {
			first = cmpError(first, fmt.Errorf("read object %s in %s: %w", id, d.Label, err))
		}
	}
	if first == nil && id == emptyTree {
		return plumbing.TreeObject, nil, nil
	}
	return 0, nil, cmpError(first, db.missing(id))
}

// emptyTree is the id of a tree without entries. Git knows it without storing it
// (object-file.c, find_cached_object), so a commit of nothing is no damage.
var emptyTree = plumbing.ComputeHash(plumbing.TreeObject, nil)

// missing says why an object is not there: a cut pack's index may still know it.
func (db *DB) missing(id ID) error {
	for _, p := range db.packs {
		if _, ok := p.index.find(id); ok {
			return fmt.Errorf("read object %s: %w: it lies behind the end of %s", id, ErrDamaged, p.label)
		}
	}
	return fmt.Errorf("read object %s: %w", id, ErrMissing)
}

// Open returns an object's content, streamed where it is large, and its size.
func (db *DB) Open(id ID) (io.ReadCloser, int64, error) {
	for _, p := range db.packs {
		if off, ok := p.find(id); ok {
			if r, size := p.stream(off); r != nil {
				return r, size, nil
			}
		}
	}
	for _, d := range db.dirs {
		if r, size := d.stream(id); r != nil {
			return r, size, nil
		}
	}
	_, data, err := db.Read(id)
	if err != nil {
		return nil, 0, err
	}
	return io.NopCloser(bytes.NewReader(data)), int64(len(data)), nil
}

// cmpError keeps the first error: the others tell of copies of the same object.
func cmpError(first, next error) error {
	if first != nil {
		return first
	}
	return next
}
