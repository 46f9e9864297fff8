package rotate

import (
	"bytes"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/signed"
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
	Between bool   // it was ended while several entries were written: one may be new, and another old
}

// ProgressOf reads a run without its lock, for people: another process may be at it.
func ProgressOf(h act.Home, id string) (p *Progress, err error) {
	p = &Progress{}
	p.Records, err = h.Look(id, orderName, func(file []byte) (err error) {
		p.Hash = signed.Hash(file)
		p.Order, _, err = ReadOrder(bytes.NewReader(file), h.Key)
		return err
	})
	if err != nil {
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
		if r.Step == "promote" {
			p.Between = len(p.Order.Store.Parts) > 0 && r.Phase != journal.Verified && r.Phase != journal.Undone
		}
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
