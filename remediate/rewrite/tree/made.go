package tree

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Made is the commit of a branch that Commit made on top of base; "" where there is
// no such branch. A branch of that name with another history is an error.
func Made(ctx context.Context, dir, branch, base string) (commit string, err error) {
	g := git{dir: dir}
	commit, err = g.word(ctx, nil, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch)
	if e, ok := errors.AsType[*gitError](err); ok && e.code == 1 {
		return "", nil // no such branch
	} else if err != nil {
		return "", err
	}
	line, err := g.word(ctx, nil, "rev-list", "--parents", "-n", "1", commit)
	if err != nil {
		return "", err
	}
	if !slices.Equal(strings.Fields(line), []string{commit, base}) {
		return "", fmt.Errorf("branch %s does not hold one commit on top of %.10s any more", branch, base)
	}
	return commit, nil
}

// Drop deletes a branch that Commit made on top of base. One that is gone is dropped;
// one that has more commits, or is checked out, stays.
func Drop(ctx context.Context, dir, branch, base string) error {
	commit, err := Made(ctx, dir, branch, base)
	if err != nil || commit == "" {
		return err
	}
	g := git{dir: dir}
	if at, err := g.word(ctx, nil, "symbolic-ref", "--quiet", "HEAD"); err == nil && at == "refs/heads/"+branch {
		return fmt.Errorf("branch %s is checked out: check out another one, then delete it", branch)
	}
	if _, err := g.run(ctx, nil, "update-ref", "-d", "refs/heads/"+branch, commit); err != nil {
		return fmt.Errorf("delete branch %s: %w", branch, err)
	}
	return nil
}
