package rotatetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Fake is a provider in memory: a server with users or keys, of the traits that it is
// given. The suite and the machine are tested with it.
type Fake struct {
	Traits rotate.Traits
	hook   func() error
	all    map[string]*fakeKey // by id
	used   string              // the id of a credential that somebody uses
	made   int
}

type fakeKey struct {
	secret leak.Secret
	active bool
	op     string
}

// NewFake is a provider with one live credential.
func NewFake(t rotate.Traits, hook func() error) (*Fake, rotate.Credential) {
	f := &Fake{Traits: t, hook: hook, all: map[string]*fakeKey{}}
	old := rotate.Credential{f.idPart(): leak.NewSecret([]byte("app_a")), f.secretPart(): leak.NewSecret([]byte(rand.Text()))}
	f.all["app_a"] = &fakeKey{secret: old[f.secretPart()], active: true}
	return f, old
}

func (f *Fake) idPart() string     { return f.Traits.Parts[0] }
func (f *Fake) secretPart() string { return f.Traits.Parts[1] }

// Rotator is the fake's.
func (f *Fake) Rotator() rotate.Rotator { return fakeRotator{f} }

// Works tells whether a credential is accepted.
func (f *Fake) Works(c rotate.Credential) (bool, error) {
	k := f.all[store.Plain(c[f.idPart()])]
	return k != nil && k.active && k.secret.Equal(c[f.secretPart()]), nil
}

// Count is how many are accepted.
func (f *Fake) Count() (n int, _ error) {
	for _, k := range f.all {
		if k.active {
			n++
		}
	}
	return n, nil
}

// Use has somebody use a credential.
func (f *Fake) Use(c rotate.Credential) (func(), error) {
	f.used = store.Plain(c[f.idPart()])
	return func() { f.used = "" }, nil
}

type fakeRotator struct{ *Fake }

func (f fakeRotator) Traits() rotate.Traits { return f.Fake.Traits }

// call is one call to the provider.
func (f fakeRotator) call(do func() error) error {
	if err := f.hook(); err != nil {
		return fmt.Errorf("call the provider: %w", err)
	}
	err := do()
	if lost := f.hook(); lost != nil {
		return fmt.Errorf("call the provider: %w", lost)
	}
	return err
}

func (f fakeRotator) id(c rotate.Credential) string { return store.Plain(c[f.idPart()]) }

func (f fakeRotator) Inspect(_ context.Context, old rotate.Credential) (s rotate.Subject, err error) {
	err = f.call(func() error {
		s = rotate.Subject{ID: f.id(old), Owner: "the fake server", Status: rotate.Live, Before: slices.Sorted(maps.Keys(f.all))}
		return nil
	})
	return s, err
}

func (f fakeRotator) Next(_ context.Context, old rotate.Credential, _ string) (rotate.Credential, error) {
	name := f.id(old)
	if f.Fake.Traits.Overlap {
		name = strings.NewReplacer("_a", "_b", "_b", "_a").Replace(name)
	}
	return rotate.Credential{f.idPart(): leak.NewSecret([]byte(name)), f.secretPart(): leak.NewSecret([]byte(rand.Text()))}, nil
}

func (f fakeRotator) Provision(_ context.Context, p rotate.Provision) (rotate.Credential, error) {
	if f.Fake.Traits.Chooser == rotate.Provider {
		return f.make(p)
	}
	return p.New, f.call(func() error {
		f.all[f.id(p.New)] = &fakeKey{secret: p.New[f.secretPart()], active: true, op: p.Op}
		return nil
	})
}

// make has the provider choose. What an unanswered call made is removed first.
func (f fakeRotator) make(p rotate.Provision) (c rotate.Credential, err error) {
	if err := f.sweep(p); err != nil {
		return nil, err
	}
	err = f.call(func() error {
		if len(f.all) >= 2 {
			return errors.New("there are two keys already")
		}
		f.made++
		id := fmt.Sprintf("key-%d", f.made)
		c = rotate.Credential{f.idPart(): leak.NewSecret([]byte(id)), f.secretPart(): leak.NewSecret([]byte(rand.Text()))}
		f.all[id] = &fakeKey{secret: c[f.secretPart()], active: true, op: p.Op}
		return nil
	})
	return c, err
}

func (f fakeRotator) sweep(p rotate.Provision) error {
	return f.call(func() error {
		for id := range f.all {
			if !slices.Contains(p.Subject.Before, id) {
				delete(f.all, id)
			}
		}
		return nil
	})
}

func (f fakeRotator) Verify(_ context.Context, c rotate.Credential) error {
	return f.call(func() error {
		if ok, _ := f.Works(c); !ok {
			return errors.New("the server refuses it")
		}
		return nil
	})
}

func (f fakeRotator) Status(_ context.Context, old rotate.Credential) (s rotate.Status, err error) {
	err = f.call(func() error {
		k := f.all[f.id(old)]
		switch {
		case k == nil || !k.secret.Equal(old[f.secretPart()]):
			s = rotate.Gone
		case k.active:
			s = rotate.Live
		default:
			s = rotate.Inactive
		}
		return nil
	})
	return s, err
}

func (f fakeRotator) Uses(_ context.Context, c rotate.Credential, _ time.Time) (all []rotate.Use, err error) {
	err = f.call(func() error {
		if f.used == f.id(c) {
			all = []rotate.Use{{What: "1 session"}}
		}
		return nil
	})
	return all, err
}

func (f fakeRotator) Deactivate(_ context.Context, old, _ rotate.Credential) error {
	return f.call(func() error { return f.activate(old, false) })
}

func (f fakeRotator) Reactivate(_ context.Context, old rotate.Credential) error {
	return f.call(func() error { return f.activate(old, true) })
}

func (f fakeRotator) activate(old rotate.Credential, active bool) error {
	k := f.all[f.id(old)]
	if k == nil {
		return errors.New("there is no such key")
	}
	k.active = active
	return nil
}

func (f fakeRotator) Delete(_ context.Context, old, now rotate.Credential) error {
	return f.call(func() error {
		if f.id(old) != f.id(now) {
			delete(f.all, f.id(old))
		}
		return nil
	})
}

func (f fakeRotator) Withdraw(_ context.Context, p rotate.Provision) error {
	if len(p.New) == 0 {
		return f.sweep(p)
	}
	return f.call(func() error {
		if f.id(p.New) != f.id(p.Old) {
			delete(f.all, f.id(p.New))
			return nil
		}
		f.all[f.id(p.Old)].secret = p.Old[f.secretPart()]
		return nil
	})
}
