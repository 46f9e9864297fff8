package main

import (
	"context"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/azuresp"
	"github.com/oakum-sec/oakum/remediate/rotate/gcpkey"
	"github.com/oakum-sec/oakum/remediate/rotate/sshkey"
	"github.com/oakum-sec/oakum/remediate/rotate/tlskey"
	"github.com/oakum-sec/oakum/remediate/rotate/token"
)

// keyRotators are the kinds of keys that are no token of one issuer's.
func keyRotators() map[string]openRotator {
	return map[string]openRotator{
		token.Generic: checkedByCommand,
		azuresp.Kind: func(ctx context.Context, _ kinds, s rotate.Settings) (rotate.Rotator, error) {
			return azuresp.New(ctx, s)
		},
		sshkey.Kind: func(ctx context.Context, k kinds, s rotate.Settings) (rotate.Rotator, error) {
			return sshkey.New(ctx, s, k.options())
		},
		gcpkey.Kind: func(ctx context.Context, _ kinds, s rotate.Settings) (rotate.Rotator, error) {
			return gcpkey.New(ctx, s)
		},
		tlskey.Kind: func(context.Context, kinds, rotate.Settings) (rotate.Rotator, error) {
			return nil, tlskey.Refuse()
		},
	}
}

func checkedByCommand(_ context.Context, _ kinds, s rotate.Settings) (rotate.Rotator, error) {
	var own struct {
		Check []string `yaml:"check"` // a command, as a list of words
		Page  string   `yaml:"page"`  // where a person makes and revokes values
	}
	if err := s.Own(&own); err != nil {
		return nil, err
	}
	api, err := token.NewChecked(own.Check, own.Page)
	if err != nil {
		return nil, err
	}
	return token.NewByHand(token.Generic, api.Page(), api), nil
}
