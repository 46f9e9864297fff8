package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/agent"
	"github.com/oakum-sec/oakum/internal/setup"
)

// agentInstall is what `hook install agent` was told.
type agentInstall struct {
	dir, mode                string
	strict, absolute, dryRun bool
}

func (a *app) hookInstallAgentCommand() *cobra.Command {
	f := agentInstall{}
	c := &cobra.Command{
		Use:   "agent NAME...",
		Short: "Have coding agents ask oakum: writes their settings in the project",
		Long: `Adds oakum's hook to the settings that coding agents read in a project, and keeps what
else is in them. It says what it changes; installing twice is installing once.

  claude    .claude/settings.json       copilot   .github/hooks/oakum.json
  codex     .codex/hooks.json           windsurf  .windsurf/hooks.json
  cursor    .cursor/hooks.json          cline     .clinerules/hooks/
  gemini    .gemini/settings.json

The settings name oakum as it is found in PATH, so that they can be committed. Your own
oakum files are trusted as they are now: what an agent changes in them counts for nothing.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, names []string) error { return a.installAgents(f, names) },
	}
	c.Flags().StringVar(&f.dir, "dir", ".", "the project's `FOLDER`")
	c.Flags().StringVar(&f.mode, "mode", "block", "`WORD` for what happens with a credential: block, mask, ask")
	c.Flags().BoolVar(&f.strict, "strict", false, "have the agent stop where the hook could not look")
	c.Flags().BoolVar(&f.absolute, "absolute", false, "name this very program in the settings, not the one in PATH")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would change, and change nothing")
	return c
}

// command is what the settings of an agent are to run.
func (f agentInstall) command(name string) (string, error) {
	program := "oakum"
	if f.absolute {
		path, err := ownProgram()
		if err != nil {
			return "", err
		}
		program = filepath.ToSlash(path)
		if shellWord(program) != program {
			return "", fmt.Errorf("%s: a path with spaces or quotes is not safe in every agent's settings: put oakum into PATH", program)
		}
	}
	words := []string{program, "hook", "run", "agent", "--agent", name}
	if f.mode != "block" {
		words = append(words, "--mode", f.mode)
	}
	if f.strict {
		words = append(words, "--strict")
	}
	return strings.Join(words, " "), nil
}

func (a *app) installAgents(f agentInstall, names []string) error {
	if _, err := agent.ParseMode(f.mode); err != nil {
		return fmt.Errorf("--mode: %w", err)
	}
	top := rootOf(f.dir)
	read := func(file string) ([]byte, error) { return setup.Read(top, file) }
	for _, name := range names {
		of, err := agent.ByName(name)
		if err != nil {
			return err
		}
		command, err := f.command(name)
		if err != nil {
			return err
		}
		changes, note, err := of.Install(command, f.strict, read)
		if err != nil {
			return fmt.Errorf("%s: %w", of.Title, err)
		}
		if err := a.changeAgent(of, top, changes, "installed", f.dryRun); err != nil {
			return err
		}
		if note != "" {
			a.say("%s: %s", of.Title, note)
		}
	}
	if !f.absolute && !a.onPath("oakum") {
		a.say("there is no oakum in PATH, so the agents would go on without it: install it there (docs/install.md), or use --absolute")
	}
	if f.dryRun {
		return nil
	}
	return a.trustOwn(top)
}

// onPath tells whether PATH has a program of that name.
func (a *app) onPath(name string) bool {
	for _, dir := range filepath.SplitList(a.env["PATH"]) {
		for _, file := range []string{name, name + ".exe"} {
			if info, err := os.Stat(filepath.Join(dir, file)); err == nil && info.Mode().IsRegular() {
				return true
			}
		}
	}
	return false
}

// trustOwn trusts the project's own oakum files as they are, where it has any.
func (a *app) trustOwn(top string) error {
	for _, name := range ownNames() {
		if _, err := os.Lstat(filepath.Join(top, name)); err == nil {
			return a.trust(top)
		}
	}
	return nil
}

func (a *app) changeAgent(of *agent.Agent, top string, changes []agent.Change, word string, dryRun bool) error {
	if len(changes) == 0 {
		_, err := fmt.Fprintf(a.Out, "%s: already %s\n", of.Title, word)
		return err
	}
	for _, c := range changes {
		change := setup.Change{File: c.File, Old: c.Old, New: c.New, Run: c.Run}
		if dryRun {
			if _, err := fmt.Fprint(a.Out, change.Diff()); err != nil {
				return err
			}
			continue
		}
		if err := change.Write(top); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.Out, "%s: %s: %s\n", of.Title, word, c.File); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) hookUninstallAgentCommand() *cobra.Command {
	var dir string
	var dryRun bool
	c := &cobra.Command{
		Use:   "agent [NAME...]",
		Short: "Take oakum's hook out of the settings of coding agents",
		RunE: func(_ *cobra.Command, names []string) error {
			top := rootOf(dir)
			read := func(file string) ([]byte, error) { return setup.Read(top, file) }
			all := len(names) == 0
			for _, of := range agent.Agents() {
				if all {
					names = append(names, of.Name)
				}
			}
			for _, name := range names {
				of, err := agent.ByName(name)
				if err != nil {
					return err
				}
				changes, err := of.Uninstall(read)
				if all && (errors.Is(err, agent.ErrNoSettings) || err == nil && len(changes) == 0) {
					continue
				}
				if err != nil {
					return fmt.Errorf("%s: %w", of.Title, err)
				}
				if err := a.changeAgent(of, top, changes, "removed", dryRun); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "dir", ".", "the project's `FOLDER`")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what would change, and change nothing")
	return c
}
