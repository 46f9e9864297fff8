package realtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A part that broke off half way is not taken for a whole one, and is brought
// once only.
func TestBring(t *testing.T) {
	t.Setenv("OAKUM_PARTS", t.TempDir())
	brought, broken := 0, true
	part := Part{Name: "sample", Program: "bin/sample", recipe: "v1", bring: func(_ context.Context, dir string) error {
		brought++
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "bin"), 0o755), os.WriteFile(filepath.Join(dir, "bin", "sample"), nil, 0o755)); err != nil {
			return err
		}
		if broken {
			return errors.New("the line went dead")
		}
		return nil
	}}
	if _, err := part.Bring(t.Context()); err == nil {
		t.Error("a part that broke off was taken")
	}
	if _, err := part.Path(); err == nil {
		t.Error("half a part is there")
	}
	broken = false
	for range 2 {
		path, err := part.Bring(t.Context())
		if err != nil || filepath.Base(path) != "sample" {
			t.Fatalf("%q, %v", path, err)
		}
	}
	if brought != 2 {
		t.Errorf("brought %d times, expected 2", brought)
	}
	part.recipe = "v2"
	if _, err := part.Path(); err == nil {
		t.Error("another version's part was taken")
	}
}

func TestRanIsNoted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ran")
	t.Setenv("OAKUM_PARTS_RAN", file)
	for _, name := range []string{"git", "git"} {
		if err := noteRan(name); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "git\ngit\n" {
		t.Errorf("%q, %v", b, err)
	}
}
