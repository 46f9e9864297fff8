package rules

import (
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/assign"
)

// confidence is how probable it is that a match of a tier is a credential, where
// the match itself says no more. The numbers are the shares of right ones among the
// findings that docs/quality.md looked at, a hundredth below where none was wrong:
// 103 of 103 proven, 57 of 57 structural, 79 of 82 of a pattern. A generic rule that
// is no matcher of ours has only its author's word.
func confidence(p leak.Proof) float64 {
	switch p {
	case leak.Proven:
		return 0.99
	case leak.Structural:
		return 0.98
	case leak.Pattern:
		return 0.95
	}
	return 0.7
}

// Reason says an answer of Judge in a sentence.
func Reason(why string) string {
	switch why {
	case WhyPath:
		return "the rule is for other paths"
	case WhyAllowlist:
		return "an allowlist of the configuration has it"
	case WhyWords:
		return "the rule's values are random, and this one reads as words"
	case WhyExample:
		return "it is a value out of a vendor's documentation, or one that counts"
	}
	return assign.Reason(why)
}
