package cli

import (
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
)

// The built-in policy decides what oakum always did. The table is older than the
// policy: it was written for the code whose place the policy has taken.
func TestBuiltinPolicy(t *testing.T) {
	inline := &leak.Suppression{Kind: leak.SuppressInline}
	allowed := &leak.Suppression{Kind: leak.SuppressAllowFile}
	standard := policy.Context{Settings: policy.Settings{Trusted: true}}
	gate := policy.Context{Event: policy.Gate}
	stranger := policy.Context{}
	never := policy.Context{Settings: policy.Settings{Trusted: true, DenyGeneric: "never"}}
	p, err := policy.Load(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		proof leak.Proof
		sev   leak.Severity
		reach leak.Reach
		by    *leak.Suppression
		in    policy.Context
		want  leak.Verdict
		says  string
	}{
		{"pattern on disk", leak.Pattern, leak.Low, leak.Worktree, nil, standard, leak.Deny, "has its issuer's documented form, in the working tree"},
		{"pattern staged", leak.Pattern, leak.Low, leak.Staged, nil, standard, leak.Deny, "has its issuer's documented form, staged"},
		{"structural in history", leak.Structural, leak.Low, leak.Reachable, nil, standard, leak.Deny, "decodes to what its issuer puts there, in the history"},
		{"proven in a stash", leak.Proven, leak.Critical, leak.Stash, nil, standard, leak.Warn, "only in a stash, so it is not pushed"},
		{"proven in a reflog", leak.Proven, leak.Critical, leak.Reflog, nil, standard, leak.Warn, "only a reflog leads to it, so it is not pushed"},
		{"proven, unreachable", leak.Proven, leak.Critical, leak.Unreachable, nil, standard, leak.Warn, "nothing in the repository leads to it, so it is not pushed"},
		{"generic at the threshold", leak.Generic, leak.Medium, leak.Worktree, nil, standard, leak.Deny, "a value that looks random under a telling name, in the working tree"},
		{"generic below it", leak.Generic, leak.Low, leak.Worktree, nil, standard, leak.Warn, "generic, of low severity, in the working tree"},
		{"generic, never", leak.Generic, leak.Critical, leak.Worktree, nil, never, leak.Warn, "generic, of critical severity, in the working tree"},
		{"pattern, generic never", leak.Pattern, leak.Low, leak.Worktree, nil, never, leak.Deny, "has its issuer's documented form, in the working tree"},
		{"inline", leak.Proven, leak.High, leak.Worktree, inline, standard, leak.Allow, "suppressed by inline"},
		{"inline in a gate, proven", leak.Proven, leak.High, leak.Reachable, inline, gate, leak.Deny, "proven, and a comment in the change itself cannot allow it"},
		{"inline in a gate, structural", leak.Structural, leak.High, leak.Reachable, inline, gate, leak.Deny, "structural, and a comment in the change itself cannot allow it"},
		{"inline in a gate, generic", leak.Generic, leak.High, leak.Reachable, inline, gate, leak.Allow, "suppressed by inline"},
		{"inline of a stranger, proven", leak.Proven, leak.High, leak.Worktree, inline, stranger, leak.Deny, "proven, and a comment cannot allow it where nobody has trusted the target"},
		{"inline of a stranger, likely", leak.Pattern, leak.High, leak.Worktree, inline, stranger, leak.Allow, "suppressed by inline"},
		{"allowed in a stranger's target", leak.Proven, leak.High, leak.Worktree, allowed, stranger, leak.Allow, "suppressed by allow-file"},
		{"allowed in a gate, proven", leak.Proven, leak.High, leak.Reachable, allowed, gate, leak.Allow, "suppressed by allow-file"},
	} {
		f := &leak.Finding{Proof: c.proof, Severity: c.sev, Suppressed: c.by, Sighting: leak.Sighting{Reach: c.reach, Place: leak.File{Name: "a"}}}
		got, err := p.Decide(t.Context(), c.in, []*leak.Finding{f}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := (leak.Decision{Verdict: c.want, Reason: c.says}); got.Findings[0] != want {
			t.Errorf("%s: %+v, want %+v", c.name, got.Findings[0], want)
		}
	}
}
