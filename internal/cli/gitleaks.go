package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oakum-sec/oakum/internal/gitleaks"
)

// The exit codes of oakum gitleaks, where they are not oakum's own: what gitleaks
// 8.30 was seen to end with. What was not looked at is exitIncomplete here too.
const (
	exitGitleaksFailure = 1   // wrong usage, or it could not do its work
	exitGitleaksUnknown = 126 // a flag that is not known
)

// gitleaksFlags are gitleaks' flags, and --reveal.
type gitleaksFlags struct {
	config, baseline, ignore     string
	report, format, template     string
	redact                       uint
	exitCode                     int
	verbose, noColor, noBanner   bool
	logLevel                     string
	enableRules                  []string
	maxMegabytes                 int
	maxDecode, maxArchive        int
	ignoreAllow                  bool
	timeout                      int
	diagnostics, diagnosticsDir  string
	reveal                       bool   // ours
	logOpts, platform            string // of git and detect
	preCommit, staged, followSym bool
	source                       string // of detect and protect
	noGit, pipe                  bool
}

func (g *gitleaksFlags) register(p *pflag.FlagSet) {
	p.StringVarP(&g.config, "config", "c", "", "configuration `FILE`; then GITLEAKS_CONFIG, GITLEAKS_CONFIG_TOML, the target's own where it is trusted")
	p.StringVarP(&g.baseline, "baseline-path", "b", "", "suppress the findings of a report or baseline `FILE`")
	p.StringVarP(&g.ignore, "gitleaks-ignore-path", "i", "", ".gitleaksignore `FILE`, or the folder of one; without it the target's own where it is trusted")
	p.StringVarP(&g.report, "report-path", "r", "", "write the report to `FILE`, - is stdout")
	p.StringVarP(&g.format, "report-format", "f", "", "`FORMAT` of the report: json, csv, junit, sarif, template")
	p.StringVar(&g.template, "report-template", "", "text/template `FILE` that makes the report")
	p.UintVar(&g.redact, "redact", 100, "taken as given: values are redacted, wholly, without --reveal")
	p.Lookup("redact").NoOptDefVal = "100"
	p.BoolVar(&g.reveal, "reveal", false, "show values: on a terminal, or in a report file that only you may read")
	p.IntVar(&g.exitCode, "exit-code", exitDenied, "exit `CODE` where leaks were found")
	p.BoolVarP(&g.verbose, "verbose", "v", false, "print each finding")
	p.BoolVar(&g.noColor, "no-color", false, "taken: nothing here is coloured")
	p.BoolVar(&g.noBanner, "no-banner", false, "taken: there is no banner")
	p.StringVarP(&g.logLevel, "log-level", "l", "info", "`LEVEL` of words on stderr: trace, debug, info, warn, error, fatal")
	p.StringSliceVar(&g.enableRules, "enable-rule", nil, "only the rules with these `IDS`")
	p.IntVar(&g.maxMegabytes, "max-target-megabytes", 0, "files larger than this are not looked at")
	p.IntVar(&g.maxDecode, "max-decode-depth", 5, "0: look into no encoding; else taken, oakum has its own bounds")
	p.IntVar(&g.maxArchive, "max-archive-depth", 0, "taken: oakum has its own bounds")
	p.BoolVar(&g.ignoreAllow, "ignore-gitleaks-allow", false, "comments beside a value do not suppress it")
	p.IntVar(&g.timeout, "timeout", 0, "stop after so many `SECONDS`; 0: never")
	p.StringVar(&g.diagnostics, "diagnostics", "", "refused: profile oakum with its --verbose")
	p.StringVar(&g.diagnosticsDir, "diagnostics-dir", "", "goes with --diagnostics")
}

func (a *app) gitleaksCommand() *cobra.Command {
	g := &gitleaksFlags{}
	c := &cobra.Command{
		Use:   "gitleaks",
		Short: "Take gitleaks' commands and flags, and write its reports",
		Long: `Takes the command line of gitleaks v8, so that a pipeline moves by one word. Rules,
proofs and what is looked at are oakum's; reports have gitleaks' fields, with
values redacted. docs/compat.md lists what differs.

Exit codes: 0 no leaks · 1 (or --exit-code) leaks · 1 failure · 126 unknown flag ·
3 no leaks, but not all was looked at.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return asGitleaks(fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath()))
		},
	}
	g.register(c.PersistentFlags())
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if strings.HasPrefix(err.Error(), "unknown flag") {
			return &exitError{exitGitleaksUnknown, fmt.Errorf("%w\nsee `%s --help`", err, c.CommandPath())}
		}
		return asGitleaks(err)
	})
	c.AddCommand(a.gitleaksGitCommand(g), a.gitleaksDirCommand(g), a.gitleaksStdinCommand(g), a.gitleaksDetectCommand(g), a.gitleaksProtectCommand(g),
		&cobra.Command{Use: "version", Short: "Print oakum's version", RunE: func(*cobra.Command, []string) error { return asGitleaks(a.printVersion()) }})
	return c
}

// asGitleaks gives errors gitleaks' code.
func asGitleaks(err error) error {
	if _, coded := errors.AsType[*exitError](err); err == nil || coded {
		return err
	}
	return &exitError{exitGitleaksFailure, err}
}

func (a *app) gitleaksGitCommand(g *gitleaksFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "git [REPO]",
		Short: "The history of a git repository",
		RunE: func(c *cobra.Command, args []string) error {
			return asGitleaks(a.gitleaks(c.Context(), g, func() (target, error) { return a.gitleaksGit(args, g) }))
		},
	}
	c.Flags().StringVar(&g.logOpts, "log-opts", "", "commits, as git log names them: A..B, BRANCH, ^REV, --all, --since=DATE, -1")
	c.Flags().StringVar(&g.platform, "platform", "", "code `HOST` that links are for: github, gitlab, bitbucket, azuredevops, gitea, none")
	c.Flags().BoolVar(&g.preCommit, "pre-commit", false, "what is changed in the working tree and not committed")
	c.Flags().BoolVar(&g.staged, "staged", false, "what is staged for the next commit")
	return c
}

func (a *app) gitleaksDirCommand(g *gitleaksFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "dir [PATH]",
		Aliases: []string{"file", "directory"},
		Short:   "Files as they lie on disk",
		RunE: func(c *cobra.Command, args []string) error {
			return asGitleaks(a.gitleaks(c.Context(), g, func() (target, error) { return gitleaksDir(orHere(args), g) }))
		},
	}
	c.Flags().BoolVar(&g.followSym, "follow-symlinks", false, "scan files that symbolic links lead to")
	return c
}

func (a *app) gitleaksStdinCommand(g *gitleaksFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "stdin",
		Short: "What is piped in",
		RunE: func(c *cobra.Command, _ []string) error {
			return asGitleaks(a.gitleaks(c.Context(), g, func() (target, error) { return a.stdinTarget(c.Context()), nil }))
		},
	}
}

// gitleaksDetectCommand is what gitleaks had before git, dir and stdin.
func (a *app) gitleaksDetectCommand(g *gitleaksFlags) *cobra.Command {
	c := &cobra.Command{
		Use: "detect", Short: "The old name of git, dir (--no-git) and stdin (--pipe)",
		RunE: func(c *cobra.Command, _ []string) error {
			return asGitleaks(a.gitleaks(c.Context(), g, func() (target, error) {
				switch {
				case g.pipe:
					return a.stdinTarget(c.Context()), nil
				case g.noGit:
					return gitleaksDir([]string{g.source}, g)
				}
				return a.gitleaksGit([]string{g.source}, g)
			}))
		},
	}
	g.registerSource(c.Flags())
	c.Flags().StringVar(&g.platform, "platform", "", "code `HOST` that links are for")
	c.Flags().BoolVar(&g.noGit, "no-git", false, "files as they lie on disk")
	c.Flags().BoolVar(&g.pipe, "pipe", false, "what is piped in")
	c.Flags().BoolVar(&g.followSym, "follow-symlinks", false, "with --no-git: scan files that symbolic links lead to")
	return c
}

func (a *app) gitleaksProtectCommand(g *gitleaksFlags) *cobra.Command {
	c := &cobra.Command{
		Use: "protect", Short: "The old name of git --pre-commit",
		RunE: func(c *cobra.Command, _ []string) error {
			g.preCommit = true
			return asGitleaks(a.gitleaks(c.Context(), g, func() (target, error) { return a.gitleaksGit([]string{g.source}, g) }))
		},
	}
	g.registerSource(c.Flags())
	c.Flags().BoolVar(&g.staged, "staged", false, "what is staged for the next commit")
	return c
}

func (g *gitleaksFlags) registerSource(p *pflag.FlagSet) {
	p.StringVarP(&g.source, "source", "s", ".", "the `PATH` to scan")
	p.StringVar(&g.logOpts, "log-opts", "", "commits, as git log names them: A..B, BRANCH, ^REV, --all, --since=DATE, -1")
}

// check refuses, before any work, what could not be honoured in the end.
func (g *gitleaksFlags) check(a *app) (err error) {
	if g.template != "" {
		g.format = "template"
	}
	if g.report != "" {
		if g.format, err = gitleaks.Format(g.format, g.report); err != nil {
			return err
		}
	}
	// A value is revealed where oakum scan would: see checkOutput.
	shown := outputFlags{format: "json", reveal: g.reveal}
	if g.report != "-" && !g.verbose {
		shown.file = g.report
	}
	switch {
	case g.format == "template" && g.template == "":
		return errors.New("--report-format template: name the template with --report-template FILE")
	case g.diagnostics != "":
		return errors.New("--diagnostics: oakum writes no profiles; leave it out")
	case g.reveal && g.format == "sarif":
		return errors.New("--reveal: a sarif report is made to be handed on; use json or csv")
	case g.maxMegabytes < 0 || g.timeout < 0:
		return errors.New("--max-target-megabytes and --timeout: a number, 0 or more")
	}
	if g.template != "" {
		if _, err := os.Stat(g.template); err != nil {
			return fmt.Errorf("read report template: %w", err)
		}
	}
	if err := a.checkOutput(shown); err != nil {
		return err
	}
	return gitleaks.CheckHost(g.platform)
}

// talks tells whether --log-level lets words through that are no errors.
func (g *gitleaksFlags) talks() bool {
	return g.logLevel != "error" && g.logLevel != "fatal" && g.logLevel != "panic"
}
