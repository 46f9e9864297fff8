package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/rules/rulefile"
)

func (a *app) rulesImportCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Tell what of a Betterleaks configuration oakum can use, and make a rule file of it",
		Long: `Reads Betterleaks' TOML (version 1 or 2; a file of gitleaks needs no import). Rules,
keywords, required rules and filters that are entropies or lists of patterns map;
other filter expressions and live checks are named, each where it stands, and left
out. --output writes the rule file that --config then takes.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			content, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("import: %w", err)
			}
			im, err := rulefile.Import(args[0], content)
			if err != nil {
				return err
			}
			return a.tellImported(im, output)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "write the rule file to `FILE`")
	return c
}

func (a *app) tellImported(im *rulefile.Imported, output string) error {
	for _, m := range im.Left {
		fmt.Fprintln(a.Out, report.Escape(m.Error()))
	}
	if output != "" {
		if err := writeWhole(output, im.TOML, 0o644); err != nil {
			return fmt.Errorf("write rules: %w", err)
		}
		if _, err := configure(word{config: output}); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.Out, "%d rules map, %d parts were left out\n", im.Rules, len(im.Left))
	if err == nil && output == "" {
		a.say("write them with --output FILE, and use it with --config FILE")
	}
	return err
}
