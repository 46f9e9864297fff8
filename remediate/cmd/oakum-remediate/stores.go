package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/agefile"
	"github.com/oakum-sec/oakum/remediate/store/awsparams"
	"github.com/oakum-sec/oakum/remediate/store/awssecrets"
	"github.com/oakum-sec/oakum/remediate/store/azurekeyvault"
	"github.com/oakum-sec/oakum/remediate/store/gcpsecrets"
	"github.com/oakum-sec/oakum/remediate/store/vaultkv"
)

// openers are the stores that have a place of their own, by the scheme that names them.
// The age file is not among them: it lies where its target does.
func openers() map[string]store.Opener {
	return map[string]store.Opener{
		"awssecrets": awssecrets.Open, "awsparams": awsparams.Open, "vaultkv": vaultkv.Open,
		"azurekeyvault": azurekeyvault.Open, "gcpsecrets": gcpsecrets.Open,
	}
}

// opener opens stores as a user names them: age:, awssecrets:, vaultkv://secret.
func opener(kit cli.Kit, state string) func(ctx context.Context, named, dir string) (store.Driver, error) {
	return func(ctx context.Context, named, dir string) (store.Driver, error) {
		if !strings.Contains(named, ":") {
			named += ":"
		}
		target, err := url.Parse(named)
		if err != nil {
			return nil, fmt.Errorf("%q is no store: write it as age:secrets.age, awssecrets: or vaultkv://secret", named)
		}
		if target.Scheme == "age" {
			return openAge(kit, state, target, dir)
		}
		open := openers()[target.Scheme]
		if open == nil {
			return nil, fmt.Errorf("there is no store %q; there are age, %s", target.Scheme, strings.Join(slices.Sorted(maps.Keys(openers())), ", "))
		}
		return open(ctx, target, kit.Env)
	}
}

func openAge(kit cli.Kit, state string, target *url.URL, dir string) (store.Driver, error) {
	opt, err := agefile.At(target, dir, kit.Env)
	if err != nil {
		return nil, err
	}
	opt.Locks = filepath.Join(state, "locks")
	return agefile.Open(opt)
}
