package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
)

// decide has the policy decide on each finding and each gap. It tells of the whole
// whether all that counts was looked at.
func (r *running) decide(ctx context.Context) error {
	d := r.doc
	p := r.policy
	if p == nil {
		var err error
		if p, err = policy.Load(policy.Options{}); err != nil {
			return err
		}
	}
	// What was found until Ctrl-C is decided on, and told.
	result, err := p.Decide(context.WithoutCancel(ctx), r.context(), d.Findings, d.Gaps)
	if err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	if r.audit != nil {
		if result, err = r.byNamespace(context.WithoutCancel(ctx), p, result); err != nil {
			return fmt.Errorf("decide: %w", err)
		}
	}
	for i, f := range d.Findings {
		f.Decision = &result.Findings[i]
		d.Counts.Add(f)
	}
	d.Result.Verdict = result.Verdict
	d.Result.Complete = r.complete(result.Gaps)
	if b := result.Broken; b != nil && !r.tells(report.NoticePolicy) {
		d.Notices = append(d.Notices, *brokenNotice(b, ""))
	}
	return nil
}

// context is what the policy is told beside findings and gaps.
func (r *running) context() policy.Context {
	c, t := r.about, r.target.info
	c.Now = r.options.Now // of a day's reports all agree
	c.Source = policy.Source{Kind: t.Kind, Name: t.Path, Part: t.Part}
	if c.Branch == "" {
		c.Branch = t.Branch
	}
	c.Settings.RequireComplete = r.requireComplete
	return c
}

// complete tells whether all that counts was looked at. A gap that the policy
// judges otherwise than its class does carries the decision. Of gaps that are not
// listed any more there are only numbers.
func (r *running) complete(decisions []leak.Decision) bool {
	failures, boundaries := r.doc.Summary.Failures, r.doc.Summary.Boundaries
	complete := true
	for i, g := range r.doc.Gaps {
		usual := leak.Warn
		if g.Class == leak.Failure {
			failures--
		} else {
			boundaries--
			if !r.requireComplete {
				usual = leak.Allow
			}
		}
		if decisions[i].Verdict != usual {
			g.Decision = &decisions[i]
		}
		complete = complete && decisions[i].Verdict == leak.Allow
	}
	return complete && failures <= 0 && (boundaries <= 0 || !r.requireComplete)
}

// tells tells whether there is a notice of the kind already.
func (r *running) tells(code string) bool {
	for _, n := range r.config.notices {
		if n.Code == code {
			return true
		}
	}
	return false
}

// commentOverruled tells whether a comment beside f was not believed.
func commentOverruled(f *leak.Finding) bool {
	return f.Suppressed != nil && f.Suppressed.Kind == leak.SuppressInline && f.Decision != nil && f.Decision.Verdict == leak.Deny
}

func proofWords(p leak.Proof) string {
	switch p {
	case leak.Proven:
		return "proven by its checksum or by parsing it"
	case leak.Structural:
		return "decodes to what its issuer puts there"
	case leak.Pattern:
		return "has its issuer's documented form"
	}
	return "a value that looks random under a telling name"
}

// parseDenyGeneric reads --deny-generic.
func parseDenyGeneric(s string) (string, error) {
	if s == "never" {
		return s, nil
	}
	var sev leak.Severity
	if err := sev.UnmarshalText([]byte(strings.ToLower(s))); err != nil {
		return "", fmt.Errorf("--deny-generic: %w, or never", err)
	}
	return sev.String(), nil
}
