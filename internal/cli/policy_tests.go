package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/policy"
)

// policyTestFlags are for the tests of a policy.
type policyTestFlags struct {
	run      string
	format   string
	timeout  time.Duration
	coverage bool
	verbose  bool
}

func (a *app) policyTestCommand() *cobra.Command {
	f := &policyTestFlags{}
	c := &cobra.Command{
		Use:   "test [DIR | BUNDLE | FILE]",
		Short: "Run a policy's tests: its rules that begin with test_",
		Long: `Compiles the policy as a scan does (a field that the input does not have is an error)
and runs its tests with OPA's test runner. Without a name the policy is the current
folder. Exit codes: 0 all hold · 1 one does not, or the policy is broken · 2 usage.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkFormat(f.format); err != nil {
				return err
			}
			opt, err := policy.Read(orHere(args)[0])
			if err != nil {
				return err
			}
			results, uncovered, err := policy.Test(c.Context(), opt, policy.TestOptions{Run: f.run, Timeout: f.timeout})
			if broken, ok := errors.AsType[*policy.BrokenError](err); ok {
				return a.tellBroken(broken)
			}
			if err != nil {
				return err
			}
			// That it can be used is a part of the test, as is that it decides something.
			if _, err := policy.Load(opt); err != nil {
				if broken, ok := errors.AsType[*policy.BrokenError](err); ok {
					return a.tellBroken(broken)
				}
				return err
			}
			if f.format == "json" {
				return a.policyTestJSON(results, uncovered)
			}
			return a.policyTestText(f, results, uncovered)
		},
	}
	c.Flags().StringVar(&f.run, "run", "", "only tests whose name (package and rule) matches `REGEXP`")
	c.Flags().StringVarP(&f.format, "format", "f", "text", "`FORMAT`: text, json")
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "stop a test after this `TIME` (default: 5s)")
	c.Flags().BoolVar(&f.coverage, "coverage", false, "tell which lines no test came by")
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "tell of every test")
	return c
}

// tellBroken lists what is wrong, a line each.
func (a *app) tellBroken(b *policy.BrokenError) error {
	for _, p := range b.Problems {
		fmt.Fprintln(a.Out, report.Escape(p))
	}
	return &exitError{exitDenied, fmt.Errorf("the policy %s is broken: with it every finding is denied", b.Name)}
}

func (a *app) policyTestText(f *policyTestFlags, results []policy.TestResult, uncovered []policy.Uncovered) error {
	counts := map[string]int{}
	for _, r := range results {
		word := testWord(r)
		counts[word]++
		if word != "ok" || f.verbose {
			a.policyTestLine(word, r)
		}
	}
	if f.coverage {
		for _, u := range uncovered {
			line := fmt.Sprintf("%s  %.0f %% of its lines", u.File, u.Percent)
			if len(u.Lines) > 0 {
				line += "; no test came by " + u.String()
			}
			fmt.Fprintln(a.Out, report.Escape(line))
		}
	}
	if len(results) == 0 {
		fmt.Fprintln(a.Out, "no tests: a rule that begins with test_ is one")
		return &exitError{code: exitDenied}
	}
	line := fmt.Sprintf("%d passed", counts["ok"])
	for _, word := range []string{"FAIL", "ERROR", "todo"} {
		if counts[word] > 0 {
			line += fmt.Sprintf(", %d %s", counts[word], map[string]string{"FAIL": "failed", "ERROR": "broken", "todo": "left out"}[word])
		}
	}
	fmt.Fprintln(a.Out, line)
	if counts["FAIL"]+counts["ERROR"] > 0 {
		return &exitError{code: exitDenied}
	}
	return nil
}

func testWord(r policy.TestResult) string {
	switch {
	case r.Skipped:
		return "todo"
	case r.Err != nil:
		return "ERROR"
	case r.Failed:
		return "FAIL"
	}
	return "ok"
}

func (a *app) policyTestLine(word string, r policy.TestResult) {
	line := fmt.Sprintf("%-5s %s:%d  %s", word, r.File, r.Line, r.Name)
	if r.Err != nil {
		line += "  " + r.Err.Error()
	}
	fmt.Fprintln(a.Out, report.Escape(line))
	if r.Failed && r.Expr != "" {
		fmt.Fprintln(a.Out, report.Escape(fmt.Sprintf("      line %d does not hold: %s", r.At, r.Expr)))
	}
	if r.Output != "" {
		fmt.Fprintln(a.Out, "      print: "+report.EscapeText(r.Output))
	}
}

// policyTestJSON is the tests for programs.
func (a *app) policyTestJSON(results []policy.TestResult, uncovered []policy.Uncovered) error {
	type test struct {
		Package string `json:"package"`
		Name    string `json:"name"`
		File    string `json:"file"`
		Line    int    `json:"line"`
		Result  string `json:"result"`
		Error   string `json:"error,omitempty"`
		Output  string `json:"output,omitempty"`
	}
	all, bad := []test{}, len(results) == 0
	for _, r := range results {
		t := test{r.Package, r.Name, r.File, r.Line, map[string]string{"ok": "pass", "FAIL": "fail", "ERROR": "error", "todo": "skip"}[testWord(r)], "", r.Output}
		if r.Err != nil {
			t.Error = r.Err.Error()
		}
		bad = bad || r.Failed || r.Err != nil
		all = append(all, t)
	}
	coverage := map[string]float64{}
	for _, u := range uncovered {
		coverage[u.File] = u.Percent
	}
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	if err := enc.Encode(map[string]any{"tests": all, "coverage": coverage}); err != nil {
		return err
	}
	if bad {
		return &exitError{code: exitDenied}
	}
	return nil
}
