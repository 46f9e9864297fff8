// Package allow reads and writes the lists that say which findings are known
// and accepted: .oakum-allow (a decision, with its reason), a baseline (what was
// there when oakum was adopted), gitleaks' .gitleaksignore and other tools' reports.
//
// Its promises: a list of ours holds fingerprints, never values; what it accepts
// stays accepted where lines or the file move, and another value in its place does
// not; every list tells which of its entries matched nothing, so that dead ones are
// taken out; an entry past its day suppresses nothing; and a file that it writes is
// sorted, one entry a line, so that two branches that add entries merge.
//
// It does not decide whose list counts: the command line does
// (internal/cli/config.go).
package allow

import "github.com/oakum-sec/oakum/leak"

// FileName is the allow file's name, in the root of what is scanned.
const FileName = ".oakum-allow"

// List is one list of accepted findings. It is for one goroutine.
type List interface {
	// Match gives the suppression that the list has for f, or nil, and
	// remembers that the entry was used. It looks at f's first sighting only:
	// findings come to it before they are merged.
	Match(f *leak.Finding) *leak.Suppression
	// Unused describes the entries that matched nothing, in the list's order.
	Unused() []string
}
