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

// outside tells of a name that no path of the worktree has.
func outside(name string) bool {
	return name == "" || path.Clean(name) != name || path.IsAbs(name) || strings.HasPrefix(name, "../") || strings.Contains("/"+strings.ToLower(name)+"/", "/.git/")
}

// read takes a file from the worktree, or says why it is left alone.
func (s *Set) read(ctx context.Context, root *os.Root, name string) (c *Changed, why string, err error) {
	if outside(name) {
		return nil, "its name leads out of the worktree", nil
	}
	head := s.looked.head[name]
	if why := state(name, s.looked.index, head); why != "" {
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
	same := c.same()
	switch {
	case same && isPointer(c.Before):
		return nil, inLFS, nil
	case same:
		return c, "", nil
	}
	why, err = s.differs(ctx, c)
	return nil, why, err
}

// same tells whether the worktree has what the commit has, but for the line ends.
func (c *Changed) same() bool {
	if blobID(c.Before, c.Old) == c.Old {
		return true
	}
	c.crlf = bytes.Contains(c.Before, []byte("\r\n")) // core.autocrlf, or eol=crlf
	if !c.crlf {
		return false
	}
	lf := bytes.ReplaceAll(c.Before, []byte("\r\n"), []byte("\n"))
	return !bytes.Contains(lf, []byte("\r\n")) && blobID(lf, c.Old) == c.Old &&
		bytes.Equal(bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n")), c.Before)
}

const inLFS = "it is kept in Git LFS: a commit holds a pointer, not its content"

func isPointer(blob []byte) bool {
	return bytes.HasPrefix(blob, []byte("version https://git-lfs.github.com/spec/"))
}

// differs says why the worktree has something else than the commit.
func (s *Set) differs(ctx context.Context, c *Changed) (why string, err error) {
	if s.lfs == nil {
		if s.lfs, err = s.git.pointers(ctx, s.looked.head); err != nil {
			return "", fmt.Errorf("read %s at HEAD: %w", c.Path, err)
		}
	}
	if s.lfs[c.Old] {
		return inLFS, nil
	}
	return "it has changes that are not committed: commit or stash them first", nil
}

// state is why a file's entries keep it from being changed.
func state(name string, index map[string]entry, head entry) string {
	for i, c := range name + "/" {
		if c == '/' && index[name[:i]].mode == modeModule {
			return "it is in the submodule " + name[:i] + ": rewrite it there"
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
