package rotate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
)

// State is how far the old credential of a rotation is.
type State string

const (
	Ordered     State = "ORDERED"     // nothing new is live
	Renewed     State = "NEW_IS_LIVE" // and not in use yet
	Switched    State = "SWITCHED"    // programs are given the new one; the old one works
	Deactivated State = "DEACTIVATED" // the old one does not work, and can come back
	Retired     State = "RETIRED"     // gone for good
	RolledBack  State = "ROLLED_BACK"
)

// Progress is what a run's journal tells.
type Progress struct {
	Order   *Order
	Hash    string
	Records []journal.Record
	State   State
	Ended   bool
	Failed  string // the last words of the last stage that did not work
	Waiting string // for what, where that was its last word
}

// ProgressOf reads a run without its lock, for people: another process may be at it.
func ProgressOf(h act.Home, id string) (*Progress, error) {
	root, err := os.OpenRoot(h.Of(id))
	if err != nil {
		return nil, fmt.Errorf("no run of the rotation %s: %w", id, err)
	}
	defer root.Close()
	file, err := root.ReadFile(orderName)
	if err != nil {
		return nil, fmt.Errorf("read the rotation's order: %w", err)
	}
	p := &Progress{Hash: Hash(file)}
	if p.Order, _, err = ReadOrder(bytes.NewReader(file), h.Key); err != nil {
		return nil, err
	}
	if p.Records, err = journal.Read(root, h.Key); err != nil {
		return nil, err
	}
	p.read()
	return p, nil
}

// read works out the state.
func (p *Progress) read() {
	last, ended := journal.Last(p.Records)
	p.Ended, p.State = ended, Ordered
	if last == actRollback && ended {
		p.State = RolledBack
	}
	stages := map[string]State{"set": Renewed, "make": Renewed, "promote": Switched, "deactivate": Deactivated, "delete": Retired}
	for _, r := range p.Records {
		switch s, counts := stages[r.Step]; {
		case r.Phase == journal.Verified && counts && p.State != RolledBack:
			p.State = s
		case r.Phase == journal.Failed:
			p.Failed, p.Waiting = r.Text, ""
		case r.Phase == journal.Waiting:
			p.Failed, p.Waiting = "", r.Text
		case r.Phase == journal.Verified || r.Phase == journal.End:
			p.Failed, p.Waiting = "", ""
		}
	}
}

// Evidence is what was seen of a stage when it was done, "" before.
func (p *Progress) Evidence(stage string) (r journal.Record, ok bool) {
	for _, rec := range p.Records {
		switch {
		case rec.Step != stage:
		case rec.Phase == journal.Verified && !ok:
			r, ok = rec, true
		case rec.Phase == journal.Undone:
			ok = false
		}
	}
	return r, ok
}

// Runs are the ids of all rotations, the oldest first.
func Runs(h act.Home) (ids []string, err error) {
	entries, err := os.ReadDir(filepath.Join(h.Dir, "runs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if IsID(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	return ids, err
}
