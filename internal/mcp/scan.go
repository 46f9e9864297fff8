package mcp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// ScanArguments are the arguments of the tool scan.
type ScanArguments struct {
	Path     string `json:"path" jsonschema:"file or folder, absolute or from the first root; must be below a root"`
	History  bool   `json:"history,omitempty" jsonschema:"path is a git repository: scan its whole history too"`
	Staged   bool   `json:"staged,omitempty" jsonschema:"path is a git repository: scan what is staged for the next commit"`
	MinProof string `json:"min_proof,omitempty" jsonschema:"only findings of this tier or above: generic, pattern, structural or proven"`
}

// ScanResult is what the tool scan answers.
type ScanResult struct {
	Verdict  string    `json:"verdict" jsonschema:"the worst of the findings: allow, warn or deny"`
	Complete bool      `json:"complete" jsonschema:"false: something could not be looked at, see gaps"`
	Looked   string    `json:"looked" jsonschema:"how much was looked at, in words"`
	Denied   int       `json:"denied"`
	Warned   int       `json:"warned"`
	Allowed  int       `json:"allowed" jsonschema:"suppressed ones included"`
	Findings []Finding `json:"findings" jsonschema:"at most 200, the denied ones first"`
	More     int       `json:"more,omitempty" jsonschema:"how many findings are not listed"`
	Gaps     []Gap     `json:"gaps,omitempty" jsonschema:"what was not looked at, at most 50"`
	Notices  []string  `json:"notices,omitempty" jsonschema:"what the person should know: files that were not obeyed, entries that expired"`
}

// Finding is a credential, without its value.
type Finding struct {
	ID         string   `json:"id" jsonschema:"the fingerprint"`
	Rule       string   `json:"rule"`
	What       string   `json:"what,omitempty" jsonschema:"the rule in words"`
	Place      string   `json:"place"`
	Line       int      `json:"line,omitempty"`
	Column     int      `json:"column,omitempty"`
	Key        string   `json:"key,omitempty" jsonschema:"the name that the value stands under"`
	Severity   string   `json:"severity"`
	Proof      string   `json:"proof" jsonschema:"how it is known: generic, pattern, structural or proven"`
	Confidence float64  `json:"confidence"`
	Verdict    string   `json:"verdict"`
	Reason     string   `json:"reason"`
	Notes      []string `json:"notes,omitempty"`
	Seen       int      `json:"seen" jsonschema:"in how many places"`
}

// Gap is something that was not looked at.
type Gap struct {
	Place string `json:"place,omitempty"`
	Class string `json:"class" jsonschema:"failure: it should have been looked at; boundary: it lies outside by design"`
	Why   string `json:"why"`
}

// What an answer lists at most: a model's context is small, and the numbers tell the
// rest.
const (
	maxFindings = 200
	maxGaps     = 50
)

func (s *Server) scan(ctx context.Context, req *sdk.CallToolRequest, in ScanArguments) (*sdk.CallToolResult, ScanResult, error) {
	if in.History && in.Staged {
		return nil, ScanResult{}, errors.New("history and staged exclude each other")
	}
	if ask := s.asksForRoots(req); ask != nil {
		return ask, ScanResult{}, nil
	}
	path, err := s.below(req, in.Path)
	if err != nil {
		return nil, ScanResult{}, err
	}
	if in.History || in.Staged {
		if err := s.repositoryBelow(req, path); err != nil {
			return nil, ScanResult{}, err
		}
	}
	doc, err := s.Engine.Scan(ctx, path, ScanOptions{History: in.History, Staged: in.Staged, MinProof: in.MinProof}, s.progress(ctx, req))
	if err == nil {
		err = ctx.Err() // what was seen of it until then is nobody's answer
	}
	if err != nil {
		return nil, ScanResult{}, err
	}
	return nil, resultOf(doc), nil
}

// progress tells the client how far a scan is, if it asked for it.
func (s *Server) progress(ctx context.Context, req *sdk.CallToolRequest) func(texts, bytes int64) {
	token := req.Params.GetProgressToken()
	if token == nil {
		return func(int64, int64) {}
	}
	var last atomic.Int64
	return func(texts, bytes int64) {
		if texts <= last.Swap(texts) {
			return // the protocol has it grow
		}
		// A client that does not hear this hears the answer.
		_ = req.Session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{ProgressToken: token, Progress: float64(texts), Message: report.Seen(texts, bytes)})
	}
}

func resultOf(d *report.Document) ScanResult {
	r := ScanResult{
		Verdict: d.Result.Verdict.String(), Complete: d.Result.Complete, Looked: report.Seen(d.Summary.Blobs, d.Summary.Bytes),
		Denied: d.Counts.Denied, Warned: d.Counts.Warned, Allowed: d.Counts.Allowed + d.Counts.Suppressed, Findings: []Finding{},
	}
	for _, verdict := range []leak.Verdict{leak.Deny, leak.Warn, leak.Allow} {
		for _, f := range d.Findings {
			switch {
			case f.Decision == nil || f.Decision.Verdict != verdict || f.Suppressed != nil && verdict == leak.Allow:
			case len(r.Findings) == maxFindings:
				r.More++
			default:
				r.Findings = append(r.Findings, findingOf(d, f))
			}
		}
	}
	for _, g := range d.Gaps[:min(len(d.Gaps), maxGaps)] {
		gap := Gap{Class: g.Class.String(), Why: fmt.Sprint(g.Why)}
		if g.Place != nil {
			gap.Place = report.Escape(g.Place.String())
		}
		r.Gaps = append(r.Gaps, gap)
	}
	for _, n := range d.Notices {
		r.Notices = append(r.Notices, n.Text)
	}
	return r
}

func findingOf(d *report.Document, f *leak.Finding) Finding {
	return Finding{
		ID: f.ID, Rule: f.Rule, What: d.Rule(f.Rule).Description, Place: report.Escape(f.Place.String()), Line: f.Line, Column: f.Column,
		Key: report.Escape(f.Key), Severity: f.Severity.String(), Proof: f.Proof.String(), Confidence: f.Confidence,
		Verdict: f.Decision.Verdict.String(), Reason: f.Decision.Reason, Notes: f.Notes, Seen: f.Seen,
	}
}
