package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
)

func (a *app) baselineCommand() *cobra.Command {
	var file, config string
	c := &cobra.Command{
		Use:   "baseline [PATH] --output FILE",
		Short: "Write down what is there today, so that only new findings count",
		Long: `Scans PATH as oakum scan does and writes the fingerprints of what it finds, a line
each, without values. oakum scan --baseline FILE then suppresses those.`,
		RunE: func(c *cobra.Command, args []string) error {
			t, err := pathTarget(args, gitOptions{})
			if err != nil {
				return err
			}
			conf, err := a.configureFor(t, &scanFlags{config: config}, time.Now())
			if err != nil {
				return err
			}
			doc, err := a.run(c.Context(), job{target: t, config: conf, about: a.judging(t, policy.Context{})})
			if err != nil {
				return err
			}
			a.notes(doc.Notices)
			return a.writeBaseline(doc, file)
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "", "write it to `FILE` (default: stdout)")
	c.Flags().StringVar(&config, "config", "", "rules and allowlists from `FILE`")
	return c
}

// writeBaseline lists the findings that count. What was not looked at cannot be
// in it, and says so with the exit code.
func (a *app) writeBaseline(d *report.Document, file string) error {
	var count []*leak.Finding
	for _, f := range d.Findings {
		if f.Suppressed == nil || f.Decision.Verdict == leak.Deny {
			count = append(count, f)
		}
	}
	content, err := allow.NewBaseline(count).Bytes()
	if err != nil {
		return err
	}
	if file == "" {
		_, err = a.Out.Write(content)
	} else if err = writeWhole(file, content, 0o644); err == nil {
		_, err = fmt.Fprintf(a.Out, "%d findings in %s\n", len(count), file)
	}
	if err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	if !d.Result.Complete {
		return &exitError{exitIncomplete, errors.New("not all was looked at: the baseline may lack findings; `oakum scan` lists what is in the way")}
	}
	return nil
}
