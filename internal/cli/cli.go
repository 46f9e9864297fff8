// Package cli is the command line of oakum: it reads flags, picks a source,
// runs the scanner, judges what it found and writes the report. One file a
// command.
//
// Its promises: stdout is the result and stderr is for words; the exit code is
// one of four (see exit.go); a command builds only what it needs, so that an
// empty scan starts in milliseconds; and nobody but cmd/oakum calls os.Exit.
//
// It holds no knowledge of credentials, repositories or formats: those are
// rules, scanner's sources and report.
package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
)

// Stdio are the process's streams.
type Stdio struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Main runs the command that args (args[0] is the program) name and returns the
// exit code. env is as os.Environ gives it. Where ctx ends, the command says
// what it did until then.
func Main(ctx context.Context, args, env []string, stdio Stdio) int {
	return Run(ctx, itself(), args, env, stdio)
}

// itself is oakum, of which nobody else's main is to know: see templateCommands.
func itself() Program { return Program{templates: (*app).templateCommands} }

// Run is Main of another program than oakum, which can do what p says.
func Run(ctx context.Context, p Program, args, env []string, stdio Stdio) int {
	a := &app{Stdio: stdio, program: p, name: nameOf(p, args), args: args[min(1, len(args)):], environ: env, env: environment(env)}
	root := a.rootCommand()
	root.SetArgs(a.args)
	return a.exitCode(root.ExecuteContext(ctx))
}

// app is what every command shares: streams and environment, no settings.
type app struct {
	Stdio
	program Program
	name    string   // that the user called it by, in what it says of itself
	args    []string // without the program's own name
	environ []string // as os.Environ gives it

	env  map[string]string
	dial func(ctx context.Context, network, addr string) (net.Conn, error) // of verify alone; nil: TCP
	wait *atomic.Pointer[string]                                           // what a server has us wait for, while it does; nil: none ever will
}

// nameOf is what the user typed: oakum calls its siblings by its own name.
func nameOf(p Program, args []string) string {
	if len(args) > 0 && strings.TrimSuffix(filepath.Base(args[0]), ".exe") == ours {
		return ours
	}
	return cmp.Or(p.Name, ours)
}

// ours is the name of the program whose commands these are.
const ours = "oakum"

func environment(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, kv := range env {
		if name, value, ok := strings.Cut(kv, "="); ok {
			m[name] = value
		}
	}
	return m
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   cmp.Or(a.name, ours),
		Short: "Find hardcoded credentials, and keep new ones out",
		Long: `oakum finds hardcoded credentials in files and git repositories, proves offline
what can be proved, and keeps new ones out with git hooks.

Exit codes: 0 clean · 1 findings denied · 2 usage or failure · 3 nothing denied,
but not all was looked at.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usageError(c, err) })
	root.AddCommand(a.commands()...)
	a.addOthers(root)
	for _, c := range root.Commands() {
		refuseUnknown(c)
	}
	return root
}

// addOthers adds what this program alone can do, and for the rest what has a sibling
// do it.
func (a *app) addOthers(root *cobra.Command) {
	own := map[string]bool{}
	if a.program.Commands != nil {
		for _, c := range a.program.Commands(Kit{a}) {
			own[c.Name()] = true
			root.AddCommand(c)
		}
	}
	if a.program.templates != nil {
		root.AddCommand(a.program.templates(a)...)
	} else {
		root.AddCommand(a.oakumCommands()...)
	}
	for _, c := range a.siblingCommands() {
		if !own[c.Name()] {
			root.AddCommand(c)
		}
	}
}

// refuseUnknown makes a command that only groups others fail where none of them
// is named: cobra would print its help and end with 0, which a hook or a CI job
// with a misspelt word would take for clean.
func refuseUnknown(c *cobra.Command) {
	for _, sub := range c.Commands() {
		refuseUnknown(sub)
	}
	if c.Runnable() {
		return
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return usageError(c, fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath()))
	}
}

// commands are oakum's commands, as its help lists them.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.initCommand(),
		a.scanCommand(),
		a.hookCommand(),
		a.mcpCommand(),
		a.knownCommand(),
		a.verifyCommand(),
		a.explainCommand(),
		a.triageCommand(),
		a.policyCommand(),
		a.allowCommand(),
		a.baselineCommand(),
		a.trustCommand(),
		a.reportCommand(),
		a.manualCommand(),
		a.versionCommand(),
	}
}

// templateCommands are those that execute templates of Go (rules' examples, the reports of
// gitleaks' users), which call methods by name: where they are linked, so is each
// exported method of each type in the program. Of oakum that is little; in a program with a
// Kubernetes client it is 25 MB, most of which become resident.
func (a *app) templateCommands() []*cobra.Command {
	return []*cobra.Command{a.rulesCommand(), a.gitleaksCommand()}
}
