package hook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Done tells what installing or uninstalling did.
type Done struct {
	Path    string // of the hook
	Chained string // of the hook that was there before and runs first, or was put back; "" where there was none
	Changed bool   // false: all was already as asked
}

// Install writes the hook that runs program, an absolute path. A hook that is
// there and not oakum's is moved aside and runs before it. args are flags of
// "oakum hook run" that the hook always passes.
func Install(r Repository, t Type, program string, args ...string) (Done, error) {
	if err := os.MkdirAll(r.Hooks, 0o755); err != nil {
		return Done{}, fmt.Errorf("make the hooks folder: %w", err)
	}
	at := filepath.Join(r.Hooks, string(t))
	done := Done{Path: at}
	old, state, err := look(at)
	if err != nil {
		return done, err
	}
	chained, err := exists(at + aside)
	if err != nil {
		return done, err
	}
	if chained {
		done.Chained = at + aside
	}
	want := script(t, program, args)
	switch {
	case state == mine && string(old) == want && runnable(at):
		return done, nil
	case state == foreign && chained:
		return done, fmt.Errorf("install %s: it is another program's hook, and %s is there too: put them together in one and remove the other", at, at+aside)
	case state == foreign:
		if err := os.Rename(at, at+aside); err != nil {
			return done, fmt.Errorf("move the hook that is there aside: %w", err)
		}
		done.Chained = at + aside
	}
	if err := write(at, want); err != nil {
		if state == foreign {
			err = errors.Join(err, os.Rename(at+aside, at))
		}
		return done, err
	}
	done.Changed = true
	return done, nil
}

// Uninstall removes oakum's hook and puts back the one that was there before. A
// hook that is not oakum's stays.
func Uninstall(r Repository, t Type) (Done, error) {
	at := filepath.Join(r.Hooks, string(t))
	done := Done{Path: at}
	_, state, err := look(at)
	if err != nil {
		return done, err
	}
	chained, err := exists(at + aside)
	if err != nil {
		return done, err
	}
	if state == foreign {
		if chained {
			return done, fmt.Errorf("uninstall %s: another program wrote it after oakum did; the hook from before is %s", at, at+aside)
		}
		return done, nil
	}
	if chained {
		if err := os.Rename(at+aside, at); err != nil { // over oakum's own, in one step
			return done, fmt.Errorf("put the hook from before back: %w", err)
		}
		done.Chained, done.Changed = at+aside, true
		return done, nil
	}
	if state == none {
		return done, nil
	}
	if err := os.Remove(at); err != nil {
		return done, fmt.Errorf("remove the hook: %w", err)
	}
	done.Changed = true
	return done, nil
}

type owner int

const (
	none owner = iota
	mine
	foreign
)

// look tells whose hook stands at a path. What is no regular file (a link to a
// script elsewhere) is foreign.
func look(at string) ([]byte, owner, error) {
	info, err := os.Lstat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, none, nil
	case err != nil:
		return nil, none, fmt.Errorf("look at the hook: %w", err)
	case info.IsDir():
		return nil, none, fmt.Errorf("look at the hook: %s is a folder", at)
	case !info.Mode().IsRegular():
		return nil, foreign, nil
	}
	text, err := os.ReadFile(at)
	if err != nil {
		return nil, none, fmt.Errorf("read the hook: %w", err)
	}
	if ours(text) {
		return text, mine, nil
	}
	return text, foreign, nil
}

// runnable tells whether git would run the hook. Windows has no such bit.
func runnable(at string) bool {
	info, err := os.Stat(at)
	return err == nil && (runtime.GOOS == "windows" || info.Mode()&0o100 != 0)
}

func exists(at string) (bool, error) {
	_, err := os.Lstat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for an earlier hook: %w", err)
	}
	return true, nil
}

// write puts the whole hook in place at once: git may run it at any time.
func write(at, text string) error {
	f, err := os.CreateTemp(filepath.Dir(at), ".oakum-hook-*")
	if err != nil {
		return fmt.Errorf("write the hook: %w", err)
	}
	defer os.Remove(f.Name()) // gone already where the rename went well
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the hook: %w", err)
	}
	if err := os.Chmod(f.Name(), 0o755); err != nil {
		return fmt.Errorf("make the hook executable: %w", err)
	}
	if err := os.Rename(f.Name(), at); err != nil {
		return fmt.Errorf("put the hook in place: %w", err)
	}
	return nil
}
