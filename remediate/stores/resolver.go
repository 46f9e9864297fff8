package stores

import (
	"context"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/lease"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Resolver gets what references stand for. A store is opened once, a secret read once
// in a [Resolver.Round], however many references lead there.
type Resolver struct {
	Opener Opener
	Store  store.Options // the zero value is the default
	// Leases borrows what an engine of Vault makes; nil: a path is one of a KV store.
	Leases *lease.Keeper

	open map[string]*store.Store
	read map[location]leak.Secret
}

// Round forgets what was read, so that the stores are asked again.
func (r *Resolver) Round() { r.read = nil }

// Value is what a reference stands for.
func (r *Resolver) Value(ctx context.Context, to ref.Ref) (leak.Secret, error) {
	l, err := locate(to)
	if err != nil {
		return leak.Secret{}, err
	}
	if r.Leases != nil && to.Backend == ref.Vault && lease.Lent(to.Path) {
		doc, ok, err := r.Leases.Borrow(ctx, login(to), to.Path)
		if err != nil || ok {
			return lent(doc, l, err)
		}
	}
	whole := l
	whole.field = ""
	value, known := r.read[whole]
	if !known {
		if value, err = r.ask(ctx, l); err != nil {
			return leak.Secret{}, err
		}
		if r.read == nil {
			r.read = map[location]leak.Secret{}
		}
		r.read[whole] = value
	}
	return member(value, l)
}

// lent is a field of what was borrowed, which no Round forgets: its Keeper says when
// another one is wanted.
func lent(doc leak.Secret, l location, err error) (leak.Secret, error) {
	if err != nil {
		return leak.Secret{}, err
	}
	return member(doc, l)
}

func (r *Resolver) ask(ctx context.Context, l location) (leak.Secret, error) {
	s := r.open[l.store]
	if s == nil {
		driver, err := r.Opener.Open(ctx, l.store)
		if err != nil {
			return leak.Secret{}, err
		}
		if r.open == nil {
			r.open = map[string]*store.Store{}
		}
		s = store.New(driver, r.Store)
		r.open[l.store] = s
	}
	_, value, err := s.Read(ctx, l.name, l.version)
	return value, err
}

// member is a field of a document. A value that is no document has the field "value"
// alone, which is how Vault's store keeps it.
func member(value leak.Secret, l location) (leak.Secret, error) {
	if l.field == "" {
		return value, nil
	}
	fields, ok := store.Fields(value)
	if f, has := fields[l.field]; has {
		return f, nil
	}
	if !ok && l.field == "value" {
		return value, nil
	}
	if !ok {
		return leak.Secret{}, fmt.Errorf("%s is no JSON document, so it has no field %q: leave out #/%s", l.name, l.field, l.field)
	}
	return leak.Secret{}, fmt.Errorf("%s has no text in a field %q", l.name, l.field)
}
