package remediate

import (
	"bytes"
	"slices"

	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/signed"
)

// State is how far a secret is.
type State string

const (
	Planned    State = "PLANNED"
	Stored     State = "STORED"            // in the store, and still in its files
	Moved      State = "MOVED_NOT_ROTATED" // out of its files, and as leaked as before
	PartMoved  State = "PARTLY_MOVED"      // some files still hold it
	RolledBack State = "ROLLED_BACK"
)

// Status is what a run's journal tells.
type Status struct {
	Plan     *Plan
	Hash     string
	Records  []journal.Record
	Act      string // "apply", "rollback", "finish"; "" before the first
	Ended    bool
	Verified map[string]bool // steps
	Failed   string          // the last words of the last step that did not work
	States   []State         // of the plan's secrets
}

// Status reads a run without its lock, for people: another process may be at it.
func (t *Tools) Status(id string) (s *Status, err error) {
	s = &Status{Verified: map[string]bool{}}
	s.Records, err = t.Home().Look(id, planName, func(file []byte) (err error) {
		s.Hash = signed.Hash(file)
		s.Plan, err = Decode(bytes.NewReader(file), t.Key)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.Act, s.Ended = journal.Last(s.Records)
	for _, r := range s.Records {
		switch r.Phase {
		case journal.Verified:
			s.Verified[r.Step] = true
		case journal.Undone:
			delete(s.Verified, r.Step)
		case journal.Failed:
			s.Failed = r.Text
		case journal.End:
			s.Failed = ""
		}
	}
	for i := range s.Plan.Secrets {
		s.States = append(s.States, s.state(i))
	}
	return s, nil
}

func (s *Status) state(secret int) State {
	sec := s.Plan.Secrets[secret]
	if s.Act == actRollback && s.Ended {
		return RolledBack
	}
	stored, changed := false, true
	for _, step := range s.Plan.Steps {
		if step.Target != sec.Target {
			continue
		}
		switch {
		case step.Do == DoPut && slices.Contains(step.Secrets, secret):
			stored = s.Verified[step.ID]
		case step.Do != DoPut:
			changed = changed && s.Verified[step.ID]
		}
	}
	switch {
	case !stored:
		return Planned
	case !changed:
		return Stored
	case slices.ContainsFunc(sec.Stays, func(at Stay) bool { return at.File != "" }):
		return PartMoved
	}
	return Moved
}
