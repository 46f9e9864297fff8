package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/mcp"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

func (a *app) mcpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "mcp [FOLDER...]",
		Short: "Serve scans and explanations to a language model (MCP, over stdin and stdout)",
		Long: `Serves the Model Context Protocol on stdin and stdout: the tools scan, explain,
rules_list and rules_show. Answers hold no value. Only what lies below the FOLDERs
is scanned; without any, below the roots that the client names, or else below the
current folder.`,
		RunE: func(c *cobra.Command, args []string) error { return a.serveMCP(c.Context(), args) },
	}
}

func (a *app) serveMCP(ctx context.Context, folders []string) error {
	s := &mcp.Server{Engine: engine{a}, Version: toolOf().Version}
	for _, f := range folders {
		info, err := os.Stat(f)
		if err != nil || !info.IsDir() {
			return fmt.Errorf("%s is no folder that could be a root", f)
		}
		abs, err := filepath.Abs(f)
		if err != nil {
			return fmt.Errorf("find %s: %w", f, err)
		}
		s.Roots = append(s.Roots, abs)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return fmt.Errorf("find the current folder: %w", err)
	}
	s.Here = here
	err = s.Serve(ctx, &interruptible{ctx: ctx, in: a.In}, a.Out)
	if ctx.Err() != nil {
		return nil // Ctrl-C is how a server ends
	}
	return err
}

// engine does for the server what commands do.
type engine struct{ *app }

// defaults are the flags of a scan that was given none.
func defaults() *scanFlags {
	f := &scanFlags{}
	f.register(&cobra.Command{})
	f.output.quiet = true
	return f
}

// Scan implements mcp.Engine.
func (e engine) Scan(ctx context.Context, path string, opt mcp.ScanOptions, told func(texts, bytes int64)) (*report.Document, error) {
	f := defaults()
	f.minProof = cmp.Or(opt.MinProof, f.minProof)
	f.told = func(p scanner.Progress) { told(p.Blobs, p.Bytes) }
	return e.scanned(ctx, f, func() (target, error) {
		if opt.History || opt.Staged {
			return gitTarget(path, gitOptions{staged: opt.Staged})
		}
		t, err := dirTarget([]string{path})
		t.notice = nil // the caller said that it means files
		return t, err
	})
}

// Folders implements mcp.Engine. The repository around path is not meant: it can be a
// folder above all roots.
func (e engine) Folders(path string) ([]string, error) {
	repo, err := gitsource.Open(path, gitsource.Options{NoSubmodules: true})
	if err != nil {
		return nil, err
	}
	defer repo.Close()
	folders, _ := repo.Folders()
	return folders, nil
}

// ExplainLine implements mcp.Engine.
func (e engine) ExplainLine(ctx context.Context, path string, line int) (string, error) {
	return e.worded(func(a *app) error { return a.explainLine(ctx, path, line, "", "") })
}

// ExplainRule implements mcp.Engine.
func (e engine) ExplainRule(id string) (string, error) {
	return e.worded(func(a *app) error { return a.explainRule(id, "") })
}

// worded is what a command writes to its stdout.
func (e engine) worded(run func(*app) error) (string, error) {
	var b bytes.Buffer
	a := *e.app
	a.Out = &b
	err := run(&a)
	return b.String(), err
}

// Rules implements mcp.Engine.
func (e engine) Rules() ([]report.Rule, error) {
	var all []report.Rule
	for _, r := range builtin.Set().Rules() {
		all = append(all, report.RuleOf(r))
	}
	return all, nil
}
