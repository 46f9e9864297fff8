package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stored is a file's content as a commit holds it.
func (c Changed) stored() []byte {
	if c.crlf {
		return bytes.ReplaceAll(c.After, []byte("\r\n"), []byte("\n"))
	}
	return c.After
}

// Commit makes one commit of all files on top of the base, and a branch that
// names it. A branch of that name that holds this very change is taken as done;
// any other is an error. The message must hold no value; it is the caller's.
func (s *Set) Commit(ctx context.Context, branch, message string) (commit string, err error) {
	if len(s.Files) == 0 {
		return "", errors.New("there is nothing to commit: no file would change")
	}
	made, err := s.writeTree(ctx, s.git)
	if err != nil {
		return "", err
	}
	there, err := s.git.branch(ctx, branch)
	if err != nil {
		return "", err
	}
	if there.commit != "" {
		return there.commit, s.adopt(branch, there, made)
	}
	commit, err = s.git.word(ctx, []byte(message), "commit-tree", "-p", s.Head, "-F", "-", made)
	if err != nil {
		return "", fmt.Errorf("commit: %w", err)
	}
	// The zero id has git refuse where somebody made the branch meanwhile. It refuses
	// what is no branch's name too.
	if _, err := s.git.run(ctx, nil, "update-ref", "refs/heads/"+branch, commit, strings.Repeat("0", len(commit))); err != nil {
		return "", fmt.Errorf("make branch %s: %w", branch, err)
	}
	return commit, nil
}

// adopt takes a branch that an earlier run made.
func (s *Set) adopt(name string, b branch, tree string) error {
	if b.tree != tree || !slices.Equal(b.parents, []string{s.Head}) {
		return fmt.Errorf("branch %s is there already and holds something else: choose another name", name)
	}
	return nil
}

// writeTree writes the changed tree's objects, over an index of its own.
func (s *Set) writeTree(ctx context.Context, g git) (string, error) {
	dir, err := os.MkdirTemp("", "oakum-index-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	g.env = append(slices.Clone(g.env), "GIT_INDEX_FILE="+filepath.Join(dir, "index"))
	if _, err := g.run(ctx, nil, "read-tree", s.Head); err != nil {
		return "", err
	}
	var info strings.Builder
	var blobs [][]byte
	for _, f := range s.Files {
		blobs = append(blobs, f.stored())
		fmt.Fprintf(&info, "%s %s\t%s\x00", f.Mode, blobID(f.stored(), s.Head), f.Path)
	}
	if err := g.writeBlobs(ctx, blobs, s.Head); err != nil {
		return "", fmt.Errorf("write %d files: %w", len(blobs), err)
	}
	if _, err := g.run(ctx, []byte(info.String()), "update-index", "-z", "--index-info"); err != nil {
		return "", err
	}
	return g.word(ctx, nil, "write-tree")
}
