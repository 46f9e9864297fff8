// Package odb reads a git object database: packs, loose objects, alternates
// and the further directories that a push's quarantine brings. Its ids are of
// SHA-1 or of SHA-256, as the repository's configuration says.
//
// It promises that damage is told, named and contained: an unreadable index
// costs its pack and no other, a broken object is tried in every place that
// has it, and what is left is an error that names object and file. Objects may
// be read from any number of goroutines, while git gc is at work: what is open
// stays, and where an object is missed new packs are looked for.
//
// It is for objects by id. Who wants all of them hands Packs and Loose to
// pack.Plant, and walks.
//
// Limits: an object that is stored as a delta, and its bases, are at most
// MaxDelta bytes, since they are rebuilt in memory; ids are not recomputed
// (zlib's own checksum is verified); nothing is ever fetched.
package odb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// ID is an object's id, Kind its type.
type (
	ID   = object.ID
	Kind = object.Kind
)

// MaxDelta is git's core.bigFileThreshold: git itself makes no delta of a
// larger object, so one that claims to be larger is damage or a bomb.
const MaxDelta = 512 << 20

// streamFrom is the size from which an object that is no delta is streamed.
const streamFrom = 4 << 20

// cacheBytes bounds the objects kept for their deltas: a chain of fifty root
// trees of a large project (15 KB each), for the forty chains in use at once.
const cacheBytes = 32 << 20

var (
	// ErrMissing is returned for an id that no pack and no directory has.
	ErrMissing = pack.ErrMissing
	// ErrTooLarge is returned for a delta that exceeds MaxDelta.
	ErrTooLarge = pack.ErrTooLarge
	// ErrDamaged is in every error about an object that is there and does not decode.
	ErrDamaged = pack.ErrDamaged
)

// Dir is a directory of objects. Label is its name in messages, as ".git/objects".
type Dir struct{ Path, Label string }

// DB is an open object database.
type DB struct {
	format  object.Format
	dirs    []*looseDir
	packs   packs
	cache   *cache
	scratch sync.Pool // of *scratch
	mu      sync.Mutex
	gaps    []*leak.Gap // under mu

	complete bool // every directory that is named is among dirs
}

// Open opens the directories and their alternates. A part that cannot be
// opened is a Gap (see Gaps); only a first directory that cannot be is an error.
func Open(format object.Format, dirs ...Dir) (*DB, error) {
	db := &DB{format: format, cache: newCache(cacheBytes)}
	all := withAlternates(dirs, db.gap)
	for i, d := range all {
		l, err := openLoose(d, format)
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
	db.complete = len(db.dirs) == len(all) && len(all) > 0
	return db, nil
}

// Close closes every file.
func (db *DB) Close() error {
	var errs []error
	for _, p := range db.packs.open() {
		errs = append(errs, p.Close())
	}
	for _, d := range db.dirs {
		errs = append(errs, d.root.Close())
	}
	return errors.Join(errs...)
}

// Gaps lists what could not be opened, each of class failure.
func (db *DB) Gaps() []*leak.Gap {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.Clone(db.gaps)
}

func (db *DB) gap(name, code string, why error) { db.addGap(failure(name, code, why)) }

func (db *DB) addGap(g *leak.Gap) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.gaps = append(db.gaps, g)
}

func failure(name, code string, why error) *leak.Gap {
	return &leak.Gap{Place: leak.File{Name: name}, Class: leak.Failure, Code: code, Why: why}
}

// Has tells whether an object is there. It may still turn out to be damaged.
func (db *DB) Has(id ID) (has bool) {
	db.retry(func(packs []*packed) (missed bool) {
		has = db.has(packs, id)
		return !has
	})
	return has
}

func (db *DB) has(packs []*packed, id ID) bool {
	for _, p := range packs {
		if _, ok := p.find(id); ok {
			return true
		}
	}
	for _, d := range db.dirs {
		if d.has(id) {
			return true
		}
	}
	return id == db.format.EmptyTree()
}

// Read returns an object whole. The bytes are shared: they must not be changed.
func (db *DB) Read(id ID) (kind Kind, data []byte, err error) {
	db.retry(func(packs []*packed) (missed bool) {
		kind, data, err = db.read(packs, id)
		return errors.Is(err, ErrMissing)
	})
	return kind, data, err
}

func (db *DB) read(packs []*packed, id ID) (Kind, []byte, error) {
	var first error
	for _, p := range packs {
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
	if first == nil && id == db.format.EmptyTree() {
		return object.Tree, nil, nil
	}
	return 0, nil, cmpError(first, missing(packs, id))
}

// missing says why an object is not there: a cut pack's index may still know it.
func missing(packs []*packed, id ID) error {
	for _, p := range packs {
		if p.cut(id) {
			return fmt.Errorf("read object %s: %w: it lies behind the end of %s", id, ErrDamaged, p.label)
		}
	}
	return fmt.Errorf("read object %s: %w", id, ErrMissing)
}

// Open returns an object's content, streamed where it is large, and its size.
func (db *DB) Open(id ID) (r io.ReadCloser, size int64, err error) {
	db.retry(func(packs []*packed) (missed bool) {
		r, size, err = db.open(packs, id)
		return errors.Is(err, ErrMissing)
	})
	return r, size, err
}

func (db *DB) open(packs []*packed, id ID) (io.ReadCloser, int64, error) {
	for _, p := range packs {
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
	_, data, err := db.read(packs, id)
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
