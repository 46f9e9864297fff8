package cli

import (
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// policy is what the command line can say about the decision.
type policy struct {
	// genericFrom is the severity from which a generic finding (a name such as
	// "password" beside a random value) denies; see genericNever.
	genericFrom leak.Severity
	gate        bool // judges a change by somebody who may not be trusted
	stranger    bool // judges a target that nobody has trusted here
}

// genericNever is above every severity.
const genericNever = leak.Critical + 1

// decide is oakum's built-in policy:
//
//   - a suppressed finding is allowed; but a comment beside a proven value counts
//     for nothing where it may be a stranger's: in a gate, where it comes with the
//     change, and in a target that nobody has trusted;
//   - what only a stash, a reflog or nothing at all leads to is warned of: it is
//     in this copy of the repository, not in what is pushed;
//   - a finding of tier pattern or above denies;
//   - a generic one denies from genericFrom on, and is warned of below.
func decide(f *leak.Finding, p policy) leak.Decision {
	overruled := commentOverruled(f, p)
	switch {
	case f.Suppressed != nil && !overruled:
		return leak.Decision{Verdict: leak.Allow, Reason: "suppressed by " + f.Suppressed.Kind}
	case overruled && p.gate:
		return leak.Decision{Verdict: leak.Deny, Reason: "proven, and a comment in the change itself cannot allow it"}
	case overruled:
		return leak.Decision{Verdict: leak.Deny, Reason: "proven, and a comment cannot allow it where nobody has trusted the target"}
	case f.Reach >= leak.Stash:
		return leak.Decision{Verdict: leak.Warn, Reason: whereWords(f) + ", so it is not pushed"}
	case f.Proof == leak.Generic && f.Severity < p.genericFrom:
		return leak.Decision{Verdict: leak.Warn, Reason: fmt.Sprintf("generic, of %s severity, %s", f.Severity, whereWords(f))}
	}
	return leak.Decision{Verdict: leak.Deny, Reason: fmt.Sprintf("%s, %s", knownReason(f), whereWords(f))}
}

// commentOverruled tells whether a comment allows f that p does not believe.
func commentOverruled(f *leak.Finding, p policy) bool {
	return (p.gate || p.stranger) && f.Suppressed != nil && f.Suppressed.Kind == leak.SuppressInline && f.Proof == leak.Proven
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

// whereWords is what kind of place the finding is in.
func whereWords(f *leak.Finding) string {
	switch f.Place.(type) {
	case leak.ImageFile, leak.ImageConfig:
		return "in an image"
	case leak.Variable:
		return "in a variable"
	case leak.JobLog:
		return "in a job's log"
	case leak.ObjectField:
		return "in an object"
	}
	return reachWords(f.Reach)
}

func reachWords(r leak.Reach) string {
	switch r {
	case leak.Worktree:
		return "in the working tree"
	case leak.Staged:
		return "staged"
	case leak.Reachable:
		return "in the history"
	case leak.Stash:
		return "only in a stash"
	case leak.Reflog:
		return "only a reflog leads to it"
	}
	return "nothing in the repository leads to it"
}

// parseGenericFrom reads --deny-generic.
func parseGenericFrom(s string) (leak.Severity, error) {
	if s == "never" {
		return genericNever, nil
	}
	var sev leak.Severity
	if err := sev.UnmarshalText([]byte(strings.ToLower(s))); err != nil {
		return 0, fmt.Errorf("--deny-generic: %w, or never", err)
	}
	return sev, nil
}
