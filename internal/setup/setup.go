// Package setup changes the files of a project for a person: it shows what it is
// about to change, writes a file whole or not at all, and makes of an oakum that is
// new to a repository one that its files name.
//
// Promises: a file that somebody else made is changed only by adding to it, and
// never where that cannot be done without guessing: then the lines to add are told;
// a second run changes nothing; what is written stays below the project's folder.
//
// Limits: it knows the file names of the pipelines and hook managers that are listed
// in step.go, and looks for no others.
package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxFile is the largest file, in bytes, that is changed.
const maxFile = 4 << 20

// Change is a file as it is and as it is to be.
type Change struct {
	File string // "/" between folders, from the project's top
	Old  []byte // nil: there is none
	New  []byte // nil: it is to go
	Run  bool   // it is to be executable
	Why  string // for the person
}

// Read reads a file of the project at top; the error is fs.ErrNotExist's where there
// is none. Links that lead out of the project are not followed.
func Read(top, file string) ([]byte, error) {
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	defer root.Close()
	info, err := root.Stat(filepath.FromSlash(file))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", file, err)
	case !info.Mode().IsRegular() || info.Size() > maxFile:
		return nil, fmt.Errorf("read %s: it is no file that can be changed here", file)
	}
	text, err := root.ReadFile(filepath.FromSlash(file))
	if text == nil {
		text = []byte{}
	}
	return text, err
}

// Write makes the file what it is to be. It refuses where the file is no longer what
// Old says.
func (c Change) Write(top string) error {
	now, err := Read(top, c.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if (now == nil) != (c.Old == nil) || string(now) != string(c.Old) {
		return fmt.Errorf("write %s: somebody else changed it just now: run the command again", c.File)
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return fmt.Errorf("write %s: %w", c.File, err)
	}
	defer root.Close()
	if c.New == nil {
		if err := root.Remove(filepath.FromSlash(c.File)); err != nil {
			return fmt.Errorf("remove %s: %w", c.File, err)
		}
		return nil
	}
	if err := c.put(root); err != nil {
		return fmt.Errorf("write %s: %w", c.File, err)
	}
	return nil
}

// put writes a new file beside the old one and puts it in its place.
func (c Change) put(root *os.Root) error {
	name := filepath.FromSlash(c.File)
	if dir := path.Dir(c.File); dir != "." {
		if err := root.MkdirAll(filepath.FromSlash(dir), 0o755); err != nil {
			return err
		}
	}
	mode := fs.FileMode(0o644)
	if info, err := root.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	if c.Run {
		mode |= 0o111
	}
	fresh := fmt.Sprintf("%s.%d.tmp", name, os.Getpid())
	f, err := root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(c.New)
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(fresh, name)
	}
	if err != nil {
		_ = root.Remove(fresh) // of what was made just now; the error above is the one to tell
	}
	return err
}

// Diff is the change as `diff -u` shows it, with all of a short file around it.
func (c Change) Diff() string {
	from, to := "a/"+c.File, "b/"+c.File
	if c.Old == nil {
		from = "/dev/null"
	}
	if c.New == nil {
		to = "/dev/null"
	}
	return "--- " + from + "\n+++ " + to + "\n" + hunks(lines(c.Old), lines(c.New))
}

func lines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}
