// Package hook puts oakum between a change and a repository: it installs git
// hooks, and reads what git hands to them.
//
// Promises: a hook that was there before keeps running, with the same arguments
// and the same standard input, and uninstalling puts it back byte for byte;
// where a hook manager (husky, lefthook, pre-commit) owns the hooks, nothing is
// written and the line to add is told instead; installing twice is installing
// once.
//
// Limits: what it knows of a repository's folders it asks git for, so that
// includes, worktrees and core.hooksPath mean what they mean to git; 2.31 is the
// oldest git that answers in absolute paths. A hook can be passed by with git's
// own options: what must hold is held again on the server (pre-receive) or in CI.
package hook

import (
	"fmt"
	"slices"
	"strings"
)

// Type is a hook that git runs and oakum serves, by git's name.
type Type string

const (
	PreCommit  Type = "pre-commit"  // before a commit: nothing on stdin
	CommitMsg  Type = "commit-msg"  // with the file that holds the message
	PrePush    Type = "pre-push"    // stdin: local ref, local id, remote ref, remote id
	PreReceive Type = "pre-receive" // on the server; stdin: old id, new id, ref
)

// Types lists them in the order in which a change meets them.
func Types() []Type { return []Type{PreCommit, CommitMsg, PrePush, PreReceive} }

// ParseType reads git's name of a hook.
func ParseType(name string) (Type, error) {
	if t := Type(name); slices.Contains(Types(), t) {
		return t, nil
	}
	var names []string
	for _, t := range Types() {
		names = append(names, string(t))
	}
	return "", fmt.Errorf("there is no hook %q for oakum (one of %s)", name, strings.Join(names, ", "))
}

// readsStdin tells whether git hands the hook what it is about on stdin, which
// two hooks in a chain must then share.
func (t Type) readsStdin() bool { return t == PrePush || t == PreReceive }
