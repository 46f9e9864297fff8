package store

import (
	"context"

	"github.com/oakum-sec/oakum/leak"
)

// BatchWriter is a Driver of a store that takes several new entries in one write: an age
// file, which is encrypted as a whole whatever changes in it.
type BatchWriter interface {
	Driver
	// WriteAll is Write for all of them, or for none.
	WriteAll(ctx context.Context, all []Write) error
}

// CanCreateAll tells whether several values are stored in one write.
func (s *Store) CanCreateAll() bool {
	_, ok := s.driver.(BatchWriter)
	return ok
}

// CreateAll is Create for several names, with one write: it looks at each, writes those
// that are needed, and reads each back. It tries once; after an error some may be stored,
// and Create of each finds that out.
func (s *Store) CreateAll(ctx context.Context, all []Put) error {
	b, ok := s.driver.(BatchWriter)
	if !ok {
		return s.failed("store", "several", leak.Secret{}, Failf(Unsupported, "this store writes one entry after the other"))
	}
	d, err := s.Describe(ctx)
	if err != nil {
		return err
	}
	var writes []Write
	for _, p := range all {
		if err := d.check(p); err != nil {
			return s.failed("store", p.Name, p.Value, err)
		}
		w := p.write("")
		w.Tags[TagMade] = p.Op
		if _, done, err := s.standing(ctx, w); err != nil {
			return err
		} else if !done {
			writes = append(writes, w)
		}
	}
	if len(writes) == 0 {
		return nil
	}
	if err := b.WriteAll(ctx, writes); err != nil {
		return s.failed("store", writes[0].Name+" and others", leak.Secret{}, err)
	}
	for _, w := range writes {
		if _, done, err := s.standing(ctx, w); err != nil {
			return err
		} else if !done {
			return s.failed("store", w.Name, w.Value, Failf(Unavailable, "it was written, and is not shown yet"))
		}
	}
	return nil
}
