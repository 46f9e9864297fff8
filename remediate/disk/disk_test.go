package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

func in(t *testing.T) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, dir
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// A replacement that is cut off at any step leaves the old content or the new one under
// the name, and the next try leaves nothing beside it.
func TestReplaceIsWhole(t *testing.T) {
	cut := errors.New("cut off")
	for at := 1; ; at++ {
		root, dir := in(t)
		if err := os.WriteFile(filepath.Join(dir, "f"), []byte("the old content"), 0o640); err != nil {
			t.Fatal(err)
		}
		steps := 0
		err := Disk{Watch: func(Step) error {
			if steps++; steps == at {
				return cut
			}
			return nil
		}}.Replace(root, "f", []byte("the new one"), 0o640)
		got, readErr := root.ReadFile("f")
		if s := string(got); readErr != nil || s != "the old content" && s != "the new one" || err == nil && s != "the new one" {
			t.Fatalf("step %d: the file holds %q, %v", at, got, readErr)
		}
		if err := (Disk{}).Replace(root, "f", []byte("the new one"), 0o640); err != nil {
			t.Fatal(err)
		}
		if all := names(t, dir); !slices.Equal(all, []string{"f"}) {
			t.Fatalf("step %d: %q are left", at, all)
		}
		if info, err := root.Stat("f"); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o640) {
			t.Fatalf("step %d: the mode is %v, %v", at, info.Mode(), err)
		}
		if err == nil {
			if at < 8 {
				t.Errorf("a replacement has %d steps only", at)
			}
			return
		}
	}
}

// What somebody put where the new content is made ready is not written through.
func TestTemporaryIsNotFollowed(t *testing.T) {
	root, dir := in(t)
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("victim", filepath.Join(dir, temporary("f"))); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := (Disk{}).Replace(root, "f", []byte("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(victim); err != nil || string(got) != "mine" {
		t.Errorf("the link's target holds %q, %v", got, err)
	}
}

func TestRemove(t *testing.T) {
	root, dir := in(t)
	for _, name := range []string{"f", temporary("f"), "g"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := (Disk{}).Remove(root, "f"); err != nil {
			t.Fatal(err)
		}
	}
	if all := names(t, dir); !slices.Equal(all, []string{"g"}) {
		t.Errorf("%q are left", all)
	}
	if err := (Disk{}).Tidy(root, "g"); err != nil {
		t.Fatal(err)
	}
	if _, err := root.Stat("g"); errors.Is(err, fs.ErrNotExist) {
		t.Error("tidying removes the file itself")
	}
}
