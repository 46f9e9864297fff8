package state_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/internal/state"
)

func sample() state.State {
	s := state.State{Report: []byte(`{"a report":1}`), Objects: bytes.Repeat([]byte("objects"), 20)}
	for i := range s.World {
		s.Repository[i], s.Rules[i], s.World[i] = byte(i), byte(2*i), byte(3*i)
	}
	return s
}

// put writes a file with that content.
func put(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// read reads all of a state.
func read(name string) (s state.State, err error) {
	f, err := state.Open(name)
	if err != nil {
		return s, err
	}
	defer f.Close()
	s = f.State
	var err1, err2 error
	s.Report, err1 = f.ReadReport()
	s.Objects, err2 = f.ReadObjects()
	return s, errors.Join(err1, err2)
}

func TestRoundTrip(t *testing.T) {
	for _, want := range []state.State{sample(), {}} {
		got, err := read(put(t, want.Marshal()))
		if err != nil || got.Repository != want.Repository || got.Rules != want.Rules || got.World != want.World ||
			!bytes.Equal(got.Report, want.Report) || !bytes.Equal(got.Objects, want.Objects) {
			t.Errorf("written %v, read %v, %v", want, got, err)
		}
	}
	if _, err := state.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a state that is not there: %v", err)
	}
	if _, err := state.Open(t.TempDir()); !errors.Is(err, state.ErrForeign) {
		t.Errorf("a folder: %v", err)
	}
}

// TestDamage: whatever byte is another one, missing or too many, it is noticed.
func TestDamage(t *testing.T) {
	s := sample()
	whole := s.Marshal()
	want := func(what string, at int, content []byte) {
		t.Helper()
		if _, err := read(put(t, content)); !errors.Is(err, state.ErrDamaged) && !errors.Is(err, state.ErrForeign) {
			t.Errorf("%s at %d: %v", what, at, err)
		}
	}
	for i := range whole {
		want("cut", i, whole[:i])
		bent := slices.Clone(whole)
		bent[i] ^= 1 << (i % 8)
		want("bent", i, bent)
	}
	want("longer", len(whole), append(whole, 0))
}
