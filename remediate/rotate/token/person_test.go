package token

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
	"github.com/oakum-sec/oakum/remediate/store"
)

// person makes and revokes values by hand, as soon as oakum says that a person has to.
type person struct {
	t    testing.TB
	file string // the check's list
	hook func() error
	live []string
	tokenapi.API
}

func (p *person) tell() { accepts(p.t, p.file, p.live...) }

func (p *person) works(c rotate.Credential) (bool, error) {
	return slices.Contains(p.live, store.Plain(c[rotate.Token])), nil
}

// around puts the person and the suite's hook before the check.
func (p *person) around(api tokenapi.API) tokenapi.API {
	p.API = api
	return p
}

func (p *person) call(do func() error) error {
	if err := p.hook(); err != nil {
		return err
	}
	return errors.Join(do(), p.hook())
}

func (p *person) Identify(ctx context.Context, v leak.Secret) (i tokenapi.Identity, err error) {
	err = p.call(func() (err error) { i, err = p.API.Identify(ctx, v); return err })
	return i, err
}

func (p *person) Alive(ctx context.Context, v leak.Secret) (alive bool, err error) {
	err = p.call(func() (err error) { alive, err = p.API.Alive(ctx, v); return err })
	return alive, err
}

func (p *person) Revoke(ctx context.Context, v leak.Secret) error {
	return p.call(func() error {
		err := p.API.Revoke(ctx, v)
		if _, byHand := errors.AsType[*tokenapi.Human](err); byHand {
			p.live = slices.DeleteFunc(p.live, func(s string) bool { return s == store.Plain(v) })
			p.tell()
		}
		return err
	})
}
