package cli

import (
	"context"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
)

// Audit says what an audit of a cluster makes of what the policy decides: namespaces
// have levels of their own, as they have for who asks to be admitted.
type Audit struct {
	// Labels are a namespace's; nil where it has none, or is not known.
	Labels func(namespace string) map[string]string

	// Standing is what a decision comes to in the finding's namespace. It may change
	// the finding's notes.
	Standing func(f *leak.Finding, d leak.Decision) leak.Decision
}

// apart keeps findings of one value in as many findings as there are namespaces that
// have it, and one in a Secret from one elsewhere: that is what decisions depend on.
func (a *Audit) apart(f *leak.Finding) string {
	p, ok := f.Place.(leak.ObjectField)
	switch {
	case !ok:
		return ""
	case p.Object == "v1/Secret":
		return p.Namespace + "/Secret"
	}
	return p.Namespace
}

func namespaceOf(f *leak.Finding) string {
	p, _ := f.Place.(leak.ObjectField)
	return p.Namespace
}

// byNamespace asks the policy again, namespace by namespace, as an API server does of
// each object, and has the decisions be what they come to there. Those on gaps stand.
func (r *running) byNamespace(ctx context.Context, p *policy.Policy, all policy.Result) (policy.Result, error) {
	groups := map[string][]int{}
	for i, f := range r.doc.Findings {
		groups[namespaceOf(f)] = append(groups[namespaceOf(f)], i)
	}
	worst := leak.Allow
	for namespace, members := range groups {
		c := r.context()
		c.Namespace, c.NamespaceLabels = namespace, r.audit.Labels(namespace)
		findings := make([]*leak.Finding, len(members))
		for i, m := range members {
			findings[i] = r.doc.Findings[m]
		}
		result, err := p.Decide(ctx, c, findings, nil)
		if err != nil {
			return all, err
		}
		if result.Broken != nil {
			all.Broken = result.Broken
		}
		for i, m := range members {
			all.Findings[m] = r.audit.Standing(findings[i], result.Findings[i])
			worst = max(worst, all.Findings[m].Verdict)
		}
	}
	for _, g := range all.Gaps {
		if g.Verdict == leak.Deny {
			worst = leak.Deny
		}
	}
	if all.Broken != nil { // such a policy denies
		worst = leak.Deny
	}
	all.Verdict = worst
	return all, nil
}
