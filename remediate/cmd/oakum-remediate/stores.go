package main

import (
	"context"
	"net/url"
	"path/filepath"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/agefile"
	"github.com/oakum-sec/oakum/remediate/stores"
)

// opener opens stores as a user names them: age:, awssecrets:, vaultkv://secret. The age
// file lies, where it is not named, in dir.
func opener(kit cli.Kit, state string) func(ctx context.Context, named, dir string) (store.Driver, error) {
	return func(ctx context.Context, named, dir string) (store.Driver, error) {
		o := stores.Opener{Getenv: kit.Env, Age: func(target *url.URL) (store.Driver, error) { return openAge(kit, state, target, dir) }}
		return o.Open(ctx, named)
	}
}

func openAge(kit cli.Kit, state string, target *url.URL, dir string) (store.Driver, error) {
	opt, err := agefile.At(target, dir, kit.Env)
	if err != nil {
		return nil, err
	}
	opt.Disk = onDisk
	opt.Locks = filepath.Join(state, "locks")
	return agefile.Open(opt)
}
