package rotate

import (
	"context"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/store"
)

// slot is an entry that holds a credential or a part of one, with the place in which the next one
// waits: a version beside the current one where the store has such, else a spot beside
// the entry.
type slot struct {
	store *store.Store
	name  string
	op    string
	from  string // the version that was current when the order was made
	next  spot
}

// current is what programs read.
func (s slot) current(ctx context.Context) (version string, value leak.Secret, err error) {
	e, value, err := s.store.Read(ctx, s.name, "")
	return e.Version, value, err
}

// waits is what waits to be promoted; zero is nothing.
func (s slot) waits(ctx context.Context) (version string, value leak.Secret, err error) {
	if !s.store.CanWait() {
		value, err = s.next.look(ctx)
		return "", value, err
	}
	e, err := s.store.Stat(ctx, s.name)
	if err != nil || e.Pending == "" {
		return "", leak.Secret{}, err
	}
	_, value, err = s.store.Read(ctx, s.name, e.Pending)
	return e.Pending, value, err
}

// pend has a value wait beside the current one.
func (s slot) pend(ctx context.Context, value leak.Secret) error {
	if !s.store.CanWait() {
		return s.next.fill(ctx, value)
	}
	_, err := s.store.Pend(ctx, store.Put{Name: s.name, Value: value, Op: s.op}, s.from)
	return err
}

// abandon takes away what waits. What was promoted stays.
func (s slot) abandon(ctx context.Context) error {
	if !s.store.CanWait() {
		return s.next.clear(ctx)
	}
	version, _, err := s.waits(ctx)
	if err != nil || version == "" {
		return err
	}
	return s.store.Abandon(ctx, s.name, version)
}

// back puts the old value in the place of the new one, which must still be current.
func (s slot) back(ctx context.Context, old, fresh leak.Secret) error {
	version, value, err := s.current(ctx)
	switch {
	case err != nil:
		return err
	case store.Equal(value, old):
		return nil
	case !store.Equal(value, fresh):
		return fmt.Errorf("%s holds neither the old nor the new credential: somebody changed it (version %s). It stays; put the right one there by hand", s.name, version)
	}
	_, err = s.store.Replace(ctx, store.Put{Name: s.name, Value: old, Op: act.OpID(s.op, "back")}, version)
	return err
}
