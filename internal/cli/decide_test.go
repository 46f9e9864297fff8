package cli

import (
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

func TestDecide(t *testing.T) {
	inline := &leak.Suppression{Kind: leak.SuppressInline}
	allowed := &leak.Suppression{Kind: leak.SuppressAllowFile}
	standard := policy{genericFrom: denyGenericDefault}
	gate := policy{genericFrom: denyGenericDefault, gate: true}
	stranger := policy{genericFrom: denyGenericDefault, stranger: true}
	never := policy{genericFrom: genericNever}
	for _, c := range []struct {
		name  string
		proof leak.Proof
		sev   leak.Severity
		reach leak.Reach
		by    *leak.Suppression
		p     policy
		want  leak.Verdict
	}{
		{"pattern on disk", leak.Pattern, leak.Low, leak.Worktree, nil, standard, leak.Deny},
		{"pattern staged", leak.Pattern, leak.Low, leak.Staged, nil, standard, leak.Deny},
		{"pattern in history", leak.Pattern, leak.Low, leak.Reachable, nil, standard, leak.Deny},
		{"proven in a stash", leak.Proven, leak.Critical, leak.Stash, nil, standard, leak.Warn},
		{"proven in a reflog", leak.Proven, leak.Critical, leak.Reflog, nil, standard, leak.Warn},
		{"proven, unreachable", leak.Proven, leak.Critical, leak.Unreachable, nil, standard, leak.Warn},
		{"generic at the threshold", leak.Generic, leak.Medium, leak.Worktree, nil, standard, leak.Deny},
		{"generic below it", leak.Generic, leak.Low, leak.Worktree, nil, standard, leak.Warn},
		{"generic, never", leak.Generic, leak.Critical, leak.Worktree, nil, never, leak.Warn},
		{"pattern, generic never", leak.Pattern, leak.Low, leak.Worktree, nil, never, leak.Deny},
		{"inline", leak.Proven, leak.High, leak.Worktree, inline, standard, leak.Allow},
		{"inline in a gate, proven", leak.Proven, leak.High, leak.Reachable, inline, gate, leak.Deny},
		{"inline in a gate, likely", leak.Structural, leak.High, leak.Reachable, inline, gate, leak.Allow},
		{"inline of a stranger, proven", leak.Proven, leak.High, leak.Worktree, inline, stranger, leak.Deny},
		{"inline of a stranger, likely", leak.Pattern, leak.High, leak.Worktree, inline, stranger, leak.Allow},
		{"allowed in a stranger's target", leak.Proven, leak.High, leak.Worktree, allowed, stranger, leak.Allow},
		{"allowed in a gate, proven", leak.Proven, leak.High, leak.Reachable, allowed, gate, leak.Allow},
	} {
		f := &leak.Finding{Proof: c.proof, Severity: c.sev, Suppressed: c.by, Sighting: leak.Sighting{Reach: c.reach}}
		got := decide(f, c.p)
		if got.Verdict != c.want {
			t.Errorf("%s: %v, want %v", c.name, got.Verdict, c.want)
		}
		if got.Reason == "" {
			t.Errorf("%s: no reason", c.name)
		}
	}
}
