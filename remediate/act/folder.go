package act

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/lock"
)

// Home is where the runs of plans lie, each in a folder of its own: the plan, its
// journal, and what it must keep.
type Home struct {
	Dir  string // in the user's state folder
	Key  *key.Key
	Disk disk.Disk
	Who  string           // user and host, for the journal
	Now  func() time.Time // nil is real time
}

// Of is the folder of a run.
func (h Home) Of(id string) string { return filepath.Join(h.Dir, "runs", id) }

// Folder is the folder of one run, under the lock that all runs of the Home share.
type Folder struct {
	Root    *os.Root
	Journal *journal.Journal
	File    []byte // the plan, as it was when the run began
	lock    *lock.Lock
}

// Open opens the run of a plan. name is the plan's in the folder; file its content, or
// nil to go on with a run that has begun.
func (h Home) Open(id, name string, file []byte) (*Folder, error) {
	held, err := lock.Take(filepath.Join(h.Dir, "lock"), "oakum remediate, plan "+id)
	if err != nil {
		return nil, err
	}
	f, open := &Folder{lock: held}, false
	defer func() {
		if !open {
			f.Close()
		}
	}()
	if err := h.fill(f, id, name, file); err != nil {
		return nil, err
	}
	open = true
	return f, nil
}

func (h Home) fill(f *Folder, id, name string, file []byte) (err error) {
	if f.Root, err = h.root(id, file != nil); err != nil {
		return err
	}
	if f.File, err = h.keep(f.Root, name, file); err != nil {
		return err
	}
	if f.Journal, err = journal.Open(f.Root, h.Key, h.Disk); err != nil {
		return err
	}
	f.Journal.Who = h.Who
	if h.Now != nil {
		f.Journal.Now = h.Now
	}
	return nil
}

func (h Home) root(id string, fresh bool) (*os.Root, error) {
	if fresh {
		return h.Disk.Folder(h.Of(id))
	}
	root, err := os.OpenRoot(h.Of(id))
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("no run of the plan %s has begun: `oakum remediate status` lists them", id)
	}
	return root, err
}

// keep writes the plan into the run's folder, or reads it from there.
func (h Home) keep(root *os.Root, name string, file []byte) ([]byte, error) {
	there, err := root.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && file != nil:
		if err := h.Disk.Replace(root, name, file, 0o600); err != nil {
			return nil, fmt.Errorf("keep the plan: %w", err)
		}
		return file, nil
	case err != nil:
		return nil, fmt.Errorf("read the run's plan: %w", err)
	case file != nil && !bytes.Equal(file, there):
		return nil, errors.New("another plan of the same id was begun already: plan again")
	}
	return there, nil
}

// Close gives the lock back.
func (f *Folder) Close() {
	if f.Journal != nil {
		f.Journal.Close()
	}
	if f.Root != nil {
		f.Root.Close()
	}
	f.lock.Release()
}
