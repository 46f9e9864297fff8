package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// read takes a file from the worktree, or says why it is left alone.
func (s *Set) read(ctx context.Context, root *os.Root, name string) (c *Changed, why string, err error) {
	if name == "" || path.Clean(name) != name || path.IsAbs(name) || strings.HasPrefix(name, "../") || strings.Contains("/"+strings.ToLower(name)+"/", "/.git/") {
		return nil, "its name leads out of the worktree", nil
	}
	index, err := s.git.indexed(ctx, name)
	if err != nil {
		return nil, "", fmt.Errorf("look for %s in the index: %w", name, err)
	}
	head, err := s.git.committed(ctx, name)
	if err != nil {
		return nil, "", fmt.Errorf("look for %s in HEAD: %w", name, err)
	}
	if why := state(name, index, head); why != "" {
		return nil, why, nil
	}
	info, err := root.Lstat(filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "it is deleted in the worktree", nil
	} else if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, "it is no regular file in the worktree", nil
	}
	c = &Changed{Path: name, Old: head.object, Mode: head.mode}
	if c.Before, err = root.ReadFile(filepath.FromSlash(name)); err != nil {
		return nil, "", fmt.Errorf("read %s: %w", name, err)
	}
	blob, err := s.git.run(ctx, nil, "cat-file", "blob", head.object)
	if err != nil {
		return nil, "", fmt.Errorf("read %s at HEAD: %w", name, err)
	}
	switch {
	case bytes.HasPrefix(blob, []byte("version https://git-lfs.github.com/spec/")):
		return nil, "it is kept in Git LFS: a commit holds a pointer, not its content", nil
	case bytes.Equal(blob, c.Before):
	case !bytes.Contains(blob, []byte("\r\n")) && bytes.Equal(bytes.ReplaceAll(blob, []byte("\n"), []byte("\r\n")), c.Before):
		c.crlf = true // core.autocrlf, or eol=crlf
	default:
		return nil, "it has changes that are not committed: commit or stash them first", nil
	}
	return c, "", nil
}

// state is why a file's entries keep it from being changed.
func state(name string, index map[string]entry, head entry) string {
	for at, e := range index {
		if e.mode == modeModule && (at == name || strings.HasPrefix(name, at+"/")) {
			return "it is in the submodule " + at + ": rewrite it there"
		}
	}
	now, ok := index[name]
	switch {
	case !ok:
		return "git does not track it: add and commit it, or ignore and delete it"
	case head.object == "":
		return "it is added and not committed: commit it first"
	case now != head:
		return "it has staged changes: commit or unstage them first"
	case now.mode == modeLink:
		return "it is a symbolic link: rewrite what it leads to"
	}
	return ""
}
