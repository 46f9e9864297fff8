package store

import (
	"context"

	"github.com/oakum-sec/oakum/leak"
)

// Promoter is a Driver of a store in which a version can wait: AWS Secrets Manager's
// stages, an age file.
type Promoter interface {
	Driver
	// Promote makes version the current one in the place of from, which must be
	// current, else the error is a Conflict. What is current already is done.
	Promote(ctx context.Context, name, version, from string) error
	// Abandon takes away a version that waits. One that does not wait is done; the
	// current one is never touched.
	Abandon(ctx context.Context, name, version string) error
}

// CanWait tells whether a version can wait in this store beside the current one.
func (s *Store) CanWait() bool {
	_, ok := s.driver.(Promoter)
	return ok
}

// Pend stores a value that waits beside the version from, which must be current:
// readers do not see it before it is promoted. What waits there and is not equal is a
// Conflict: somebody else is rotating the secret.
func (s *Store) Pend(ctx context.Context, p Put, from string) (Receipt, error) {
	if !s.CanWait() {
		return Receipt{}, s.failed("store", p.Name, leak.Secret{}, Failf(Unsupported, "a version cannot wait in this store"))
	}
	d, err := s.Describe(ctx)
	if err != nil {
		return Receipt{}, err
	}
	if err := d.check(p); err != nil {
		return Receipt{}, s.failed("store", p.Name, p.Value, err)
	}
	w := p.write(from)
	w.Pending = true
	if err := s.keepTags(ctx, w); err != nil {
		return Receipt{}, err
	}
	var r Receipt
	err = s.call(ctx, "store", p.Name, func() (err error) {
		r, err = s.waitOnce(ctx, w)
		return err
	})
	return r, err
}

// waitOnce looks, writes if that is needed, and looks again: a reply that was lost is
// found out about by looking.
func (s *Store) waitOnce(ctx context.Context, w Write) (Receipt, error) {
	if r, done, err := s.waiting(ctx, w); done || err != nil {
		return r, err
	}
	_, err := s.driver.Write(ctx, w)
	if code := CodeOf(err); code != OK && code != AlreadyExists && code != Conflict {
		return Receipt{}, s.failed("store", w.Name, w.Value, err)
	}
	r, done, looked := s.waiting(ctx, w)
	switch {
	case done || looked != nil:
		return r, looked
	case err != nil:
		return Receipt{}, s.failed("store", w.Name, w.Value, err)
	}
	return Receipt{}, s.failed("store", w.Name, w.Value, Failf(Unavailable, "it was written, and is not shown yet"))
}

// waiting tells whether what w wants waits already.
func (s *Store) waiting(ctx context.Context, w Write) (r Receipt, done bool, err error) {
	e, err := s.driver.Stat(ctx, w.Name)
	switch {
	case err != nil:
		return Receipt{}, false, s.failed("look at", w.Name, w.Value, err)
	case e.State == Deleted:
		return Receipt{}, false, s.failed("look at", w.Name, w.Value, Failf(GoneName, "it is scheduled for deletion"))
	case e.Version != w.From:
		return Receipt{}, false, s.failed("store", w.Name, w.Value, Failf(Conflict, "its version is %s, not %s: somebody changed it in between", e.Version, w.From))
	case e.Pending == "":
		return Receipt{}, false, nil
	}
	_, value, err := s.driver.Read(ctx, w.Name, e.Pending)
	switch {
	case err != nil:
		return Receipt{}, false, s.failed("read", w.Name, w.Value, err)
	case !Equal(value, w.Value):
		return Receipt{}, false, s.failed("store", w.Name, w.Value, Failf(Conflict, "version %s waits there already: another rotation is going on, or was left behind", e.Pending))
	}
	return Receipt{Name: w.Name, Version: e.Pending, Created: e.Tags[TagOp] == w.Token}, true, nil
}

// Promote makes a version that was stored by Pend the current one.
func (s *Store) Promote(ctx context.Context, name, version, from string) error {
	p, ok := s.driver.(Promoter)
	if !ok {
		return s.failed("promote", name, leak.Secret{}, Failf(Unsupported, "a version cannot wait in this store"))
	}
	return s.call(ctx, "promote", name, func() error { return p.Promote(ctx, name, version, from) })
}

// Abandon takes away a version that waits, or what an operation of this id wrote that
// was cut off before it was current. Where no version can wait there is nothing to do.
func (s *Store) Abandon(ctx context.Context, name, version string) error {
	p, ok := s.driver.(Promoter)
	if !ok {
		return nil
	}
	return s.call(ctx, "abandon", name, func() error { return p.Abandon(ctx, name, version) })
}
