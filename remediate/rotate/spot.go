package rotate

import (
	"context"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/store"
)

// spot is an entry that oakum keeps beside another: it is filled, emptied and filled
// again. In a store in which a deleted name stays taken for days, emptying leaves the
// entry there with a word that says so.
type spot struct {
	store *store.Store
	stays bool // a deleted name stays taken
	name  string
	op    string
}

// empty is what stands in an emptied spot.
var empty = leak.NewSecret([]byte("oakum: nothing is kept here now"))

// The names of spots, beside an entry's own.
const (
	nextSuffix  = "-oakum-next"
	leaseSuffix = "-oakum-lease"
	trySuffix   = "-oakum-try"
)

// look is what the spot holds; zero is nothing.
func (s spot) look(ctx context.Context) (leak.Secret, error) {
	_, _, value, err := s.read(ctx)
	return value, err
}

func (s spot) read(ctx context.Context) (version string, there bool, value leak.Secret, err error) {
	e, value, err := s.store.Read(ctx, s.name, "")
	switch code := store.CodeOf(err); {
	case code == store.NotFound:
		return "", false, leak.Secret{}, nil
	case err != nil:
		return "", false, leak.Secret{}, err
	case value.Equal(empty):
		value = leak.Secret{}
	}
	return e.Version, true, value, nil
}

// fill puts a value into a spot that is empty or holds it already, else the error is a
// Conflict.
func (s spot) fill(ctx context.Context, value leak.Secret) error {
	version, there, held, err := s.read(ctx)
	if err != nil {
		return err
	}
	if p := s.put(value, "fill "+version); there && held.IsZero() {
		_, err = s.store.Replace(ctx, p, version)
	} else {
		_, err = s.store.Create(ctx, p)
	}
	return err
}

// clear empties the spot.
func (s spot) clear(ctx context.Context) error {
	version, there, held, err := s.read(ctx)
	if err != nil || !there || held.IsZero() {
		return err
	}
	if s.stays {
		_, err := s.store.Replace(ctx, s.put(empty, "clear "+version), version)
		return err
	}
	e, err := s.store.Stat(ctx, s.name)
	if err != nil {
		return err
	}
	return s.store.Remove(ctx, store.Receipt{Name: s.name, Version: version}, e.Tags[store.TagOp])
}

// put is a write, whose id is made of what it does at which version: a store takes an
// id for one value only.
func (s spot) put(value leak.Secret, what string) store.Put {
	return store.Put{Name: s.name, Value: value, Op: act.OpID(s.op, s.name+" "+what)}
}
