package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/triage"
	"github.com/oakum-sec/oakum/internal/trust"
	"github.com/oakum-sec/oakum/leak"
)

// triageFlags say what is gone through, and where decisions are kept.
type triageFlags struct {
	at, decisions, allowFile string
}

func (a *app) triageCommand() *cobra.Command {
	f := triageFlags{}
	c := &cobra.Command{
		Use:   "triage [REPORT | PATH]",
		Short: "Go through findings on a terminal: false positive, fixed, to remediate",
		Long: `Shows findings secret by secret, with the lines around each masked, and keeps what you
say of them. A false positive gets an entry in .oakum-allow, with your reason. You can
leave at any time and go on later: ? on the screen lists the keys.

REPORT is a json report of oakum's; PATH is scanned first (default: the current folder).
Decisions are kept in your state folder, or where --decisions says.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.triage(c.Context(), f, orHere(args)[0]) },
	}
	c.Flags().StringVar(&f.at, "at", "", "begin at the finding with this `ID`")
	c.Flags().StringVar(&f.decisions, "decisions", "", "keep decisions in `FILE`")
	c.Flags().StringVar(&f.allowFile, "allow-file", "", "the allow `FILE` (default: .oakum-allow in the repository's root)")
	return c
}

func (a *app) triage(ctx context.Context, f triageFlags, what string) error {
	if in, ok := a.In.(*os.File); !ok || !isTerminal(in) || !isTerminal(a.Out) || a.env["TERM"] == "dumb" {
		return &exitError{exitFailure, errors.New("triage needs a terminal that can be drawn on; in a script:\n" +
			"oakum scan --format json --output report.json\noakum explain ID --report report.json\noakum allow add ID --reason \"…\"")}
	}
	doc, err := a.triaged(ctx, what)
	if err != nil {
		return err
	}
	d := &triageDesk{app: a, flags: f, doc: doc, base: filepath.FromSlash(baseOf(doc))}
	decisions, err := d.open()
	if err != nil {
		return err
	}
	findings := d.findings(decisions)
	if len(findings) == 0 {
		_, err := fmt.Fprintln(a.Out, "there is nothing to go through: no finding is open")
		return err
	}
	opt := triage.Options{Title: filepath.ToSlash(what), At: f.at, Rules: doc.Rule, Env: a.environ}
	if err := triage.Run(ctx, findings, decisions, d, a.In, a.Out, opt); err != nil {
		return err
	}
	return d.told(decisions, len(findings))
}

// triaged is a report, or a scan.
func (a *app) triaged(ctx context.Context, what string) (*report.Document, error) {
	if info, err := os.Stat(what); err == nil && info.Mode().IsRegular() && filepath.Ext(what) == ".json" {
		file, err := os.Open(what)
		if err != nil {
			return nil, fmt.Errorf("open the report: %w", err)
		}
		defer file.Close()
		if doc, err := report.Read(file); err == nil && doc.Schema == report.Schema {
			return doc, nil
		}
	}
	f := defaults()
	f.output.quiet = false
	return a.scanned(ctx, f, func() (target, error) { return pathTarget([]string{what}, gitOptions{}) })
}

// baseOf is the folder that the document's files are named from.
func baseOf(doc *report.Document) string {
	if len(doc.Targets) == 0 {
		return "."
	}
	return cmp.Or(doc.Targets[0].Base, ".")
}

// findings are those that are open, and those that were decided on before.
func (d *triageDesk) findings(decisions *triage.Decisions) (some []*leak.Finding) {
	decided := map[string]bool{}
	for _, one := range decisions.Decisions {
		decided[one.ID] = true
	}
	for _, f := range d.doc.Findings {
		if f.Suppressed == nil || decided[f.ID] {
			some = append(some, f)
		}
	}
	return some
}

// open reads the decisions that were made before.
func (d *triageDesk) open() (*triage.Decisions, error) {
	target, err := trust.Target(d.base)
	if err != nil {
		return nil, err
	}
	if d.file = d.flags.decisions; d.file == "" {
		dir, err := d.stateDir()
		if err != nil {
			return nil, fmt.Errorf("%w; or name a file with --decisions", err)
		}
		d.file = filepath.Join(dir, "triage", trust.Hash([]byte(target))[:32]+".json")
	}
	data, err := os.ReadFile(d.file)
	if errors.Is(err, fs.ErrNotExist) {
		return triage.NewDecisions(target), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return triage.ParseDecisions(d.file, data)
}

// told says what was decided, and what is next.
func (d *triageDesk) told(decisions *triage.Decisions, all int) error {
	n := map[triage.Choice]int{}
	for _, c := range []triage.Choice{triage.FalsePositive, triage.Fixed, triage.Remediate, triage.Later} {
		n[c] = decisions.Count(c)
	}
	_, err := fmt.Fprintf(d.Out, "of %d findings: %d false positives, %d fixed, %d to remediate, %d skipped\ndecisions are kept in %s\n",
		all, n[triage.FalsePositive], n[triage.Fixed], n[triage.Remediate], n[triage.Later], d.file)
	if err == nil && n[triage.FalsePositive] > 0 {
		_, err = fmt.Fprintf(d.Out, "false positives are in %s: commit it\n", allowFileAt(d.flags.allowFile, d.base))
	}
	return err
}
