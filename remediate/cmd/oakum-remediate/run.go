package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/launch"
	"github.com/oakum-sec/oakum/remediate/lease"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/stores"
)

// runFlags are what `oakum run` is told.
type runFlags struct {
	envFiles, files, copies []string
	refs                    string
	watch                   time.Duration
	onChange                string
}

// runCommand starts a program with secrets that are fetched at its start.
func runCommand(kit cli.Kit) *cobra.Command {
	f := &runFlags{}
	c := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARG…]",
		Short: "Run a command with secrets that are fetched at its start",
		Long: `Resolves references such as ref+awssecrets://prod/mysql#/password in the environment, in
` + ref.NamesFile + ` and in dotenv files, and starts the command with what they stand for.
No value is in an argument or in a file on a disk. The command's exit code and signals
are its own. Where one reference cannot be resolved nothing is started.

Stores are asked as whoever this runs as: AWS's, Google's and Azure's standard
credentials, VAULT_ADDR with VAULT_TOKEN, the age identity of the user.`,
		Example: `  oakum run --env-file .env -- node server.js
  oakum run --file TLS_KEY=ref+vault://secret/tls#/key -- nginx
  oakum run --copy CONFIG=config.json --watch 5m -- ./service`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, kit, args) },
	}
	p := c.Flags()
	p.SetInterspersed(false) // what follows the command is its own
	p.StringArrayVar(&f.envFiles, "env-file", nil, "a dotenv `FILE` of variables; of two that set one the later counts (repeatable)")
	p.StringVar(&f.refs, "refs", "", "a `FILE` of what each variable stands for (default: "+ref.NamesFile+" where there is one)")
	p.StringArrayVar(&f.files, "file", nil, "`NAME=REF`: put the secret into a file in memory whose path is in NAME (repeatable)")
	p.StringArrayVar(&f.copies, "copy", nil, "`NAME=PATH`: put a copy of a file with its references resolved into memory, its path in NAME (repeatable)")
	p.DurationVar(&f.watch, "watch", 0, "ask the stores again every `DURATION`, and have the command know of a change")
	p.StringVar(&f.onChange, "on-change", "restart", "how: `restart`, or a signal for commands that read their files again: SIGHUP, SIGUSR1, SIGUSR2")
	return c
}

func (f *runFlags) run(c *cobra.Command, kit cli.Kit, args []string) error {
	if len(args) == 0 {
		return kit.Usage(c, errors.New("say what to run: oakum run -- COMMAND"))
	}
	wanted, err := f.wanted(kit)
	if err != nil {
		return kit.Usage(c, err)
	}
	change, err := f.change()
	if err != nil {
		return kit.Usage(c, err)
	}
	resolver, err := f.resolver(kit)
	if err != nil {
		return err
	}
	io := kit.Stdio()
	code, err := launch.Program{
		Command: args, Wanted: wanted, Getenv: kit.Env, In: io.In, Out: io.Out, Err: io.Err,
		Replace: io.In == os.Stdin && io.Out == os.Stdout && io.Err == os.Stderr,
		Watch:   f.watch, Change: change, Say: kit.Say, Leases: resolver.Leases,
		Resolve: func(ctx context.Context) (launch.Given, error) {
			resolver.Round()
			return wanted.Resolve(ctx, func(ctx context.Context, r ref.Ref) (leak.Secret, error) { return resolver.Value(ctx, r) })
		},
	}.Run(c.Context())
	if err == nil && code != 0 {
		return kit.Code(code, nil)
	}
	return err
}

// wanted reads the flags and the names file.
func (f *runFlags) wanted(kit cli.Kit) (launch.Wanted, error) {
	w := launch.Wanted{Env: kit.Environ(), EnvFiles: f.envFiles, Files: map[string]ref.Ref{}, Copies: map[string]string{}}
	for _, arg := range f.files {
		name, text, err := pair("--file", arg)
		if err != nil {
			return w, err
		}
		if w.Files[name], err = ref.Parse(text); err != nil {
			return w, err
		}
	}
	for _, arg := range f.copies {
		name, path, err := pair("--copy", arg)
		if err != nil {
			return w, err
		}
		w.Copies[name] = path
	}
	text, err := os.ReadFile(f.namesFile())
	if errors.Is(err, os.ErrNotExist) && f.refs == "" {
		return w, nil
	}
	if err == nil {
		w.Names, err = ref.ReadNames(text)
	}
	return w, err
}

// resolver opens stores. A reference names an age file as seen from where the names file
// lies, which is the repository's top.
func (f *runFlags) resolver(kit cli.Kit) (*stores.Resolver, error) {
	state, err := kit.StateDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(f.namesFile())
	age := func(target *url.URL) (store.Driver, error) {
		if file := filepath.FromSlash(target.Opaque); file != "" && !filepath.IsAbs(file) {
			target.Opaque = filepath.ToSlash(filepath.Join(dir, file))
		}
		return openAge(kit, filepath.Join(state, "remediate"), target, dir)
	}
	return &stores.Resolver{Opener: stores.Opener{Getenv: kit.Env, Age: age}, Leases: &lease.Keeper{Getenv: kit.Env, Say: kit.Say}}, nil
}

func (f *runFlags) namesFile() string {
	if f.refs != "" {
		return f.refs
	}
	return filepath.FromSlash(ref.NamesFile)
}

// pair divides NAME=VALUE.
func pair(flag, arg string) (name, value string, err error) {
	name, value, ok := strings.Cut(arg, "=")
	if !ok || !ref.ValidName(name) || value == "" {
		return "", "", fmt.Errorf("%s takes NAME=VALUE with the name of a variable, not %q", flag, arg)
	}
	return name, value, nil
}

// change is the signal of --on-change, nil for a new start.
func (f *runFlags) change() (os.Signal, error) {
	if f.onChange == "restart" {
		return nil, nil
	}
	all := launch.Signals()
	s, ok := all[f.onChange]
	switch {
	case !ok:
		var names []string
		for n := range all {
			names = append(names, n)
		}
		slices.Sort(names)
		return nil, fmt.Errorf("--on-change is restart or a signal (%s), not %q", strings.Join(names, ", "), f.onChange)
	case len(f.files)+len(f.copies) == 0:
		return nil, fmt.Errorf("a running command's variables cannot be changed: --on-change=%s needs --file or --copy", f.onChange)
	}
	return s, nil
}
