package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// git runs the git binary in a repository's worktree, by its plumbing alone.
// None of the repository's programs run: hooks and the file monitor are
// switched off, and no command that is used here filters, signs or shows a diff.
type git struct {
	dir string
	env []string
}

func (g git) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	all := append([]string{"-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"}, args...)
	cmd := exec.CommandContext(ctx, "git", all...)
	cmd.Dir, cmd.Stdin = g.dir, bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	cmd.Env = append(cmd.Env, g.env...)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, &gitError{args[0], exit.ExitCode(), strings.TrimSpace(words.String())}
		}
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}

type gitError struct {
	verb  string
	code  int
	words string
}

func (e *gitError) Error() string { return "git " + e.verb + ": " + e.words }

// word is run for a command that answers with one word.
func (g git) word(ctx context.Context, stdin []byte, args ...string) (string, error) {
	out, err := g.run(ctx, stdin, args...)
	return strings.TrimSpace(string(out)), err
}
