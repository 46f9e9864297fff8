package rotate

import (
	"context"
	"time"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/signed"
)

// Due is a rotation that is to be attended to now.
type Due struct {
	Settings Settings
	ID       string // of the run to go on with; "": a new one begins
}

// Due are the rotations that are open, and those whose time has come: an entry's time
// is counted from when its last rotation began.
func (m *Machine) Due(all []Settings) (due []Due, err error) {
	ids, err := m.Home.Runs(act.Rotations)
	if err != nil {
		return nil, err
	}
	last, open := map[string]time.Time{}, map[string]string{}
	for _, id := range ids {
		p, err := ProgressOf(m.Home, id)
		if err != nil {
			return nil, err
		}
		if p.State != RolledBack {
			last[p.Order.Name] = p.Order.Created
		}
		if !p.Ended {
			open[p.Order.Name] = id
		}
	}
	for _, s := range all {
		every := time.Duration(s.Every)
		began, ever := last[s.Name]
		switch {
		case open[s.Name] != "":
			due = append(due, Due{s, open[s.Name]})
		case every > 0 && (!ever || !m.now().Before(began.Add(every))):
			due = append(due, Due{Settings: s})
		}
	}
	return due, nil
}

// Attend goes on with a rotation that is due, or begins it. An entry that is unattended
// has its order approved; others wait for a person at the first stage that hurts.
func (m *Machine) Attend(ctx context.Context, file string, d Due) error {
	if d.ID == "" {
		_, order, err := m.Order(ctx, file, d.Settings.Name)
		if err != nil {
			return err
		}
		_, err = m.Run(ctx, order, d.approval(signed.Hash(order)))
		return err
	}
	p, err := ProgressOf(m.Home, d.ID)
	if err != nil {
		return err
	}
	return m.Resume(ctx, d.ID, d.approval(p.Hash))
}

func (d Due) approval(hash string) string {
	if d.Settings.Unattended {
		return hash
	}
	return ""
}
