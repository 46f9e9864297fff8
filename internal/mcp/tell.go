package mcp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/oakum-sec/oakum/internal/report"
)

// ExplainArguments are the arguments of the tool explain.
type ExplainArguments struct {
	Path string `json:"path,omitempty" jsonschema:"the file; must be below a root"`
	Line int    `json:"line,omitempty" jsonschema:"the line in it, from 1"`
	Rule string `json:"rule,omitempty" jsonschema:"the id of a rule, in the place of path and line"`
}

// ExplainResult is what the tool explain answers.
type ExplainResult struct {
	Text string `json:"text"`
}

func (s *Server) explain(ctx context.Context, req *sdk.CallToolRequest, in ExplainArguments) (*sdk.CallToolResult, ExplainResult, error) {
	var r ExplainResult
	var err error
	if ask := s.asksForRoots(req); ask != nil && in.Path != "" {
		return ask, r, nil
	}
	switch {
	case in.Rule != "" && in.Path == "":
		r.Text, err = s.Engine.ExplainRule(in.Rule)
	case in.Rule == "" && in.Path != "" && in.Line > 0:
		var path string
		if path, err = s.below(req, in.Path); err == nil {
			r.Text, err = s.Engine.ExplainLine(ctx, path, in.Line)
		}
	default:
		err = errors.New("give path and line, or rule")
	}
	return nil, r, err
}

// RulesListArguments are the arguments of the tool rules_list.
type RulesListArguments struct {
	Query string `json:"query,omitempty" jsonschema:"a word in the id, the description or a tag; none: all rules"`
}

// RulesListResult is what the tool rules_list answers.
type RulesListResult struct {
	Count int    `json:"count"`
	Rules []Rule `json:"rules"`
}

// Rule is one line of a list.
type Rule struct {
	ID       string `json:"id"`
	What     string `json:"what"`
	Severity string `json:"severity"`
	Proof    string `json:"proof"`
}

func (s *Server) rulesList(_ context.Context, _ *sdk.CallToolRequest, in RulesListArguments) (*sdk.CallToolResult, RulesListResult, error) {
	all, err := s.Engine.Rules()
	r := RulesListResult{Rules: []Rule{}}
	word := strings.ToLower(in.Query)
	for _, rule := range all {
		text := strings.ToLower(rule.ID + "\n" + rule.Description + "\n" + strings.Join(rule.Tags, "\n"))
		if strings.Contains(text, word) {
			r.Rules = append(r.Rules, Rule{rule.ID, rule.Description, rule.Severity.String(), rule.Proof.String()})
		}
	}
	r.Count = len(r.Rules)
	return nil, r, err
}

// RulesShowArguments are the arguments of the tool rules_show.
type RulesShowArguments struct {
	ID string `json:"id" jsonschema:"the rule's id"`
}

// RulesShowResult is what the tool rules_show answers.
type RulesShowResult struct {
	Rule
	About     string   `json:"about,omitempty"`
	Rotate    string   `json:"rotate,omitempty" jsonschema:"how to replace such a credential"`
	RotateURL string   `json:"rotate_url,omitempty"`
	Source    string   `json:"source,omitempty" jsonschema:"where the format is documented"`
	Tags      []string `json:"tags,omitempty"`
}

func (s *Server) rulesShow(_ context.Context, _ *sdk.CallToolRequest, in RulesShowArguments) (*sdk.CallToolResult, RulesShowResult, error) {
	all, err := s.Engine.Rules()
	if err != nil {
		return nil, RulesShowResult{}, err
	}
	for _, r := range all {
		if r.ID == in.ID {
			return nil, shown(r), nil
		}
	}
	return nil, RulesShowResult{}, fmt.Errorf("there is no rule %q: rules_list has their ids", report.Escape(in.ID))
}

func shown(r report.Rule) RulesShowResult {
	return RulesShowResult{Rule: Rule{r.ID, r.Description, r.Severity.String(), r.Proof.String()},
		About: r.Doc, Rotate: r.Rotate, RotateURL: r.RotateURL, Source: r.Source, Tags: r.Tags}
}
