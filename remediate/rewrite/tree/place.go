package tree

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
)

// InPlace replaces the files in the worktree, one after the other: each is
// written beside the old one, synced, and renamed over it. A file that is as it
// should be already is left alone, and one that changed since Plan is an error:
// doing it twice, or again after it was interrupted, gives the same.
func (s *Set) InPlace() error {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range s.Files {
		if err := Put(root, f.Path, f.Before, f.After, f.Old == ""); err != nil {
			return err
		}
	}
	return nil
}

// Revert puts the files back as they were, byte for byte. New ones are deleted.
func (s *Set) Revert() error {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range s.Files {
		if f.Old != "" {
			if err := Put(root, f.Path, f.After, f.Before, false); err != nil {
				return err
			}
			continue
		}
		there, err := root.ReadFile(filepath.FromSlash(f.Path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !bytes.Equal(there, f.After):
			return fmt.Errorf("%s changed since it was written: it is left there", f.Path)
		default:
			if err := root.Remove(filepath.FromSlash(f.Path)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Put replaces a file that holds before by after; fresh: there is none before.
func Put(root *os.Root, name string, before, after []byte, fresh bool) error {
	at := filepath.FromSlash(name)
	there, err := root.ReadFile(at)
	switch {
	case err == nil && bytes.Equal(there, after):
		return nil
	case fresh && errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("replace %s: %w", name, err)
	case fresh || !bytes.Equal(there, before):
		return fmt.Errorf("replace %s: it changed since it was looked at: plan again", name)
	}
	mode := fs.FileMode(0o644)
	if info, err := root.Lstat(at); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("replace %s: it is no regular file", name)
		}
		mode = info.Mode().Perm()
	}
	temporary := filepath.FromSlash(path.Join(path.Dir(name), ".oakum-"+rand.Text()))
	if err := writeSynced(root, temporary, after, mode); err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", name, err), root.Remove(temporary))
	}
	if err := root.Rename(temporary, at); err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", name, err), root.Remove(temporary))
	}
	return syncFolder(root, filepath.Dir(at))
}

func writeSynced(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes a rename last. Windows has no such call.
func syncFolder(root *os.Root, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
