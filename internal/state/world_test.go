package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/state"
)

// later is long enough after any change that it is settled.
func later() time.Time { return time.Now().Add(time.Minute) }

func fingerprint(t *testing.T, folders ...string) state.Key {
	t.Helper()
	k, err := state.World(folders, later())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWorldChanges: each change gives another fingerprint, also that which puts
// size and time back, where the system knows better.
func TestWorldChanges(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "sub", "b")
	write(t, a, "one")
	write(t, b, "two")
	day := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Chtimes(a, day, day))
	changes := []struct {
		name string
		do   func()
	}{
		{"content", func() { write(t, a, "1234") }},
		{"time", func() { must(os.Chtimes(a, day, day.Add(time.Nanosecond*100))) }},
		{"a new file", func() { write(t, filepath.Join(dir, "sub", "c"), "") }},
		{"a new folder", func() { must(os.Mkdir(filepath.Join(dir, "empty"), 0o755)) }},
		{"another name", func() { must(os.Rename(b, b+"2")) }},
		{"a file less", func() { must(os.Remove(b + "2")) }},
		{"a file where a folder was", func() { must(os.Remove(filepath.Join(dir, "empty"))); write(t, filepath.Join(dir, "empty"), "") }},
	}
	if statusTimes {
		changes = append(changes, []struct {
			name string
			do   func()
		}{
			{"mode", func() { must(os.Chmod(a, 0o600)) }},
			{"other content, size and time put back", func() {
				info, err := os.Stat(a)
				must(err)
				write(t, a, "4321")
				must(os.Chtimes(a, day, info.ModTime()))
			}},
			{"a link", func() { must(os.Symlink("a", filepath.Join(dir, "l"))) }},
			{"a link's target", func() { must(os.Remove(filepath.Join(dir, "l"))); must(os.Symlink("b", filepath.Join(dir, "l"))) }},
		}...)
	}
	last := fingerprint(t, dir)
	for _, c := range changes {
		if fingerprint(t, dir) != last {
			t.Fatal("without a change the fingerprint is another one")
		}
		time.Sleep(20 * time.Millisecond) // file systems count in steps of the kernel's tick
		c.do()
		now := fingerprint(t, dir)
		if now == last {
			t.Errorf("%s: the fingerprint is the same", c.name)
		}
		last = now
	}
}

func TestWorldFolders(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	write(t, filepath.Join(one, "sub", "a"), "one")
	write(t, filepath.Join(two, "a"), "one")
	if fingerprint(t, one, two) != fingerprint(t, two, one, one, filepath.Join(one, "sub")) {
		t.Error("order, repetition or a folder inside of another one changes the fingerprint")
	}
	if fingerprint(t, one) == fingerprint(t, one, two) {
		t.Error("another folder changes nothing")
	}
	if _, err := state.World([]string{filepath.Join(one, "none")}, later()); err == nil {
		t.Error("a folder that is not there has a fingerprint")
	}
	for _, c := range []struct {
		more string
		want bool
	}{{one, true}, {filepath.Join(one, "sub"), true}, {two, false}, {filepath.Dir(one), false}} {
		if got, err := state.Covers([]string{one}, []string{c.more}); got != c.want || err != nil {
			t.Errorf("%s covers %s: %v, %v", one, c.more, got, err)
		}
	}
}

// TestWorldRacy: what changed just now could change again unseen.
func TestWorldRacy(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "one")
	if _, err := state.World([]string{dir}, time.Now()); !errors.Is(err, state.ErrRacy) {
		t.Errorf("a fresh file: %v", err)
	}
}
