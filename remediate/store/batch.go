package store

import (
	"context"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// errOneByOne is why a store does not do several at once.
var errOneByOne = Failf(Unsupported, "this store writes one entry after the other")

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
		return s.failed("store", "several", leak.Secret{}, errOneByOne)
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

// Promotion is a version that waits, to be current in the place of From.
type Promotion struct{ Name, Version, From string }

// BatchPromoter is a Promoter of a store that makes the versions of several names current
// in one write: nobody reads one of them before another.
type BatchPromoter interface {
	Promoter
	// PromoteAll is Promote for all of them, or for none.
	PromoteAll(ctx context.Context, all []Promotion) error
}

// CanPromoteAll tells whether the versions of several names become current at once.
func (s *Store) CanPromoteAll() bool {
	_, ok := s.driver.(BatchPromoter)
	return ok
}

// PromoteAll makes versions that were stored by Pend the current ones, all at once.
func (s *Store) PromoteAll(ctx context.Context, all []Promotion) error {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	name := strings.Join(names, " and ")
	b, ok := s.driver.(BatchPromoter)
	if !ok {
		return s.failed("promote", name, leak.Secret{}, errOneByOne)
	}
	return s.call(ctx, "promote", name, func() error { return b.PromoteAll(ctx, all) })
}
