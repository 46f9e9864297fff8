package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// Provision makes the new password valid, beside the old one where the mode has that.
func (r *Rotator) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	old, fresh := dbuser.Name(p.Old), dbuser.Name(p.New)
	if want, err := r.other(old); err != nil || fresh != want {
		return nil, errors.Join(err, fmt.Errorf("the new credential is of %s, and it is the turn of %s", fresh, want))
	}
	s, err := r.primary(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	all, err := r.accounts(ctx, s, old)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the user %s is gone from %s", old, s.address)
	}
	switch r.set.Mode {
	case dbuser.Dual:
		err = r.retain(ctx, s, p, all)
	case dbuser.Single:
		err = r.replace(ctx, s, all, p.Old, p.New)
	default:
		err = r.take(ctx, s, p, all, fresh)
	}
	return p.New, err
}

// retain gives each account the new password beside its own. To do it twice would make
// the new one the second and lose the old one.
func (r *Rotator) retain(ctx context.Context, s *session, p rotate.Provision, all []account) error {
	for _, a := range all {
		if a.first(password(p.New)) {
			continue
		}
		if err := standing(a, p.Old); err != nil {
			return err
		}
		if err := s.run(ctx, "ALTER USER "+a.String()+" IDENTIFIED WITH "+a.plugin+" BY "+literal(password(p.New))+" RETAIN CURRENT PASSWORD"); err != nil {
			return err
		}
	}
	return nil
}

// replace gives each account another password in the place of the one that it has.
func (r *Rotator) replace(ctx context.Context, s *session, all []account, from, to rotate.Credential) error {
	for _, a := range all {
		if a.first(password(to)) {
			continue
		}
		if err := standing(a, from); err != nil {
			return err
		}
		if err := s.run(ctx, "ALTER USER "+a.String()+identified(a.plugin, password(to))); err != nil {
			return err
		}
	}
	return nil
}

// standing makes sure that an account has the password that is to be replaced. A third
// is never made.
func standing(a account, c rotate.Credential) error {
	if a.first(password(c)) {
		return nil
	}
	return fmt.Errorf("%s has neither the old nor the new password: somebody changed it since the rotation was ordered. Nothing is done; look who that was, set one of the two by hand, and resume or roll back", a)
}

// take makes the second user like the first, is sure of it, and lets it in.
func (r *Rotator) take(ctx context.Context, s *session, p rotate.Provision, old []account, name string) error {
	fresh, err := r.accounts(ctx, s, name)
	if err != nil {
		return err
	}
	for _, b := range fresh {
		if !b.locked && !b.holds(password(p.New)) {
			return fmt.Errorf("%s can log in, and this rotation did not let it: somebody uses it, or another rotation goes on. Nothing is done", b)
		}
	}
	if err := r.liken(ctx, s, old, fresh, name); err != nil {
		return err
	}
	if fresh, err = r.accounts(ctx, s, name); err != nil {
		return err
	}
	for _, b := range fresh {
		i := slices.IndexFunc(old, func(a account) bool { return a.host == b.host })
		if i < 0 || b.holds(password(p.New)) && !b.locked {
			continue
		}
		if err := s.run(ctx, "ALTER USER "+b.String()+identified(old[i].plugin, password(p.New))+" ACCOUNT UNLOCK"); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rotator) liken(ctx context.Context, s *session, old, fresh []account, name string) error {
	d, err := r.compare(ctx, s, old, fresh, name)
	if err != nil {
		return err
	}
	for _, b := range d.absent {
		if err := s.run(ctx, "CREATE USER "+b.String()+identified(b.plugin, nobodys())+" ACCOUNT LOCK"); err != nil {
			return err
		}
	}
	if err := s.run(ctx, d.missing...); err != nil {
		return fmt.Errorf("give %s what the old user has: %w", name, err)
	}
	if fresh, err = r.accounts(ctx, s, name); err != nil {
		return err
	}
	if d, err = r.compare(ctx, s, old, fresh, name); err != nil || d.none() {
		return err
	}
	return fmt.Errorf("%s is not what %s is: it lacks [%s] and has beyond it [%s]; mend that, then resume", name, old[0].user, some(d.missing), some(d.extra))
}

// Withdraw takes the new password back, where it is this rotation's.
func (r *Rotator) Withdraw(ctx context.Context, p rotate.Provision) error {
	old, fresh := dbuser.Name(p.Old), dbuser.Name(p.New)
	s, err := r.primary(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	all, err := r.accounts(ctx, s, fresh)
	if err != nil {
		return err
	}
	switch {
	case r.set.Mode == dbuser.Dual:
		return r.giveBack(ctx, s, p, all)
	case r.set.Mode == dbuser.Single:
		return r.replace(ctx, s, all, p.New, p.Old)
	case old == fresh:
		return fmt.Errorf("%s is both the old and the new user: nothing is done", old)
	}
	ours := slices.DeleteFunc(all, func(b account) bool { return !b.locked && !b.holds(password(p.New)) })
	return r.rest(ctx, s, ours, true)
}

// giveBack makes the old password the only one again: it is set once more, and the
// second, which is the same, discarded.
func (r *Rotator) giveBack(ctx context.Context, s *session, p rotate.Provision, all []account) error {
	for _, a := range all {
		var statements []string
		if !a.first(password(p.Old)) {
			if err := standing(a, p.New); err != nil {
				return err
			}
			statements = append(statements, "ALTER USER "+a.String()+" IDENTIFIED WITH "+a.plugin+" BY "+literal(password(p.Old)))
		}
		if a.second != "" {
			statements = append(statements, "ALTER USER "+a.String()+" DISCARD OLD PASSWORD")
		}
		if err := s.run(ctx, statements...); err != nil {
			return err
		}
	}
	return nil
}
