package remediate

import (
	"slices"
	"time"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/rotate"
)

// Account is the life of one leaked secret, from the commit that brought it to the
// proof that it is gone. It holds no value.
type Account struct {
	Title    string   `json:"title"` // its name in the store
	Tag      string   `json:"tag"`
	Rule     string   `json:"rule,omitempty"`
	Findings []string `json:"findings,omitempty"`
	First    *First   `json:"first,omitempty"`
	Store    string   `json:"store"`
	State    State    `json:"state"`
	Rotator  string   `json:"rotator,omitempty"` // the kind that rotates it, where that is still to be done
	Next     string   `json:"next,omitempty"`    // the commands for it
	Stays    []Stay   `json:"stays,omitempty"`   // where it still stands
	Events   []Event  `json:"events"`
}

// Event is a thing that was done about it, and what was seen of that.
type Event struct {
	Time     time.Time `json:"time"`
	Run      string    `json:"run"` // a plan's id or a rotation's
	Who      string    `json:"who"`
	What     string    `json:"what"`
	Evidence string    `json:"evidence,omitempty"`
}

// Accounts are all secrets that plans moved or rotations replaced, the oldest first.
func (t *Tools) Accounts() ([]*Account, error) {
	all, err := t.movedAccounts()
	if err != nil {
		return nil, err
	}
	ids, err := t.Home().Runs(act.Rotations)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		p, err := rotate.ProgressOf(t.Home(), id)
		if err != nil {
			return nil, err
		}
		all = rotated(all, p)
	}
	for _, a := range all {
		if a.State != Moved && a.State != PartMoved {
			a.Rotator, a.Next = "", ""
		}
		slices.SortStableFunc(a.Events, func(x, y Event) int { return x.Time.Compare(y.Time) })
	}
	return all, nil
}

// Follow puts what rotations made of a plan's secrets into its status.
func (s *Status) Follow(all []*Account) {
	for i, sec := range s.Plan.Secrets {
		for _, a := range all {
			if a.Tag == sec.Tag && (s.States[i] == Moved || s.States[i] == PartMoved || s.States[i] == Stored) {
				s.States[i] = a.State
			}
		}
	}
}

// movedAccounts are those of plans.
func (t *Tools) movedAccounts() (all []*Account, err error) {
	ids, err := t.Home().Runs(act.Plans)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		s, err := t.Status(id)
		if err != nil {
			return nil, err
		}
		first := len(all)
		for i, sec := range s.Plan.Secrets {
			a := &Account{Title: sec.Name, Tag: sec.Tag, Rule: sec.Rule, Findings: sec.Findings, First: sec.First, Store: s.Plan.Stores[sec.Store].Identity, State: s.States[i], Stays: sec.Stays}
			if sec.Field != "" {
				a.Title += " " + sec.Field
			}
			a.Events = s.events(i)
			all = append(all, a)
		}
		for _, one := range s.Plan.Proposals() {
			for _, i := range one.Secrets {
				all[first+i].Rotator = one.Kind
				all[first+i].Next = "oakum remediate rotate draft " + id + "; oakum remediate rotate " + one.Name + " --dry-run"
			}
		}
	}
	return all, nil
}

// events are what a plan's journal tells of one of its secrets.
func (s *Status) events(secret int) (all []Event) {
	for _, step := range s.Plan.Steps {
		if step.Target != s.Plan.Secrets[secret].Target || step.Do == DoPut && !slices.Contains(step.Secrets, secret) {
			continue
		}
		all = append(all, told(s.Records, s.Plan.ID, step.ID, step.Text)...)
	}
	return all
}

// told are a step's ends.
func told(records []journal.Record, run, step, text string) (all []Event) {
	for _, r := range records {
		switch {
		case r.Step != step:
		case r.Phase == journal.Verified:
			all = append(all, Event{r.Time, run, r.Who, text, r.Text})
		case r.Phase == journal.Undone:
			all = append(all, Event{r.Time, run, r.Who, "taken back: " + text, r.Text})
		}
	}
	return all
}

// rotated adds a rotation to the secrets that it replaces: those whose value it knows
// by the same tag. One that no plan moved has an account of its own.
func rotated(all []*Account, p *rotate.Progress) []*Account {
	var about []*Account
	for _, a := range all {
		if slices.Contains(p.Order.Tags, a.Tag) {
			about = append(about, a)
		}
	}
	if about == nil {
		a := &Account{Title: p.Order.Store.Entry, Tag: p.Order.Tags[len(p.Order.Tags)-1], Rule: p.Order.Kind, Store: p.Order.Store.Identity}
		all, about = append(all, a), []*Account{a}
	}
	for _, a := range about {
		if p.State != rotate.Ordered && p.State != rotate.RolledBack || a.State == "" {
			a.State = State(p.State)
		}
		for _, stage := range p.Order.Stages {
			a.Events = append(a.Events, told(p.Records, p.Order.ID, stage.ID, stage.Text)...)
		}
	}
	return all
}
