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
	b, err := git{dir: dir}.branch(ctx, branch)
	if err != nil || b.commit == "" {
		return "", err
	}
	if !slices.Equal(b.parents, []string{base}) {
		return "", fmt.Errorf("branch %s does not hold one commit on top of %.10s any more", branch, base)
	}
	return b.commit, nil
}

// Drop deletes a branch that Commit made on top of base; one that is gone is dropped.
// mark is a line of the commit's message. Where another branch or tag holds files as
// the commit made them, nothing is dropped: they still refer to what was stored.
func Drop(ctx context.Context, dir, branch, base, mark string) error {
	commit, err := Made(ctx, dir, branch, base)
	if err != nil {
		return err
	}
	g := git{dir: dir}
	if err := g.spread(ctx, branch, mark); err != nil || commit == "" {
		return err
	}
	if at, err := g.word(ctx, nil, "symbolic-ref", "--quiet", "HEAD"); err == nil && at == "refs/heads/"+branch {
		return fmt.Errorf("branch %s is checked out: check out another one first", branch)
	}
	if _, err := g.run(ctx, nil, "update-ref", "-d", "refs/heads/"+branch, commit); err != nil {
		return fmt.Errorf("delete branch %s: %w", branch, err)
	}
	return nil
}

// spread is an error where a ref beside the branch has a file as a commit with this
// mark made it: merged, picked or rebased, here or on a remote that was fetched.
func (g git) spread(ctx context.Context, branch, mark string) error {
	commits, err := g.word(ctx, nil, "log", "--all", "--format=%H", "--fixed-strings", "--grep="+mark)
	if err != nil {
		return err
	}
	for commit := range strings.FieldsSeq(commits) {
		files, err := g.run(ctx, nil, "diff-tree", "-r", "-z", "--no-commit-id", "--root", "--raw", commit)
		if err != nil {
			return err
		}
		refs, err := g.word(ctx, nil, "for-each-ref", "--format=%(refname)", "--contains", commit)
		if err != nil {
			return err
		}
		for ref := range strings.FieldsSeq(refs) {
			if ref == "refs/heads/"+branch {
				continue
			}
			if name, err := g.shares(ctx, ref, string(files)); err != nil || name != "" {
				return errors.Join(err, fmt.Errorf("%s has %s as it was rewritten: revert that there first; until then the store keeps what it refers to", ref, name))
			}
		}
	}
	return nil
}

// shares is a path that ref has as diff-tree's output has it, "" where there is none.
func (g git) shares(ctx context.Context, ref, files string) (name string, err error) {
	fields := strings.Split(files, "\x00") // ":100644 100644 OLD NEW M", then the path
	for i := 0; i+1 < len(fields); i += 2 {
		words := strings.Fields(fields[i])
		if len(words) != 5 {
			return "", fmt.Errorf("git diff-tree: %q is no line of its output", fields[i])
		}
		there, err := g.word(ctx, nil, "ls-tree", "-z", "--full-tree", ref, "--", fields[i+1])
		if err != nil {
			return "", err
		}
		if strings.Contains(there, words[3]) {
			return fields[i+1], nil
		}
	}
	return "", nil
}
