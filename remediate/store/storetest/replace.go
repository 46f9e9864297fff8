package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/remediate/store"
)

// first puts a value to replace, and gives the operation that replaces it.
func (b *Bench) first(ctx context.Context, word string) (store.Put, store.Receipt, error) {
	p, err := b.put(ctx, "old value", word)
	if err != nil {
		return p, store.Receipt{}, err
	}
	r, err := shop(b.Driver).Create(ctx, p)
	p.Op, p.Value = newOp(), secret("new value")
	return p, r, err
}

func replace(ctx context.Context, b *Bench) error {
	p, old, err := b.first(ctx, "replace")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	r, err := s.Replace(ctx, p, old.Version)
	if err != nil {
		return err
	}
	if r.Version == old.Version {
		return errors.New("another value has the same version")
	}
	if again, err := s.Replace(ctx, p, old.Version); err != nil || again != r {
		return fmt.Errorf("the same replacement again: %+v, %v; the first time %+v", again, err, r)
	}
	if err := holds(ctx, s, p.Name, "", "new value"); err != nil {
		return err
	}
	e, err := s.Stat(ctx, p.Name)
	if err != nil || e.Tags[store.TagOp] != p.Op || e.MadeBy() == p.Op || e.MadeBy() == "" {
		return fmt.Errorf("replaced by %s, its tags are %v, %v", p.Op, e.Tags, err)
	}
	p.Op, p.Value = newOp(), secret("newest value")
	_, err = s.Replace(ctx, p, old.Version)
	if err := wantCode("replace a version that is not current", err, store.Conflict); err != nil {
		return err
	}
	return holds(ctx, s, p.Name, "", "new value")
}

func replaceRace(ctx context.Context, b *Bench) error {
	d, err := b.Driver.Describe(ctx)
	if err != nil || !d.Atomic {
		return err
	}
	p, old, err := b.first(ctx, "cas")
	if err != nil {
		return err
	}
	_, err = shop(raced(b.Driver, func(ctx context.Context) error {
		other := p
		other.Op, other.Value = newOp(), secret("theirs")
		_, err := shop(b.Driver).Replace(ctx, other, old.Version)
		return err
	})).Replace(ctx, p, old.Version)
	if err := wantCode("replace after somebody else did", err, store.Conflict); err != nil {
		return err
	}
	return holds(ctx, shop(b.Driver), p.Name, "", "theirs")
}

func lostReplace(ctx context.Context, b *Bench) error {
	p, old, err := b.first(ctx, "lostreplace")
	if err != nil {
		return err
	}
	r, err := shop(losing(b.Driver)).Replace(ctx, p, old.Version)
	if err != nil {
		return err
	}
	e, err := b.Driver.Stat(ctx, p.Name)
	if err != nil || e.Version != r.Version {
		return fmt.Errorf("after a lost reply the version is %q, the receipt's %q, %v", e.Version, r.Version, err)
	}
	return holds(ctx, shop(b.Driver), p.Name, "", "new value")
}

// versions: the current one can be asked for by its name, one that never was cannot.
func versions(ctx context.Context, b *Bench) error {
	p, old, err := b.first(ctx, "versions")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	r, err := s.Replace(ctx, p, old.Version)
	if err != nil {
		return err
	}
	if err := holds(ctx, s, p.Name, r.Version, "new value"); err != nil {
		return err
	}
	e, value, err := s.Read(ctx, p.Name, old.Version)
	if store.CodeOf(err) == store.NotFound {
		return nil // a store that keeps one version
	}
	if err != nil || !value.Equal(secret("old value")) || e.Version != old.Version {
		return fmt.Errorf("reading the version before gives version %q of %q, %v", e.Version, old.Version, err)
	}
	return nil
}

// promote: a pending version is not seen before it is promoted, pending and promoting
// can be done twice, and promoting is a compare-and-set.
func promote(ctx context.Context, b *Bench) error {
	s := shop(b.Driver)
	if !s.CanWait() {
		return wantCode("promote where no version can wait", s.Promote(ctx, "any", "2", "1"), store.Unsupported)
	}
	p, old, err := b.first(ctx, "pending")
	if err != nil {
		return err
	}
	waiting, err := pend(ctx, s, p, old.Version)
	if err != nil {
		return err
	}
	if err := wantCode("promote from a version that is not current", s.Promote(ctx, p.Name, waiting, waiting+"0"), store.Conflict); err != nil {
		return err
	}
	for range 2 {
		if err := s.Promote(ctx, p.Name, waiting, old.Version); err != nil {
			return err
		}
	}
	return holds(ctx, s, p.Name, "", "new value")
}

// pend has a value wait, twice: the second time is the first.
func pend(ctx context.Context, s *store.Store, p store.Put, from string) (version string, err error) {
	for range 2 {
		r, err := s.Pend(ctx, p, from)
		if err != nil {
			return "", err
		}
		if version != "" && r.Version != version {
			return "", fmt.Errorf("pending twice makes versions %s and %s", version, r.Version)
		}
		version = r.Version
		if err := holds(ctx, s, p.Name, "", "old value"); err != nil {
			return "", fmt.Errorf("while another version waits: %w", err)
		}
		e, err := s.Stat(ctx, p.Name)
		if err != nil || e.Pending != version || e.Version != from {
			return "", fmt.Errorf("while %q waits beside %q, the store tells %+v, %v", version, from, e, err)
		}
	}
	return version, nil
}

// abandon: what waits can be taken back, and then another value can wait; what
// somebody else has waiting is a conflict.
func abandon(ctx context.Context, b *Bench) error {
	s := shop(b.Driver)
	if !s.CanWait() {
		return s.Abandon(ctx, "any", "2")
	}
	p, old, err := b.first(ctx, "abandoned")
	if err != nil {
		return err
	}
	waiting, err := pend(ctx, s, p, old.Version)
	if err != nil {
		return err
	}
	theirs := p
	theirs.Value, theirs.Op = secret("their value"), newOp()
	_, err = s.Pend(ctx, theirs, old.Version)
	if err := wantCode("pend where another value waits", err, store.Conflict); err != nil {
		return err
	}
	for range 2 {
		if err := s.Abandon(ctx, p.Name, waiting); err != nil {
			return err
		}
	}
	if err := s.Abandon(ctx, p.Name, old.Version); err != nil {
		return fmt.Errorf("abandon the current version: %w", err)
	}
	if err := holds(ctx, s, p.Name, "", "old value"); err != nil {
		return err
	}
	_, err = pend(ctx, s, theirs, old.Version)
	return err
}
