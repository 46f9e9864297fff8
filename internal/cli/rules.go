package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/rulebook"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
)

func (a *app) rulesCommand() *cobra.Command {
	c := &cobra.Command{Use: "rules", Short: "List, show and test rules"}
	var config string
	c.PersistentFlags().StringVar(&config, "config", "", "the rules of `FILE` in the place of the built-in ones")
	c.AddCommand(a.rulesListCommand(&config), a.rulesShowCommand(&config), a.rulesImportCommand(), a.rulesTestCommand(), a.rulesEndpointsCommand(&config))
	return c
}

// chosen are the rules that a list shows.
type chosen struct{ provider, tag string }

func (a *app) rulesListCommand(config *string) *cobra.Command {
	var format string
	var only chosen
	c := &cobra.Command{
		Use:   "list",
		Short: "List all rules: id, proof, severity, description, and how many there are",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := configure(word{config: *config})
			if err != nil {
				return err
			}
			some, err := only.of(c.set.Rules())
			if err != nil {
				return err
			}
			return listRules(a.Out, format, some)
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text, json")
	c.Flags().StringVar(&only.provider, "provider", "", "only those of `NAME`, as in docs/rules.md: github, aws")
	c.Flags().StringVar(&only.tag, "tag", "", "only those with the tag `WORD`: cloud, payments, ai")
	return c
}

// of picks; an error tells that nothing is left, which is a misspelt word.
func (c chosen) of(all []*rules.Rule) ([]*rules.Rule, error) {
	var some []*rules.Rule
	for _, r := range all {
		if (c.provider == "" || r.Provider() == c.provider) && (c.tag == "" || slices.Contains(r.Tags, c.tag)) {
			some = append(some, r)
		}
	}
	switch {
	case len(some) > 0 || len(all) == 0:
		return some, nil
	case c.tag == "":
		return nil, fmt.Errorf("no rule is of the provider %q: `oakum rules list` shows all", c.provider)
	case c.provider == "":
		return nil, fmt.Errorf("no rule has the tag %q: `oakum rules list --format json` shows them", c.tag)
	}
	return nil, fmt.Errorf("no rule is of the provider %q and has the tag %q", c.provider, c.tag)
}

// listedRule is a rule of the list as JSON.
type listedRule struct {
	report.Rule
	Provider string `json:"provider,omitempty"`
	Verified string `json:"verified_by,omitempty"` // the host that a live check asks
}

func listRules(w io.Writer, format string, all []*rules.Rule) error {
	counts := rulebook.Count(all)
	switch format {
	case "json":
		list := make([]listedRule, len(all))
		for i, r := range all {
			list[i] = listedRule{Rule: report.RuleOf(r), Provider: r.Provider()}
			if r.Verify != nil {
				list[i].Verified = r.Verify.Host()
			}
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			Counts rulebook.Counts `json:"counts"`
			Rules  []listedRule    `json:"rules"`
		}{counts, list})
	case "text":
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, r := range all {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", report.Escape(r.ID), r.Proof, r.Severity, report.Escape(r.Description))
		}
		if err := t.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "\n%s\n", howMany(counts))
		return err
	}
	return fmt.Errorf("--format: unknown format %q: use text or json", format)
}

// howMany is the line that closes the list.
func howMany(c rulebook.Counts) string {
	var tiers []string
	for _, p := range rulebook.Tiers {
		if n := c.Proof[p.String()]; n > 0 {
			tiers = append(tiers, fmt.Sprintf("%d %s", n, p))
		}
	}
	things := "rules"
	if c.Rules == 1 {
		things = "rule"
	}
	text := fmt.Sprintf("%d %s: %s", c.Rules, things, strings.Join(tiers, ", "))
	if c.Verified > 0 {
		text += fmt.Sprintf("; %d with a live check", c.Verified)
	}
	return text
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
	if id == scanner.KnownRule { // no set has it
		return scanner.AsRule(), nil
	}
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

// showRule prints the card of a rule, each line's name in a column of its own.
func showRule(w io.Writer, r *rules.Rule, lane string) error {
	card, err := rulebook.Card(r, lane)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s\n\n", report.Escape(r.ID))
	for _, l := range card {
		fmt.Fprintf(t, "%s\t%s\n", l.Name, report.Escape(l.Text))
	}
	return t.Flush()
}
