package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

func (a *app) explainCommand() *cobra.Command {
	var config, as string
	var files []string
	c := &cobra.Command{
		Use:   "explain RULE | FINGERPRINT --report FILE | FILE:LINE",
		Short: "Say what a finding means and what to do about it, or why a line is reported or not",
		Long: `Of a rule or a finding, says what it means and what to do about it.

Of a line, given as FILE:LINE (a column may follow, as in reports; - is standard
input), says for each value that could be a credential why it is reported or why
not, and what speaks for and against it. It shows no value.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if name, line, ok := explainable(args[0]); ok {
				return a.explainLine(c.Context(), name, line, as, config)
			}
			if allow.CheckFingerprint(args[0]) != nil {
				return a.explainRule(args[0], config)
			}
			if len(files) == 0 {
				return fmt.Errorf("a fingerprint alone tells nothing of its finding: write a report with `oakum scan --format json --output report.json` and add --report report.json")
			}
			return a.explainFinding(args[0], files)
		},
	}
	c.Flags().StringArrayVar(&files, "report", nil, "the json report `FILE` that has the finding; of several, all its places are told")
	c.Flags().StringVar(&as, "as", "", "explain a line as if its file had this `PATH`: the kind of file counts")
	c.Flags().StringVar(&config, "config", "", "look for the rule in `FILE`")
	return c
}

func (a *app) explainRule(id, config string) error {
	c, err := configure(word{config: config})
	if err != nil {
		return err
	}
	r, err := ruleByID(c.set, id)
	if err != nil {
		return err
	}
	return explain(a.Out, report.RuleOf(r), "")
}

func (a *app) explainFinding(id string, files []string) error {
	d, _, err := readReports(files)
	if err != nil {
		return err
	}
	for _, found := range d.Findings {
		if found.ID == id {
			one := &report.Document{Rules: d.Rules, Targets: d.Targets, Findings: []*leak.Finding{found}}
			if err := report.WriteFindings(a.Out, one, report.Options{Color: a.wantsColor(a.Out, false), ShowSuppressed: true, AllPlaces: true}); err != nil {
				return err
			}
			return explain(a.Out, d.Rule(found.Rule), found.ID)
		}
	}
	return fmt.Errorf("%s has no finding %s", strings.Join(files, ", "), id)
}

// severityMeans is leak.Severity's own wording, for the reader of a finding.
var severityMeans = map[leak.Severity]string{
	leak.Low:      "little by itself: an identifier, or an expired or encrypted credential",
	leak.Medium:   "one service, and there not everything",
	leak.High:     "a whole account of a service, or other people's data",
	leak.Critical: "an organization, its infrastructure or its money",
}

// explain says what to do, in the order in which it is to be done.
func explain(w io.Writer, r report.Rule, id string) error {
	var b strings.Builder
	paragraph := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n\n", args...) }
	paragraph("%s (%s)", report.Escape(r.Description), report.Escape(r.ID))
	if r.Doc != "" {
		paragraph("%s", report.Escape(r.Doc))
	}
	paragraph("Who holds it reaches %s.\nHow it is known: %s.", severityMeans[r.Severity], knownAs(r))
	rotate := strings.TrimSpace(r.Rotate + " " + r.RotateURL)
	if rotate == "" {
		rotate = "Revoke it where it was issued, and issue a new one."
	}
	paragraph("1. Rotate it first; whoever has a copy of the repository has it already.\n   %s", report.Escape(rotate))
	paragraph("2. Let the program read the new value from its environment or a secret store.")
	paragraph("3. Then take the old one out of the file. Rewriting history can follow; it replaces no rotation.")
	if id == "" {
		id = "FINGERPRINT"
	}
	paragraph("If it is no credential, or is meant to be public, say so with its reason:\n   oakum allow add %s --reason \"…\"", id)
	if r.Source != "" {
		paragraph("Its format is documented at %s", report.Escape(r.Source))
	}
	_, err := io.WriteString(w, strings.TrimSuffix(b.String(), "\n"))
	return err
}
