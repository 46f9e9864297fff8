package rules

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Mistake is something wrong in a rule file: where, and what to do about it.
// Compile and package rulefile join all that they find. No message quotes a pattern of an allowlist, a
// stopword or an example: people put the values there that they want ignored.
type Mistake struct {
	File         string
	Line, Column int    // 1-based, the column in bytes; 0 where it is not known
	Rule         string // id of the rule it is in, "" outside of rules
	Key          string // as "rules.entropy"
	What         string // what is wrong and what to do
}

func (m *Mistake) Error() string {
	where := printable(m.File)
	if m.Line > 0 {
		where += fmt.Sprintf(":%d", m.Line)
	}
	if m.Column > 0 {
		where += fmt.Sprintf(":%d", m.Column)
	}
	s := where + ": "
	if m.Rule != "" {
		s += fmt.Sprintf("rule %q: ", m.Rule)
	}
	if m.Key != "" {
		s += printable(m.Key) + ": "
	}
	return s + m.What
}

// printable is s, in quotes and escaped where a terminal would obey it: names of
// files and keys are whatever the author of a repository wants them to be.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(s)
	}
	return s
}
