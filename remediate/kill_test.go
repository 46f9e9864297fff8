package remediate

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/journal"
)

// minKills is how many places of a run a process must have been killed at, so that a
// hook which gets lost is noticed.
const minKills = 200

// finish does what a user does after a crash: resume, or apply where nothing had
// begun, until it ends. rest bounds how often it is killed again, at random places.
func (w *world) finish(p *Plan, file []byte, dice *rand.Rand, rest int) {
	w.t.Helper()
	for {
		w.at = nil
		if rest > 0 {
			rest--
			w.at = killtest.At(w.count + 1 + dice.IntN(120))
		}
		err, lived := killtest.Alive(func() error {
			if _, err := os.Stat(w.tools().Home().Of(p.ID) + "/" + planName); err != nil {
				return w.apply(file)
			}
			return w.tools().Resume(w.t.Context(), p.ID, "")
		})
		if !lived {
			continue
		}
		if err != nil {
			w.t.Fatalf("resume: %v", err)
		}
		return
	}
}

// ends are the ways in which a step can go wrong.
var ends = []struct {
	name  string
	every int // of the steps that are tried
	at    func(n int) func(int) error
}{
	{"killed", 1, killtest.At},
	{"disk full", 4, func(n int) func(int) error { return killtest.FailAt(n, errors.New("no space left on device")) }},
}

// TestKilledApply ends an apply at each step that can be its last, before and after:
// every write of the journal (and in its middle), every file, rename and fsync, every
// call of the store. Resumed, it comes to the same end as an uninterrupted one: the
// same files, each secret in the store once, written once, and nothing half done.
func TestKilledApply(t *testing.T) { killedApply(t, newWorld(t), minKills) }

// TestKilledApplyTogether is TestKilledApply over a store that takes all entries of a
// target in one write, whose records are written together too: fewer places, same end.
func TestKilledApplyTogether(t *testing.T) {
	w := newWorld(t)
	w.batch = true
	killedApply(t, w, minKills/2)
}

func killedApply(t *testing.T, w *world, places int) {
	p, file := w.planned(Wish{To: "memory:"})
	w.count = 0
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	steps, wantFiles, wantStore := w.count, treeOf(t, w.dir), w.kept()
	dice, kills := rand.New(rand.NewPCG(1, 2)), 0
	for _, end := range ends {
		for n := 1; n <= steps; n += end.every {
			w.again()
			w.count, w.at = 0, end.at(n)
			err, lived := killtest.Alive(func() error { return w.apply(file) })
			if lived && err == nil && !w.batch { // what is not written together is tried one by one
				t.Errorf("%s at %d of %d steps: the run ended well", end.name, n, steps)
			}
			kills++
			w.finish(p, file, dice, n%3)
			if got := treeOf(t, w.dir); !maps.Equal(got, wantFiles) {
				t.Fatalf("%s at step %d: the files are %v", end.name, n, got)
			}
			if got := w.kept(); got != wantStore {
				t.Fatalf("%s at step %d: the store holds\n%s\nexpected\n%s", end.name, n, got, wantStore)
			}
			w.whole(p)
			if n%50 == 0 {
				w.silent(string(file), errorText(err))
			}
		}
	}
	t.Logf("%d steps, %d ends", steps, kills)
	if steps < places {
		t.Errorf("an apply has %d places to be killed at, fewer than %d", steps, places)
	}
	w.silent(string(file))
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// whole tells that the run's journal holds, and that its last word is the end.
func (w *world) whole(p *Plan) {
	w.t.Helper()
	s, err := w.tools().Status(p.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	if !s.Ended || s.Records[len(s.Records)-1].Phase != journal.End {
		w.t.Fatalf("the journal does not end: %+v", s.Records[len(s.Records)-1])
	}
}

// TestKilledRollback does the same to a rollback: the tree is again what it was, byte
// for byte, and the store holds nothing of ours.
func TestKilledRollback(t *testing.T) {
	w := newWorld(t)
	before := treeOf(t, w.dir)
	p, file := w.planned(Wish{To: "memory:"})
	applied := func() {
		t.Helper()
		w.at = nil
		if err := w.apply(file); err != nil {
			t.Fatal(err)
		}
		w.count = 0
	}
	applied()
	if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	steps := w.count
	if steps < minKills/2 {
		t.Errorf("a rollback has %d places to be killed at", steps)
	}
	for _, end := range ends {
		for n := 1; n <= steps; n += 2 * end.every {
			w.again()
			applied()
			w.at = end.at(n)
			if err, lived := killtest.Alive(func() error { return w.tools().Rollback(t.Context(), p.ID) }); lived && err == nil {
				t.Errorf("%s at step %d: the rollback ended well", end.name, n)
			}
			w.at = nil
			if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
				t.Fatalf("%s at step %d: %v", end.name, n, err)
			}
			if got := treeOf(t, w.dir); !maps.Equal(got, before) || w.kept() != "" {
				t.Fatalf("%s at step %d: a rollback leaves %v, and in the store %q", end.name, n, got, w.kept())
			}
			w.whole(p)
		}
	}
}

// TestKilledThenRolledBack: whatever point an apply has come to, it can be taken back.
func TestKilledThenRolledBack(t *testing.T) {
	w := newWorld(t)
	before := treeOf(t, w.dir)
	p, file := w.planned(Wish{To: "memory:"})
	w.count = 0
	if err := w.apply(file); err != nil {
		t.Fatal(err)
	}
	for n, steps := 1, w.count; n <= steps; n += 3 {
		w.again()
		w.count, w.at = 0, killtest.At(n)
		killtest.Alive(func() error { return w.apply(file) })
		w.at = nil
		if _, err := os.Stat(w.tools().Home().Of(p.ID) + "/" + planName); err != nil {
			continue // nothing had begun
		}
		if err := w.tools().Rollback(t.Context(), p.ID); err != nil {
			t.Fatalf("killed at step %d: %v", n, err)
		}
		if got := treeOf(t, w.dir); !maps.Equal(got, before) || w.kept() != "" {
			t.Fatalf("killed at step %d: a rollback leaves %v, and in the store %q", n, got, w.kept())
		}
	}
}
