package admit

import (
	"cmp"
	"context"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
)

// matter is what a review is about, as the steps of its decision come to know it.
type matter struct {
	request
	new, old   *object
	labels     map[string]string // the namespace's
	modes      Modes
	controlled bool

	findings  []*leak.Finding          // all, those that are allowed too
	via       map[*leak.Finding]string // the field that refers to where a finding is
	charges   []charge
	wrong     []string // in the namespace's labels
	existing  int      // findings that were there before
	unscanned []string // images
	exempted  []string // exemptions by fingerprint that held
}

// charge is a value that was found, and what becomes of it.
type charge struct {
	*leak.Finding
	reason string
	action action
	before bool   // it was in the old object
	also   int    // further places of it
	via    string // the field that refers to it; "": it is in the object itself
	note   string
}

// action is what a finding leads to, the strictest last.
type action uint8

const (
	nothing action = iota
	audited
	warned
	denied
)

var actionWords = []string{"", "audit", "warn", "deny"}

func (a action) String() string { return actionWords[a] }

// staticRules find keys of AWS that hold until somebody deletes them. Where a role can be
// had, none is needed.
var staticRules = []string{"aws-access-key-id", "aws-secret-access-key", "aws-ses-smtp-password", "aws-bedrock-api-key"}

// temporary begins the id of credentials that STS gives, which end by themselves
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
const temporary = "ASIA"

func static(f *leak.Finding) bool {
	return slices.Contains(staticRules, f.Rule) && f.Hint != temporary
}

// tier is the level from which on a finding counts: see Level.
func tier(f *leak.Finding, v leak.Verdict) (Level, bool) {
	switch {
	case v == leak.Allow:
		return Off, false
	case v == leak.Warn:
		return All, true
	case static(f):
		return AWSStatic, true
	}
	return High, true
}

// weigh asks the policy about findings, and makes charges of what it does not allow.
func (a *Admitter) weigh(ctx context.Context, m *matter, findings []*leak.Finding, b *before) error {
	old := map[string]bool{}
	held := make([]bool, len(findings))
	for i, f := range findings {
		if held[i] = b.holds(f, a.tags(f)); held[i] {
			old[f.ID] = true
		}
	}
	result, err := a.opt.Policy.Decide(ctx, a.context(m, old), findings, nil)
	if err != nil {
		return err
	}
	if result.Broken != nil {
		return &brokenPolicy{result.Broken}
	}
	for i, f := range findings {
		level, counts := tier(f, result.Findings[i].Verdict)
		if !counts {
			continue
		}
		c := charge{Finding: f, reason: result.Findings[i].Reason, before: held[i], via: m.via[f]}
		a.measure(m, &c, level)
		m.charges = append(m.charges, c)
	}
	return nil
}

func (a *Admitter) context(m *matter, old map[string]bool) policy.Context {
	return policy.Context{
		Event: policy.Admission, Source: policy.Source{Kind: "k8s"}, User: m.user,
		Namespace: m.namespace, NamespaceLabels: m.labels, Labels: m.new.labels(),
		Operation: m.operation, DryRun: m.dryRun, Old: old, Now: a.opt.Now(),
	}
}

// measure finds what a finding leads to in its namespace. What was there before is not
// denied, and is no news to warn of unless it would be denied.
func (a *Admitter) measure(m *matter, c *charge, level Level) {
	c.action, c.note = a.leads(m.modes, c.Rule, level)
	switch {
	case c.before && c.action == denied:
		c.action, c.note = warned, "it was there before"
	case c.before && c.action == warned:
		c.action = audited
	case m.controlled && c.action == denied:
		c.action, c.note = warned, "copied from a template that was admitted before"
	}
	if c.action != nothing && a.exempted(m, c.ID) {
		c.action = nothing
	}
}

// leads is what a rule's finding leads to by a namespace's modes alone.
func (a *Admitter) leads(modes Modes, rule string, level Level) (to action, note string) {
	counts := func(mode Mode) bool { return level <= mode.Level }
	switch {
	case counts(modes.Enforce):
		to = denied
	case counts(modes.Warn):
		to = warned
	case counts(modes.Audit):
		to = audited
	}
	if to == denied && a.newer(rule, modes.Enforce.Version) {
		to, note = warned, "by a rule newer than "+modes.Enforce.Version
	}
	if to == warned && a.newer(rule, modes.Warn.Version) && note == "" {
		to = audited
	}
	if to == audited && !counts(modes.Audit) {
		to = nothing
	}
	return to, note
}

// gathered are the charges, each value once: what leads to most first, then what is
// surest, then in the object's order. A value that kubectl's annotation repeats is told
// in its field.
func (a *Admitter) gathered(charges []charge) []charge {
	slices.SortStableFunc(charges, func(x, y charge) int {
		return cmp.Or(-cmp.Compare(x.action, y.action), boolCompare(applied(x.Place), applied(y.Place)),
			-cmp.Compare(x.Proof, y.Proof), -cmp.Compare(x.Severity, y.Severity))
	})
	var out []charge
	first := map[string]int{}
	for _, c := range charges {
		tag := c.ID
		if tags := a.tags(c.Finding); len(tags) > 0 {
			tag = tags[0]
		}
		if i, again := first[tag]; again {
			out[i].also++
			continue
		}
		first[tag] = len(out)
		out = append(out, c)
	}
	return out
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// brokenPolicy is a policy that decides nothing: no reason to refuse an object by.
type brokenPolicy struct{ why error }

func (e *brokenPolicy) Error() string { return "the policy is broken: " + e.why.Error() }
func (e *brokenPolicy) Unwrap() error { return e.why }
