package act

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/key"
)

// TestRuns: a kind's runs are told from the other's and from what else lies there, the
// oldest first.
func TestRuns(t *testing.T) {
	h := Home{Dir: t.TempDir()}
	if ids, err := h.Runs(Plans); err != nil || len(ids) > 0 {
		t.Errorf("before the first there are %q, %v", ids, err)
	}
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	late, early, other := Plans.NewID(day.AddDate(0, 0, 1)), Plans.NewID(day), Rotations.NewID(day)
	for _, name := range []string{late, other, early, "p20260102", early + ".bak", "lost+found"} {
		if err := os.MkdirAll(h.Of(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := h.Runs(Plans); err != nil || !slices.Equal(ids, []string{early, late}) {
		t.Errorf("plans: %q, %v", ids, err)
	}
	if ids, err := h.Runs(Rotations); err != nil || !slices.Equal(ids, []string{other}) {
		t.Errorf("rotations: %q, %v", ids, err)
	}
}

// TestLook: a run is read while another process has its lock, and what is not there is
// told from what is wrong.
func TestLook(t *testing.T) {
	k, err := key.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	h, id := Home{Dir: t.TempDir(), Key: k}, Plans.NewID(time.Now())
	read := func(file []byte) error {
		if string(file) != "the plan" {
			t.Errorf("read: %q", file)
		}
		return nil
	}
	if _, err := h.Look(id, "plan", read); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no run: %v", err)
	}
	f, err := h.Open(id, "plan", []byte("the plan"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Journal.Add(journal.Record{Plan: id, Phase: journal.Begin, Step: "apply"}); err != nil {
		t.Fatal(err)
	}
	if records, err := h.Look(id, "plan", read); err != nil || len(records) != 1 {
		t.Errorf("%d records, %v", len(records), err)
	}
	if _, err := h.Look(id, "order", read); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a run that is no rotation: %v", err)
	}
	refuse := errors.New("no")
	if _, err := h.Look(id, "plan", func([]byte) error { return refuse }); !errors.Is(err, refuse) {
		t.Errorf("a plan that is no good: %v", err)
	}
}

// TestOpID: an id is the same at every try, and what a store may have been told of an
// operation of the last version is what this one tells.
func TestOpID(t *testing.T) {
	if a := OpID("plan", "p20260102-0a1b2c3d", "s1"); a != "c55c7524-0ce3-5e37-83f6-7e057ae3d7b3" || OpID("plan", "p20260102-0a1b2c3d", "s2") == a {
		t.Errorf("it is %s", a)
	}
}
