package rotate

import (
	"context"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// No store writes two entries in one call, but for an age file, which is one file. So a
// program can read one entry's new value and another's old one. What can be done about
// that: everything waits, and was looked at, before the first entry is written; the
// others follow at once; and they are written in the order in which programs read them,
// so that a program gets a pair that does not match only where its reading lies wholly
// within the writing, or the writing within its reading. In the other order it would
// wherever the two overlap.

// ready is an entry whose new value waits, and may be promoted.
type ready struct {
	slot
	waiting    string // the version that does, in a store that has such
	old, fresh leak.Secret
}

// promote makes a new value that waits the current one.
func (p place) promote(ctx context.Context, old, fresh leak.Secret) error {
	var all []ready
	err := p.each(old, fresh, func(s slot, old, fresh leak.Secret) error {
		one, needed, err := s.ready(ctx, old, fresh)
		if needed {
			all = append(all, one)
		}
		return err
	})
	switch {
	case err != nil || len(all) == 0:
		return err
	case len(all) > 1 && p.together():
		var at []store.Promotion
		for _, one := range all {
			at = append(at, store.Promotion{Name: one.name, Version: one.waiting, From: one.from})
		}
		return p.slots[0].store.PromoteAll(ctx, at)
	}
	for i, one := range all {
		if err := one.promote(ctx); err != nil {
			return unwrite(ctx, all[:i], err)
		}
	}
	return nil
}

// together tells whether the store writes several entries at once.
func (p place) together() bool { return p.slots[0].store.CanPromoteAll() }

// ready looks whether an entry can be written. One that has its new value needs nothing.
func (s slot) ready(ctx context.Context, old, fresh leak.Secret) (one ready, needed bool, err error) {
	version, value, err := s.current(ctx)
	if err != nil || version != s.from && store.Equal(value, fresh) {
		return ready{}, false, err
	}
	if version != s.from {
		return ready{}, false, fmt.Errorf("%s has version %s, and had %s when the order was made: roll back, and order again", s.name, version, s.from)
	}
	waiting, value, err := s.waits(ctx)
	switch {
	case err != nil:
		return ready{}, false, err
	case value.IsZero():
		return ready{}, false, fmt.Errorf("nothing waits for %s any more: somebody took it away; roll back", s.name)
	case !store.Equal(value, fresh):
		return ready{}, false, fmt.Errorf("another credential waits beside %s: somebody else is rotating it; roll back", s.name)
	}
	return ready{s, waiting, old, value}, true, nil
}

func (r ready) promote(ctx context.Context) error {
	if r.store.CanWait() {
		return r.store.Promote(ctx, r.name, r.waiting, r.from)
	}
	_, err := r.store.Replace(ctx, store.Put{Name: r.name, Value: r.fresh, Op: r.op}, r.from)
	return err
}

// unwrite is the end of a promotion that one entry refuses for good: those that were
// written get their old values, which belong to its own. Where it may yet take it,
// nothing is put back: it is a resume from its end.
func unwrite(ctx context.Context, done []ready, err error) error {
	if len(done) == 0 {
		return err
	}
	if store.CodeOf(err).Retryable() {
		return fmt.Errorf("%w; %s is written already, and what starts now reads two values that do not belong together: resume at once", err, done[0].name)
	}
	for _, one := range done {
		if back := one.back(ctx, one.old, one.fresh); back != nil {
			return fmt.Errorf("%w; %s keeps its new value: %w", err, one.name, back)
		}
	}
	return fmt.Errorf("%w; what was written before it has its old value again: roll back, and order again", err)
}
