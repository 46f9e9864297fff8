package rotatetest

import (
	"path/filepath"
	"time"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

// scheduled: an entry is begun when its time has come, gone on with while it waits, and
// left alone until its time comes again. Where nobody is to be asked it says yes by itself.
func scheduled(w *world) {
	const month = 30 * 24 * time.Hour
	w.set.Every, w.set.Unattended = rotate.Duration(month), true
	if due := w.due(); len(due) != 1 || due[0].ID != "" {
		w.Fatalf("at first %+v are due", due)
	}
	began := w.clock
	for n := 0; ; n++ {
		due := w.due()
		if len(due) == 0 {
			break
		}
		if n > 0 && due[0].ID == "" || n > 20 {
			w.Fatalf("it is begun %d times", n+1)
		}
		err := w.machine().Attend(w.Context(), filepath.Join(w.state, "rotations.yaml"), due[0])
		if err != nil && !w.waited(err) {
			w.Fatal(err)
		}
	}
	w.works("rotated by itself", "the new credential", w.current(), true)
	w.works("rotated by itself", "the old credential", w.scene.Old, false)
	w.clock = began.Add(month - time.Hour)
	if due := w.due(); len(due) != 0 {
		w.Errorf("before its time %+v are due", due)
	}
	w.clock = began.Add(month + time.Hour)
	if due := w.due(); len(due) != 1 || due[0].ID != "" {
		w.Errorf("when its time has come again %+v are due", due)
	}
}

func (w *world) due() []rotate.Due {
	w.Helper()
	due, err := w.machine().Due([]rotate.Settings{w.set})
	if err != nil {
		w.Fatal(err)
	}
	return due
}
