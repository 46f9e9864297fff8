package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
)

func (a *app) rulesCommand() *cobra.Command {
	c := &cobra.Command{Use: "rules", Short: "List, show and test rules"}
	var config string
	c.PersistentFlags().StringVar(&config, "config", "", "the rules of `FILE` in the place of the built-in ones")
	c.AddCommand(a.rulesListCommand(&config), a.rulesShowCommand(&config), a.rulesTestCommand())
	return c
}

func (a *app) rulesListCommand(config *string) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "list",
		Short: "List all rules: id, proof, severity, description",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := configure(word{config: *config})
			if err != nil {
				return err
			}
			return listRules(a.Out, format, c.set.Rules())
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text, json")
	return c
}

func listRules(w io.Writer, format string, all []*rules.Rule) error {
	switch format {
	case "json":
		list := make([]report.Rule, len(all))
		for i, r := range all {
			list[i] = report.RuleOf(r)
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	case "text":
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, r := range all {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", report.Escape(r.ID), r.Proof, r.Severity, report.Escape(r.Description))
		}
		return t.Flush()
	}
	return fmt.Errorf("--format: unknown format %q: use text or json", format)
}

func (a *app) rulesShowCommand(config *string) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show all that is known of one rule, with an example made up on the spot",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := configure(word{config: *config})
			if err != nil {
				return err
			}
			r, err := ruleByID(c.set, args[0])
			if err != nil {
				return err
			}
			return showRule(a.Out, r, c.set.Lane(r.ID))
		},
	}
}

// ruleByID finds a rule; its error names what is near.
func ruleByID(set *rules.Set, id string) (*rules.Rule, error) {
	var near []string
	for _, r := range set.Rules() {
		if r.ID == id {
			return r, nil
		}
		if strings.Contains(r.ID, id) {
			near = append(near, r.ID)
		}
	}
	if len(near) > 0 {
		return nil, fmt.Errorf("no rule has the id %q; these are near: %s", id, strings.Join(near[:min(len(near), 5)], ", "))
	}
	return nil, fmt.Errorf("no rule has the id %q: `oakum rules list` shows them", id)
}

// exampleSeed makes the example that `rules show` prints. It is a made-up value
// of the right form; the label beside it says so.
const exampleSeed = 1

func showRule(w io.Writer, r *rules.Rule, lane string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, report.Escape(value))
		}
	}
	row("id", r.ID)
	row("finds", r.Description)
	row("what it is", r.Doc)
	row("proof", r.Proof.String()+proofBy(r))
	row("severity", r.Severity.String())
	row("lane", lane)
	row("keywords", strings.Join(r.Keywords, ", "))
	row("pattern", patternOf(r))
	row("path", r.Path)
	row("rotate", strings.TrimSpace(r.Rotate+" "+r.RotateURL))
	row("source", r.Source)
	row("tags", strings.Join(r.Tags, ", "))
	row("defined in", fmt.Sprintf("%s:%d", r.File, r.Line))
	if len(r.Want) > 0 {
		example, err := leaktest.Render(exampleSeed, r.Want[0])
		if err != nil {
			return fmt.Errorf("rule %s: %w", r.ID, err)
		}
		row("made-up example", strings.TrimSpace(example))
	}
	return t.Flush()
}

func proofBy(r *rules.Rule) string {
	switch {
	case r.Checksum != nil:
		return " (" + r.Checksum.Algo + " checksum)"
	case r.Parse != "":
		return " (parsed as " + r.Parse + ")"
	}
	return ""
}

func patternOf(r *rules.Rule) string {
	if r.Matcher != "" {
		return "the " + r.Matcher + " matcher"
	}
	return r.Regex
}
