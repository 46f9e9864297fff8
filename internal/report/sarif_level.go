package report

import "github.com/oakum-sec/oakum/leak"

// verdictLevel is a result's level: what stops you is an error.
func verdictLevel(f *leak.Finding) string {
	switch {
	case silenced(f):
		return "note"
	case verdict(f) == leak.Deny:
		return "error"
	case verdict(f) == leak.Warn:
		return "warning"
	}
	return "note"
}

// severityLevel is a rule's level where no policy has spoken.
func severityLevel(s leak.Severity) string {
	return [...]string{"note", "warning", "error", "error"}[s]
}

// securitySeverity puts our words into the middle of the bands that GitHub code
// scanning reads from this property: over 9.0 critical, 7.0 to 8.9 high, 4.0 to
// 6.9 medium, below that low.
func securitySeverity(s leak.Severity) string {
	return [...]string{"2.0", "5.5", "8.0", "9.5"}[s]
}

// precision is GitHub's word for how often a rule is right.
func precision(p leak.Proof) string {
	return [...]string{"low", "medium", "high", "very-high"}[p]
}
