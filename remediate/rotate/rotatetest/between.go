package rotatetest

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
)

// between: a credential whose parts are apart is never read half new in a store that
// writes all at once; in another one, only between the two writes, where nobody has been
// told anything. Ended there it is resumed or taken back, and refused there it is put back.
func between(w *world) {
	if !w.suite.Apart {
		w.Skip("the credential is in one entry")
	}
	for _, w.plain = range []bool{false, true} {
		if _, waits := w.store.(store.Promoter); w.plain && !waits {
			return // there is nothing to hide
		}
		at := w.halves()
		_, together := w.driver().(store.BatchPromoter)
		w.Logf("a pair that does not match can be read at %d steps", len(at))
		switch {
		case together && len(at) > 0:
			w.Errorf("a store that writes all at once shows half a credential at the steps %v", at)
		case !together && len(w.changed()) > 1 && (len(at) == 0 || len(at) > mostHalves || at[len(at)-1]-at[0] != len(at)-1):
			w.Errorf("half a credential is seen at the steps %v: not only between two writes, or never", at)
		}
		for i, n := range at {
			if i == 0 || w.every() == 1 {
				w.endedBetween(n, i == 0, false)
			}
			if i == len(at)-1 || w.every() == 1 {
				w.endedBetween(n, i == 0, true)
			}
		}
		w.refusedBetween()
	}
}

// mostHalves is how many steps there are, at most, between the write of one entry and
// that of the next, of which each call has two: the first is read back, and of the next
// the tags and the value are looked at.
const mostHalves = 8

// changed are the parts that a rotation changed.
func (w *world) changed() (parts []string) {
	now := w.current()
	for _, part := range w.trait.Parts {
		if !now[part].Equal(w.scene.Old[part]) {
			parts = append(parts, part)
		}
	}
	return parts
}

// halves are the steps of a rotation at which half a credential can be read.
func (w *world) halves() (at []int) {
	w.Helper()
	w.again()
	seen, now, wrote := []rotate.Credential{}, w.current(), w.wrote
	o, file := w.order()
	w.count, w.at = 0, func(int) error {
		if w.wrote != wrote {
			now, wrote = w.current(), w.wrote
		}
		seen = append(seen, now)
		if len(w.told.holds) > 0 && !w.told.holds.Equal(now) {
			w.Error("a consumer is told before both parts are there")
		}
		return nil
	}
	for {
		err := w.goOn(o, file)
		if err == nil {
			break
		} else if !w.waited(err) {
			w.Fatal(err)
		}
	}
	w.at = nil
	w.rotated("a rotation of parts that are apart", o)
	for n, c := range seen {
		if !c.Equal(w.scene.Old) && !c.Equal(w.current()) {
			at = append(at, n+1)
		}
	}
	return at
}

// endedBetween ends a rotation where half a credential can be read. It is resumed, or
// taken back; also where the folder has lost what it had sealed of the new one: what waits
// is enough.
func (w *world) endedBetween(n int, lost, back bool) {
	w.Helper()
	w.again()
	o, file := w.order()
	w.count, w.at = 0, killtest.At(n)
	if _, lived := killtest.Alive(func() error { return w.goOn(o, file) }); lived {
		w.Fatalf("it is not ended at step %d", n)
	}
	w.kills++
	w.at = nil
	if len(w.told.holds) > 0 {
		w.Error("a consumer was told between the two writes")
	}
	if w.trait.Overlap {
		w.works(name("ended between the entries, at step", n), "the old credential", w.scene.Old, true)
	}
	if p, err := rotate.ProgressOf(w.machine().Home, o.ID); err != nil || !p.Between {
		w.Errorf("the status does not tell that it was ended between the two writes: %v", err)
	}
	if lost {
		if err := os.Remove(filepath.Join(w.state, "runs", o.ID, "escrow.sealed")); err != nil {
			w.Error(err)
		}
	}
	if !back {
		w.finish(o, file, nil, 0)
		w.rotated(name("ended between the entries, at step", n), o)
		return
	}
	if err := w.machine().Rollback(w.Context(), o.ID); err != nil {
		w.Fatal(err)
	}
	w.unrotated(name("taken back between the entries, from step", n), o)
}

// refusedBetween: where the second entry cannot be written, the first one has its old
// value again, without anybody's doing.
func (w *world) refusedBetween() {
	w.Helper()
	w.again()
	o, file := w.order()
	w.deny = w.last()
	err := w.goOn(o, file)
	w.deny = ""
	if err == nil || !strings.Contains(err.Error(), "you may not write it") {
		w.Fatalf("where the last entry cannot be written it ends with %v", err)
	}
	if !w.current().Equal(w.scene.Old) {
		w.Error("where the last entry cannot be written, another one keeps its new value")
	}
	if err := w.machine().Rollback(w.Context(), o.ID); err != nil {
		w.Fatal(err)
	}
	w.unrotated("where the last entry cannot be written", o)
}
