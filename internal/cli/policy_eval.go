package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
)

// policyEvalFlags say what is decided, and how it is told.
type policyEvalFlags struct {
	policy      string
	context     []string
	denyGeneric string
	format      string
	explain     bool
}

func (a *app) policyEvalCommand() *cobra.Command {
	f := &policyEvalFlags{}
	c := &cobra.Command{
		Use:   "eval [FILE]",
		Short: "Decide about a stored report, or an input document, with a policy",
		Long: `Reads a report (oakum scan --format json) or an input document (oakum policy show
input) from FILE or stdin and tells what the policy decides. --context says what a
report does not know, as in --context event=gate --context branch=main.

Exit codes: 0 nothing is denied · 1 something is · 2 usage or failure · 3 nothing is
denied, but not all was looked at.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.policyEval(c.Context(), f, args) },
	}
	c.Flags().StringVar(&f.policy, "policy", "", "the policy in `DIR` (or a bundle .tar.gz, or a .rego file); without it oakum's own")
	c.Flags().StringArrayVar(&f.context, "context", nil, "set `KEY=VALUE` of input.context, for a report; may be repeated")
	c.Flags().StringVar(&f.denyGeneric, "deny-generic", policy.DenyGenericDefault.String(), "`SEVERITY` from which a generic finding denies: low, medium, high, critical, never")
	c.Flags().StringVarP(&f.format, "format", "f", "text", "`FORMAT`: text, json")
	c.Flags().BoolVar(&f.explain, "explain", false, "tell which rules, in which lines, led to each decision")
	return c
}

func (a *app) policyEval(ctx context.Context, f *policyEvalFlags, args []string) error {
	if err := checkFormat(f.format); err != nil {
		return err
	}
	c, err := f.toContext()
	if err != nil {
		return err
	}
	opt := policy.Options{}
	if f.policy != "" {
		if opt, err = policy.Read(f.policy); err != nil {
			return err
		}
	}
	opt.Explain, opt.Print = f.explain, a.Err
	p, err := policy.Load(opt)
	if _, broken := errors.AsType[*policy.BrokenError](err); err != nil && !broken {
		return err
	}
	content, err := a.evalInput(args)
	if err != nil {
		return err
	}
	decided, result, err := evalContent(ctx, p, c, content)
	if err != nil {
		return err
	}
	if result.Broken != nil {
		a.say("%s", result.Broken)
	}
	if err := a.tellDecided(f, decided); err != nil {
		return err
	}
	return evalExit(result)
}

// toContext is what the flags say beside findings.
func (f *policyEvalFlags) toContext() (c policy.Context, err error) {
	if c.Settings.DenyGeneric, err = parseDenyGeneric(f.denyGeneric); err != nil {
		return c, err
	}
	for _, item := range f.context {
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return c, fmt.Errorf("--context: %q is not KEY=VALUE, as in branch=main", item)
		}
		if err := c.Set(name, value); err != nil {
			return c, fmt.Errorf("--context: %w", err)
		}
	}
	return c, nil
}

func (a *app) evalInput(args []string) ([]byte, error) {
	if len(args) == 0 || args[0] == "-" {
		return io.ReadAll(a.In)
	}
	content, err := os.ReadFile(args[0])
	if err != nil {
		return nil, fmt.Errorf("policy eval: %w", err)
	}
	return content, nil
}

// decidedOn is one finding or gap with its decision.
type decidedOn struct {
	ID      string        `json:"id,omitempty"`
	Rule    string        `json:"rule,omitempty"`
	Gap     string        `json:"gap,omitempty"`
	Place   string        `json:"place,omitempty"`
	Verdict leak.Verdict  `json:"verdict"`
	Reason  string        `json:"reason"`
	Held    []policy.Rule `json:"rules,omitempty"`
}

// evalContent decides about a report or a document.
func evalContent(ctx context.Context, p *policy.Policy, c policy.Context, content []byte) ([]decidedOn, policy.Result, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(content, &head); err != nil {
		return nil, policy.Result{}, fmt.Errorf("policy eval: it is neither a report nor an input document: %w", err)
	}
	if head.Schema == "" {
		return evalDocument(ctx, p, content)
	}
	d, err := report.Read(bytes.NewReader(content))
	if err != nil {
		return nil, policy.Result{}, err
	}
	if len(d.Targets) > 0 {
		t := d.Targets[0]
		c.Source = policy.Source{Kind: t.Kind, Name: t.Path, Part: t.Part}
		if c.Branch == "" {
			c.Branch = t.Branch
		}
	}
	r, err := p.Decide(ctx, c, d.Findings, d.Gaps)
	if err != nil {
		return nil, r, err
	}
	var all []decidedOn
	for i, f := range d.Findings {
		place := f.Place.String()
		if f.Line > 0 {
			place += fmt.Sprintf(":%d", f.Line)
		}
		all = append(all, decidedOn{f.ID, f.Rule, "", place, r.Findings[i].Verdict, r.Findings[i].Reason, heldAt(r, i)})
	}
	for i, g := range d.Gaps {
		place := ""
		if g.Place != nil {
			place = g.Place.String()
		}
		all = append(all, decidedOn{"", "", g.Code, place, r.Gaps[i].Verdict, r.Gaps[i].Reason, heldAt(r, len(d.Findings)+i)})
	}
	return all, r, nil
}

func heldAt(r policy.Result, i int) []policy.Rule {
	if i < len(r.Held) {
		return r.Held[i]
	}
	return nil
}

func evalDocument(ctx context.Context, p *policy.Policy, content []byte) ([]decidedOn, policy.Result, error) {
	var doc policy.Document
	if err := json.Unmarshal(content, &doc); err != nil {
		return nil, policy.Result{}, fmt.Errorf("policy eval: %w", err)
	}
	r, err := p.DecideDocument(ctx, doc)
	if err != nil {
		return nil, r, fmt.Errorf("policy eval: %w", err)
	}
	d := decidedOn{Verdict: r.Findings[0].Verdict, Reason: r.Findings[0].Reason, Held: heldAt(r, 0)}
	about := doc.Finding
	if doc.Gap != nil {
		about = doc.Gap
		d.Gap, _ = doc.Gap["code"].(string)
		r.Gaps, r.Findings = r.Findings, nil
	}
	d.ID, _ = about["id"].(string)
	d.Rule, _ = about["rule"].(string)
	if place, ok := about["place"].(map[string]any); ok {
		d.Place, _ = place["text"].(string)
	}
	return []decidedOn{d}, r, nil
}

func (a *app) tellDecided(f *policyEvalFlags, all []decidedOn) error {
	if f.format == "json" {
		enc := json.NewEncoder(a.Out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(all)
	}
	for _, d := range all {
		what := d.Rule
		if d.Gap != "" {
			what = "not looked at: " + d.Gap
		}
		words := []string{fmt.Sprintf("%-5s", d.Verdict)}
		for _, w := range []string{d.Place, what, d.Reason} {
			if w != "" {
				words = append(words, w)
			}
		}
		fmt.Fprintln(a.Out, report.Escape(strings.Join(words, "  ")))
		for _, rule := range d.Held {
			fmt.Fprintln(a.Out, report.Escape("       "+rule.String()))
		}
	}
	return nil
}

// evalExit is the exit code that a scan would have.
func evalExit(r policy.Result) error {
	if r.Verdict == leak.Deny {
		return &exitError{code: exitDenied}
	}
	for _, g := range r.Gaps {
		if g.Verdict == leak.Warn {
			return &exitError{code: exitIncomplete}
		}
	}
	return nil
}
