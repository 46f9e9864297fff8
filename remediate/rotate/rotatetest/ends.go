package rotatetest

import (
	"context"
	"path/filepath"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

// rotated is the end of every rotation: the entry holds a new credential that works,
// alone; the old one is dead and remembered; nothing is left in the store or the folder.
func (w *world) rotated(what string, o *rotate.Order) {
	w.Helper()
	now := w.current()
	if now.Equal(w.scene.Old) {
		w.Fatalf("%s: the entry holds the old credential", what)
	}
	w.works(what, "the new credential", now, true)
	w.works(what, "the old credential", w.scene.Old, false)
	w.alone(what)
	w.tidy(what, o)
	if len(w.kept) == 0 {
		w.Errorf("%s: the old value was not remembered", what)
	}
	if !w.told.holds.Equal(now) {
		w.Errorf("%s: the consumer has another credential than the store", what)
	}
}

// unrotated is the end of every rollback.
func (w *world) unrotated(what string, o *rotate.Order) {
	w.Helper()
	if !w.current().Equal(w.scene.Old) {
		w.Fatalf("%s: the entry does not hold the old credential", what)
	}
	w.works(what, "the old credential", w.scene.Old, true)
	w.alone(what)
	w.tidy(what, o)
	if w.told.holds != nil && !w.told.holds.Equal(w.scene.Old) {
		w.Errorf("%s: the consumer still has the new credential", what)
	}
}

func (w *world) works(what, which string, c rotate.Credential, want bool) {
	w.Helper()
	got, err := w.scene.Works(c)
	if err != nil {
		w.Fatalf("%s: try %s: %v", what, which, err)
	}
	if got != want {
		w.Errorf("%s: %s works: %v", what, which, got)
	}
}

func (w *world) alone(what string) {
	w.Helper()
	if n, err := w.scene.Count(); err != nil || n != 1 {
		w.Errorf("%s: the provider has %d live credentials, %v", what, n, err)
	}
}

// tidy tells that nothing but the entries is in the store, and no sealed value in the
// folder.
func (w *world) tidy(what string, o *rotate.Order) {
	w.Helper()
	for _, name := range w.names {
		for _, beside := range []string{"-oakum-next", "-oakum-lease", "-oakum-try"} {
			if w.holds(name + beside) {
				w.Errorf("%s: %s is left in the store", what, name+beside)
			}
		}
		if e, err := w.store.Stat(context.Background(), name); err != nil || e.Pending != "" {
			w.Errorf("%s: version %q still waits, %v", what, e.Pending, err)
		}
	}
	if m, ok := w.store.(*storetest.Memory); ok && len(m.Names()) != len(w.names) {
		w.Errorf("%s: %d entries are in the store", what, len(m.Names()))
	}
	sealed, _ := filepath.Glob(filepath.Join(w.state, "runs", o.ID, "*.sealed"))
	if len(sealed) > 0 {
		w.Errorf("%s: %q are left in the run's folder", what, sealed)
	}
}

// holds tells whether something is kept under a name. Where a deleted name stays taken,
// an entry without a value is kept in its place.
func (w *world) holds(name string) bool {
	w.Helper()
	_, value, err := w.store.Read(context.Background(), name, "")
	switch code := store.CodeOf(err); {
	case code == store.NotFound || code == store.GoneName:
		return false
	case err != nil:
		w.Fatal(err)
	}
	d, err := w.store.Describe(context.Background())
	return err != nil || !d.Lingers || store.Plain(value) != "oakum: nothing is kept here now"
}
