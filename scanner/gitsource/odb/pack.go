package odb

import (
	"errors"
	"fmt"
	"io"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// packed is an open pack. Its methods guard themselves: a file that is cut while it
// is read makes an error, or an object that is not found.
type packed struct {
	*pack.File
	db    *DB
	label string
}

// maxChain is more than the longest chain of deltas that git can make (4,095);
// it ends circles of deltas that name their base by id.
const maxChain = 4096

// find is where an object begins. One that begins behind the end of a cut pack is not there.
func (p *packed) find(id ID) (off int64, ok bool) {
	err := pack.Guard(func() error {
		pos, found := p.Find(id)
		if found {
			off = p.Offset(pos)
			ok = off > 0
		}
		return nil
	})
	return off, ok && err == nil
}

// cut tells whether the pack's index knows an object that lies behind its end.
func (p *packed) cut(id ID) (cut bool) {
	err := pack.Guard(func() error {
		pos, found := p.Find(id)
		cut = found && p.Offset(pos) < 0
		return nil
	})
	return cut || err != nil
}

// link is a delta on the way from an object to its base.
type link struct {
	off   int64
	entry pack.Entry
}

// scratch is what reading a pack needs and does not keep.
type scratch struct {
	inflater inflate.Inflater
	delta    []byte
}

// maxScratch is the largest delta whose memory is kept for the next one.
const maxScratch = 1 << 20

// read rebuilds the object at off. depth counts the links of chains that led
// here through another pack.
func (p *packed) read(off int64, depth int) (kind Kind, data []byte, err error) {
	s, _ := p.db.scratch.Get().(*scratch)
	if s == nil {
		s = new(scratch)
	}
	err = pack.Guard(func() (err error) {
		kind, data, err = p.rebuild(s, off, depth)
		return err
	})
	if cap(s.delta) <= maxScratch {
		p.db.scratch.Put(s)
	}
	return kind, data, err
}

// rebuild follows the deltas from off to an object that is at hand or whole, and
// applies them on the way back.
func (p *packed) rebuild(s *scratch, off int64, depth int) (Kind, []byte, error) {
	var chain []link
	for {
		if kind, data, ok := p.db.cache.get(cacheKey{p, off}); ok {
			return p.patch(s, kind, data, chain)
		}
		e, err := p.Entry(off)
		if err != nil {
			return 0, nil, err
		}
		if e.Size > MaxDelta {
			return 0, nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, e.Size)
		}
		if e.Kind != object.Unknown {
			data, err := p.Inflate(&s.inflater, nil, e)
			if err != nil {
				return 0, nil, err
			}
			p.db.cache.put(cacheKey{p, off}, e.Kind, data)
			return p.patch(s, e.Kind, data, chain)
		}
		chain = append(chain, link{off, e})
		if depth+len(chain) > maxChain {
			return 0, nil, fmt.Errorf("%w: its deltas chain deeper than %d", ErrDamaged, maxChain)
		}
		next, elsewhere := p.base(e)
		if elsewhere {
			kind, data, err := p.db.readBase(e.Ref, p, depth+len(chain))
			if err != nil {
				return 0, nil, fmt.Errorf("its delta's base: %w", err)
			}
			return p.patch(s, kind, data, chain)
		}
		off = next
	}
}

// base is where e's base begins; elsewhere tells that this pack does not have it.
func (p *packed) base(e pack.Entry) (off int64, elsewhere bool) {
	if e.Base > 0 {
		return e.Base, false
	}
	off, ok := p.find(e.Ref)
	return off, !ok
}

// readBase reads the base of a delta that lies outside of pack not.
func (db *DB) readBase(id ID, not *packed, depth int) (Kind, []byte, error) {
	err := fmt.Errorf("%s: %w", id, ErrMissing)
	for _, p := range db.packs.open() {
		if off, ok := p.find(id); ok && p != not {
			kind, data, wrong := p.read(off, depth)
			if wrong == nil {
				return kind, data, nil
			}
			err = wrong
		}
	}
	for _, d := range db.dirs {
		if kind, data, err := d.read(id); err == nil {
			return kind, data, nil
		}
	}
	return 0, nil, err
}

// patch applies the deltas, the last one first, each to what the one before made.
func (p *packed) patch(s *scratch, kind Kind, data []byte, chain []link) (Kind, []byte, error) {
	var err error
	for i := len(chain) - 1; i >= 0; i-- {
		if s.delta, err = p.Inflate(&s.inflater, s.delta, chain[i].entry); err != nil {
			return 0, nil, err
		}
		if data, err = pack.Patch(nil, data, s.delta, MaxDelta); err != nil {
			return 0, nil, err
		}
		p.db.cache.put(cacheKey{p, chain[i].off}, kind, data)
	}
	return kind, data, nil
}

// stream opens the object at off if it is large and no delta, else returns nil.
func (p *packed) stream(off int64) (r io.ReadCloser, size int64) {
	err := pack.Guard(func() error {
		e, err := p.Entry(off)
		if err != nil || e.Kind == object.Unknown || e.Size < streamFrom {
			return errors.ErrUnsupported
		}
		size = e.Size
		r, err = p.Stream(e)
		return err
	})
	if err != nil {
		return nil, 0
	}
	return r, size
}
