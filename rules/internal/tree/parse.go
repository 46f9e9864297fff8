package tree

import (
	"fmt"
	"regexp/syntax"
)

// Parse reads a regexp into the tree that all else is made of: with (?i) over
// ASCII only, and runs of one class joined. It refuses what would compile to too
// large a program; wrong says what is wrong and what to do.
func Parse(source string) (re *syntax.Regexp, wrong string) {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		e := err.(*syntax.Error)
		return nil, fmt.Sprintf("not a regexp of RE2: %s", e.Code)
	}
	if n := Size(re); n > MaxProgram {
		return nil, fmt.Sprintf("compiles to %d instructions, the limit is %d: repeat less", n, MaxProgram)
	}
	asciiFold(re)
	joinChains(re)
	return re, ""
}

// Joined is items to be matched one behind the other.
func Joined(items []*syntax.Regexp) *syntax.Regexp {
	if len(items) == 0 {
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	}
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: items}
}

// IsWord tells whether r is one of RE2's \w, which knows ASCII only.
func IsWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
