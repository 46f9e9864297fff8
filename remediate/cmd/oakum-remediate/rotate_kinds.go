package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/awsiam"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/command"
	consumers "github.com/oakum-sec/oakum/remediate/rotate/consumer/kinds"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/mysql"
	"github.com/oakum-sec/oakum/remediate/rotate/postgres"
)

// kinds makes what the settings name: rotators, and what uses a credential.
type kinds struct {
	kit     cli.Kit
	resolve func(context.Context, ref.Ref) (leak.Secret, error)
}

// openRotator makes the rotator of an entry.
type openRotator func(ctx context.Context, k kinds, s rotate.Settings) (rotate.Rotator, error)

// rotators are the kinds of credentials that there is a rotator for.
func rotators() map[string]openRotator {
	all := tokenRotators()
	maps.Copy(all, keyRotators())
	all[awsiam.Kind] = func(ctx context.Context, _ kinds, s rotate.Settings) (rotate.Rotator, error) {
		return awsiam.New(ctx, s)
	}
	all["postgres"] = func(ctx context.Context, k kinds, s rotate.Settings) (rotate.Rotator, error) {
		o, err := k.users()
		if err != nil {
			return nil, err
		}
		return postgres.New(ctx, s, o)
	}
	all["mysql"] = func(ctx context.Context, k kinds, s rotate.Settings) (rotate.Rotator, error) {
		o, err := k.users()
		if err != nil {
			return nil, err
		}
		return mysql.New(ctx, s, o)
	}
	return all
}

func (k kinds) rotator(ctx context.Context, s rotate.Settings) (rotate.Rotator, error) {
	all := rotators()
	open, ok := all[s.Kind]
	if !ok {
		return nil, fmt.Errorf("%s: there is no rotator for the kind %q: a kind is one of %s", s.Name, s.Kind, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	r, err := open(ctx, k, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return r, nil
}

// options are what consumers and rotators are given of this program.
func (k kinds) options() consumer.Options {
	return consumer.Options{Getenv: k.kit.Env, Resolve: k.resolve}
}

// users are what rotators of database users are given: a Vault that rotates one is asked.
func (k kinds) users() (dbuser.Options, error) {
	managed, err := dbuser.InVault(k.kit.Env)
	return dbuser.Options{Options: k.options(), Managed: managed}, err
}

// places are the commands that try a new credential where programs run.
func (k kinds) places(_ context.Context, s rotate.Settings) (all []consumer.Consumer, err error) {
	for i := range s.VerifyFrom {
		c, err := command.ParseAttempt(&s.VerifyFrom[i], k.options())
		if err != nil {
			return nil, fmt.Errorf("%s: verify_from %d: %w", s.Name, i+1, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func (k kinds) consumers(_ context.Context, s rotate.Settings) (all []consumer.Consumer, err error) {
	for i := range s.Consumers {
		c, err := consumers.Parse(&s.Consumers[i], k.options())
		if err != nil {
			return nil, fmt.Errorf("%s: consumer %d: %w", s.Name, i+1, err)
		}
		all = append(all, c)
	}
	return all, nil
}
