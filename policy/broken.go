package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// BrokenError tells why a policy can't be used. All that it would have decided
// about is denied.
type BrokenError struct {
	Name     string   // of the folder or file
	Problems []string // as "deny.rego:3: rego_parse_error: …", in the order of the files
}

// maxProblems bounds what a message lists.
const maxProblems = 10

func (e *BrokenError) Error() string {
	shown := e.Problems[:min(len(e.Problems), maxProblems)]
	s := fmt.Sprintf("the policy %s is broken, so it denies: %s", e.Name, strings.Join(shown, "; "))
	if n := len(e.Problems) - len(shown); n > 0 {
		s += fmt.Sprintf("; and %d more", n)
	}
	return s
}

// broken is err as a BrokenError, with a line for each of a compiler's errors.
func broken(name string, err error) *BrokenError {
	if b, ok := errors.AsType[*BrokenError](err); ok {
		return b
	}
	e := &BrokenError{Name: name}
	if list, ok := errors.AsType[ast.Errors](err); ok {
		list.Sort()
		for _, one := range list {
			e.Problems = append(e.Problems, problem(one))
		}
	}
	if len(e.Problems) == 0 {
		e.Problems = []string{err.Error()}
	}
	return e
}

// problem is a compiler's error on one line.
func problem(err *ast.Error) string {
	words := strings.Join(strings.Fields(err.Message), " ")
	if err.Location == nil || err.Location.File == "" {
		return words
	}
	return fmt.Sprintf("%s:%d: %s", err.Location.File, err.Location.Row, words)
}
