// Package disk writes files so that at any instant, a power cut included, a name
// holds all of the old content or all of the new.
//
// Every step that can be interrupted is announced to [Disk.Watch], before and after:
// tests end the program there, or fill the disk. Nothing is cleaned up where a step
// fails halfway; the next try of the same file does it, because its temporary name
// is made of the file's own.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
)

// Disk writes. The zero value is the real thing.
type Disk struct {
	// Watch is told each step; an error of it is the step's. nil: nobody is told.
	Watch func(Step) error
	// Sync makes a file last; nil is the system's fsync. Tests that try a thousand
	// times need no disk that survives a power cut.
	Sync func(*os.File) error
}

func (d Disk) sync(f *os.File) error {
	if d.Sync != nil {
		return d.Sync(f)
	}
	return f.Sync()
}

// Step is what is done, or was done just now, to a file.
type Step struct {
	Op   string // "create", "write", "sync", "rename", "sync folder", "remove"
	Path string
	Done bool
}

func (d Disk) at(op, name string, done bool) error {
	if d.Watch == nil {
		return nil
	}
	return d.Watch(Step{op, name, done})
}

// around announces do before and after.
func (d Disk) around(op, name string, do func() error) error {
	if err := d.at(op, name, false); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return d.at(op, name, true)
}

// temporary is where the new content of a file is made ready, beside it.
func temporary(name string) string {
	return path.Join(path.Dir(name), "."+path.Base(name)+".oakum-new")
}

// Replace puts content in the place of the file name below root, which need not be
// there. Its mode is exactly mode.
func (d Disk) Replace(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	fresh := temporary(name)
	if err := root.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var f *os.File
	err := d.around("create", name, func() (err error) {
		f, err = root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	defer f.Close()
	if err := d.Append(f, name, content); err != nil {
		return err
	}
	if runtime.GOOS != "windows" { // which knows no modes, and fails at an open file's
		if err := f.Chmod(mode.Perm()); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := d.around("rename", name, func() error { return root.Rename(fresh, name) }); err != nil {
		return err
	}
	return d.syncFolder(root, name)
}

// Append writes to the end of an open file and makes sure that it is on the disk.
func (d Disk) Append(f *os.File, name string, content []byte) error {
	err := d.around("write", name, func() error {
		half := len(content)
		if d.Watch != nil { // a write can be cut off in its middle
			half /= 2
		}
		if _, err := f.Write(content[:half]); err != nil {
			return err
		}
		if err := d.at("write", name, false); err != nil {
			return err
		}
		_, err := f.Write(content[half:])
		return err
	})
	if err != nil {
		return err
	}
	return d.around("sync", name, func() error { return d.sync(f) })
}

// Remove removes a file, and what a try of Replace left beside it; one that is gone
// is removed.
func (d Disk) Remove(root *os.Root, name string) error {
	err := d.around("remove", name, func() error {
		for _, n := range []string{temporary(name), name} {
			if err := root.Remove(n); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.syncFolder(root, name)
}

// Tidy removes what a try of Replace left beside a file, and leaves the file alone.
func (d Disk) Tidy(root *os.Root, name string) error {
	if err := root.Remove(temporary(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder makes a new name last. Windows has no such call, and keeps names in a
// journal of its own.
func (d Disk) syncFolder(root *os.Root, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return d.around("sync folder", name, func() error {
		dir, err := root.Open(path.Dir(name))
		if err != nil {
			return err
		}
		defer dir.Close()
		return d.sync(dir)
	})
}

// Folder makes a folder for its owner alone, and opens it.
func (d Disk) Folder(name string) (*os.Root, error) {
	if err := os.MkdirAll(name, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	return os.OpenRoot(name)
}
