package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/hook"
	"github.com/oakum-sec/oakum/leak"
)

func (a *app) hookInstallCommand() *cobra.Command {
	var types []string
	var force bool
	var minProof string
	c := &cobra.Command{
		Use:   "install [PATH]",
		Short: "Install git hooks in a repository",
		Long: `Installs hooks that run this oakum. A hook that is there already keeps running,
first, with the same arguments and input. Where husky, lefthook or pre-commit manage
the hooks, nothing is written, and the lines to add there are told.

Installing a hook says that you trust the repository's own oakum files as they are.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			which, err := parseTypes(types)
			if err != nil {
				return usageError(c, fmt.Errorf("--type: %w", err))
			}
			runs, err := hookArgs(minProof)
			if err != nil {
				return usageError(c, err)
			}
			return a.hookInstall(c.Context(), orHere(args)[0], which, force, runs)
		},
	}
	c.Flags().StringVar(&minProof, "min-proof", "", "the hook refuses findings of this `TIER` or above: generic, pattern, structural, proven")
	c.Flags().StringSliceVarP(&types, "type", "t", []string{string(hook.PreCommit)}, "`HOOK` to install, may be repeated: pre-commit, commit-msg, pre-push, pre-receive")
	c.Flags().BoolVar(&force, "force", false, "install beside a hook manager too")
	c.AddCommand(a.hookInstallAgentCommand())
	return c
}

// hookArgs are the flags that an installed hook passes.
func hookArgs(minProof string) ([]string, error) {
	if minProof == "" {
		return nil, nil
	}
	var tier leak.Proof
	if err := tier.UnmarshalText([]byte(minProof)); err != nil {
		return nil, fmt.Errorf("--min-proof: %w", err)
	}
	return []string{"--min-proof", minProof}, nil
}

func (a *app) hookInstall(ctx context.Context, path string, types []hook.Type, force bool, runs []string) error {
	program, err := ownProgram()
	if err != nil {
		return err
	}
	repo, err := hook.Open(ctx, path)
	if err != nil {
		return err
	}
	for _, t := range types {
		if m, found := hook.FindManager(repo, t); found && !force {
			return managed(m, t)
		}
	}
	for _, t := range types {
		done, err := hook.Install(repo, t, program, runs...)
		if err != nil {
			return err
		}
		if err := a.tellInstalled(repo, t, done); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(ownNames(), func(name string) bool {
		_, err := os.Lstat(filepath.Join(repo.Top, name))
		return err == nil
	}) {
		return nil
	}
	return a.trust(repo.Top)
}

// ownProgram is the path of this program, as hooks will run it.
func ownProgram() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	// go run builds into go-buildNNN in the folder for temporary files and removes it.
	if strings.Contains(filepath.ToSlash(program), "/go-build") {
		return "", errors.New("a hook needs an oakum that stays where it is, and `go run` removes it: make build, then ./bin/oakum hook install")
	}
	return program, nil
}

// managed tells the lines that belong into a hook manager's file.
func managed(m hook.Manager, t hook.Type) error {
	return &exitError{exitFailure, fmt.Errorf("%s manages the hooks here, so nothing was installed; for %s add to %s:\n\n%s\n\nor install beside it with --force",
		m.Name, t, m.File, m.Add)}
}

func (a *app) tellInstalled(repo hook.Repository, t hook.Type, done hook.Done) error {
	word := "installed"
	if !done.Changed {
		word = "already installed"
	}
	if done.Chained != "" {
		word += ", after the hook that was there (now " + filepath.Base(done.Chained) + ")"
	}
	if _, err := fmt.Fprintf(a.Out, "%s: %s: %s\n", t, word, filepath.ToSlash(done.Path)); err != nil {
		return err
	}
	switch {
	case repo.Shared():
		a.say("core.hooksPath names a folder outside of this repository: the hook runs in every repository that is configured so")
	case repo.Committed():
		a.say("core.hooksPath names a folder in the working tree: do not commit the hook, it names the oakum of this machine")
	}
	return nil
}

func (a *app) hookUninstallCommand() *cobra.Command {
	var types []string
	c := &cobra.Command{
		Use:   "uninstall [PATH]",
		Short: "Take oakum's hooks away, and put back what was there before",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			which, err := parseTypes(types)
			if err != nil {
				return usageError(c, fmt.Errorf("--type: %w", err))
			}
			if len(which) == 0 {
				which = hook.Types()
			}
			return a.hookUninstall(c.Context(), orHere(args)[0], which)
		},
	}
	c.Flags().StringSliceVarP(&types, "type", "t", nil, "`HOOK` to take away, may be repeated (default: all of them)")
	c.AddCommand(a.hookUninstallAgentCommand())
	return c
}

func (a *app) hookUninstall(ctx context.Context, path string, types []hook.Type) error {
	repo, err := hook.Open(ctx, path)
	if err != nil {
		return err
	}
	changed := false
	for _, t := range types {
		done, err := hook.Uninstall(repo, t)
		if err != nil {
			return err
		}
		if !done.Changed {
			continue
		}
		changed = true
		word := "removed"
		if done.Chained != "" {
			word = "removed; the hook from before is back"
		}
		if _, err := fmt.Fprintf(a.Out, "%s: %s: %s\n", t, word, filepath.ToSlash(done.Path)); err != nil {
			return err
		}
	}
	if !changed {
		_, err = fmt.Fprintln(a.Out, "no hook of oakum's is installed here")
	}
	return err
}
