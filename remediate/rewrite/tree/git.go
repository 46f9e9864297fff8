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

// entry is a path as the index or a commit has it.
type entry struct{ mode, object string }

const (
	modeLink   = "120000"
	modeModule = "160000"
)

// indexed is what the index has for path, and for the folders above it: a
// submodule is one of those.
func (g git) indexed(ctx context.Context, path string) (map[string]entry, error) {
	args := []string{"ls-files", "-s", "-z", "--"}
	for i, c := range path {
		if c == '/' {
			args = append(args, ":(literal,top)"+path[:i])
		}
	}
	out, err := g.run(ctx, nil, append(args, ":(literal,top)"+path)...)
	if err != nil {
		return nil, err
	}
	return entries(out), nil
}

// committed is what HEAD has for path.
func (g git) committed(ctx context.Context, path string) (entry, error) {
	out, err := g.run(ctx, nil, "ls-tree", "-z", "--full-tree", "HEAD", "--", path)
	if err != nil {
		return entry{}, err
	}
	line, _, _ := strings.Cut(string(out), "\x00")
	head, name, _ := strings.Cut(line, "\t")
	fields := strings.Fields(head)
	if name != path || len(fields) != 3 {
		return entry{}, nil
	}
	return entry{fields[0], fields[2]}, nil
}

func entries(out []byte) map[string]entry {
	found := map[string]entry{}
	for line := range strings.SplitSeq(string(out), "\x00") {
		head, name, ok := strings.Cut(line, "\t")
		if fields := strings.Fields(head); ok && len(fields) == 3 {
			found[name] = entry{fields[0], fields[1]}
		}
	}
	return found
}
