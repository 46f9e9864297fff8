package lock

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestOneHolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "lock")
	first, err := Take(file, "apply of plan p1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(file, "another"); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "apply of plan p1, process ") {
		t.Errorf("taken twice, or nobody says by whom: %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := Take(file, "another")
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
}
