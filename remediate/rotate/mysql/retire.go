package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// Verify logs in at every address, as the application would, and asks its question. A
// login is from one host: the others' accounts are looked at.
func (r *Rotator) Verify(ctx context.Context, c rotate.Credential) error {
	var all []error
	err := r.each(ctx, c, func(_ *session, a account) error {
		if a.locked || !a.holds(password(c)) {
			all = append(all, fmt.Errorf("%s is not let in with the new password", a))
		}
		return nil
	})
	if err != nil || all != nil {
		return errors.Join(append(all, err)...)
	}
	for _, address := range r.set.Addresses {
		if err := r.try(ctx, address, c); err != nil {
			if refused(err) && len(r.set.Addresses) > 1 { // a replica hears of it a little later
				err = fmt.Errorf("%w: %w", rotate.ErrNotYet, err)
			}
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func (r *Rotator) try(ctx context.Context, address string, c rotate.Credential) error {
	s, err := r.open(ctx, address, dbuser.Name(c), password(c), false)
	if err != nil {
		return err
	}
	defer s.close()
	if err := r.opt.Around(func() error { return s.conn.try(ctx, r.set.Asked()) }); err != nil {
		return fmt.Errorf("%s logs in at %s, and its check fails: %w", dbuser.Name(c), address, err)
	}
	return nil
}

// Status compares what each server keeps with the old password.
func (r *Rotator) Status(ctx context.Context, old rotate.Credential) (rotate.Status, error) {
	worst := rotate.Gone
	err := r.everywhere(ctx, func(s *session) error {
		is, err := r.status(ctx, s, old)
		worst = dbuser.Worse(worst, is)
		return err
	})
	if err != nil {
		return rotate.Unknown, err
	}
	return worst, nil
}

func (r *Rotator) status(ctx context.Context, s *session, old rotate.Credential) (rotate.Status, error) {
	all, err := r.accounts(ctx, s, dbuser.Name(old))
	if err != nil || len(all) == 0 {
		return rotate.Gone, err
	}
	count := map[rotate.Status]int{}
	for _, a := range all {
		count[r.standing(a, password(old))]++
	}
	for status, n := range count {
		if n == len(all) {
			return status, nil
		}
	}
	return rotate.Unknown, nil // its hosts differ: something ended in the middle
}

// standing is the status of one account.
func (r *Rotator) standing(a account, old leak.Secret) rotate.Status {
	switch has := a.holds(old); {
	case has && a.locked:
		return rotate.Inactive
	case has:
		return rotate.Live
	case r.turns() && !a.locked:
		// It has a password that the rotation knows nothing of: whoever had the old one
		// could set it. It is to be locked all the same.
		return rotate.Unknown
	}
	return rotate.Gone
}

// Uses are the sessions of the old user that are open now. Where the user stays, those
// that were idle since before its password was changed: when a session began, no server
// tells.
func (r *Rotator) Uses(ctx context.Context, old rotate.Credential, told time.Time) (all []rotate.Use, err error) {
	err = r.everywhere(ctx, func(s *session) error {
		question, args := "SELECT COUNT(*), SUBSTRING_INDEX(HOST, ':', 1) FROM information_schema.PROCESSLIST WHERE USER = ?", []any{dbuser.Name(old)}
		if !r.turns() {
			at, err := r.changed(ctx, s, dbuser.Name(old))
			if err != nil {
				return err
			}
			if at == 0 {
				at = told.Unix()
			}
			question += " AND TIME >= CAST(UNIX_TIMESTAMP() AS SIGNED) - ?"
			args = append(args, at)
		}
		rows, err := s.ask(ctx, question+" GROUP BY 2 ORDER BY 2", args...)
		for _, row := range rows {
			all = append(all, rotate.Use{What: fmt.Sprintf("%s sessions from %s at %s", row[0], row[1], s.address)})
		}
		return err
	})
	return all, err
}

// changed is when a user's password was changed last, in seconds since 1970; 0 where the
// server does not say.
func (r *Rotator) changed(ctx context.Context, s *session, user string) (int64, error) {
	question := "SELECT MAX(UNIX_TIMESTAMP(password_last_changed)) FROM mysql.user WHERE User = ?"
	if r.server.maria {
		question = "SELECT MAX(CAST(JSON_VALUE(Priv, '$.password_last_changed') AS UNSIGNED)) FROM mysql.global_priv WHERE User = ?"
	}
	text, err := s.one(ctx, question, user)
	if err != nil {
		return 0, err
	}
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, nil
	}
	return at, nil
}

// Deactivate locks the old user. Sessions that are open end where the settings say so.
func (r *Rotator) Deactivate(ctx context.Context, old, now rotate.Credential) error {
	if !r.turns() {
		return fmt.Errorf("%s still has the old password: the new one was not set, or somebody set the old one again", dbuser.Name(old))
	}
	if err := dbuser.Apart(old, now); err != nil {
		return err
	}
	return r.with(ctx, old, func(s *session, all []account) error { return r.rest(ctx, s, all, false) })
}

// with does something with the accounts of a credential's user.
func (r *Rotator) with(ctx context.Context, c rotate.Credential, do func(*session, []account) error) error {
	s, err := r.primary(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	all, err := r.accounts(ctx, s, dbuser.Name(c))
	if err != nil {
		return err
	}
	return do(s, all)
}

func (r *Rotator) each(ctx context.Context, c rotate.Credential, do func(*session, account) error) error {
	return r.with(ctx, c, func(s *session, all []account) error {
		for _, a := range all {
			if err := do(s, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// rest locks a user's accounts, and has them forget their password where that is for good.
func (r *Rotator) rest(ctx context.Context, s *session, all []account, good bool) error {
	for _, a := range all {
		how := ""
		if good {
			how = identified(a.plugin, nobodys())
		}
		if err := s.run(ctx, "ALTER USER "+a.String()+how+" ACCOUNT LOCK"); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	return r.rested(ctx, all)
}

// rested waits until accounts of a user are locked at every address: a session that is ended
// where they are not comes back. Then the user's sessions end, where the settings say so.
func (r *Rotator) rested(ctx context.Context, locked []account) error {
	user := locked[0].user
	lets := func(a account) bool {
		return !a.locked && slices.ContainsFunc(locked, func(b account) bool { return a.host == b.host })
	}
	err := r.opt.Settled(ctx, func() (lagging string, err error) {
		err = r.everywhere(ctx, func(s *session) error {
			all, err := r.accounts(ctx, s, user)
			if slices.ContainsFunc(all, lets) {
				lagging = s.address
			}
			return err
		})
		return lagging, err
	})
	if err != nil || !*r.set.Terminate {
		return err
	}
	return r.everywhere(ctx, func(s *session) error {
		rows, err := s.ask(ctx, "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = ?", user)
		for _, row := range rows {
			s.run(ctx, "KILL "+row[0]) // it may have ended by itself
		}
		return err
	})
}

// Reactivate unlocks the old user, where it still has its password.
func (r *Rotator) Reactivate(ctx context.Context, old rotate.Credential) error {
	if !r.turns() {
		return nil
	}
	return r.each(ctx, old, func(s *session, a account) error {
		if !a.holds(password(old)) {
			return fmt.Errorf("the password of %s is gone: it cannot be made active again", a)
		}
		return s.run(ctx, "ALTER USER "+a.String()+" ACCOUNT UNLOCK")
	})
}

// Delete has the old user forget its password. The user stays, locked, with its grants:
// it is the next rotation's new one. Of two passwords the old one is discarded, where
// the new one is the first.
func (r *Rotator) Delete(ctx context.Context, old, now rotate.Credential) error {
	switch r.set.Mode {
	case dbuser.Single:
		return nil
	case dbuser.Dual:
		return r.discard(ctx, old, now)
	}
	if err := dbuser.Apart(old, now); err != nil {
		return err
	}
	return r.with(ctx, old, func(s *session, all []account) error { return r.rest(ctx, s, all, true) })
}

func (r *Rotator) discard(ctx context.Context, old, now rotate.Credential) error {
	return r.each(ctx, old, func(s *session, a account) error {
		switch {
		case !a.first(password(now)):
			return fmt.Errorf("%s does not have the new password: the old one stays", a)
		case a.second == "":
			return nil
		}
		return s.run(ctx, "ALTER USER "+a.String()+" DISCARD OLD PASSWORD")
	})
}
