package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oakum-sec/oakum/remediate/internal/scram"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// Verify logs in at every address, as the application would, and asks its question.
func (r *Rotator) Verify(ctx context.Context, c rotate.Credential) error {
	var all []error
	for _, address := range r.set.Addresses {
		if err := r.try(ctx, address, c); err != nil {
			if refused(err) && len(r.set.Addresses) > 1 { // a standby hears of it a little later
				err = fmt.Errorf("%w: %w", rotate.ErrNotYet, err)
			}
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func (r *Rotator) try(ctx context.Context, address string, c rotate.Credential) error {
	s, err := r.dial(ctx, address, r.set.Database, dbuser.Name(c), password(c), false)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	err = r.opt.Around(func() error {
		return pgx.BeginTxFunc(ctx, s.Conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, r.set.Asked())
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("%s logs in at %s, and its check fails: %w", dbuser.Name(c), address, err)
	}
	return nil
}

// refused tells a wrong password, or a user who is locked or unknown.
func refused(err error) bool { return code(err) == wrong || code(err) == barred }

// Status compares what each server keeps with the old password. Where a cloud's admin may
// not see that, it logs in.
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
	name := dbuser.Name(old)
	is, err := s.lookAt(ctx, name)
	if err != nil {
		return rotate.Unknown, err
	}
	if is == nil {
		return rotate.Gone, nil
	}
	kept, can, err := s.kept(ctx, name)
	if err != nil {
		return rotate.Unknown, err
	}
	if !can {
		return r.tried(ctx, s.address, is, old)
	}
	has, err := scram.Holds(kept, name, password(old))
	switch {
	case err != nil:
		return rotate.Unknown, err
	case has && is.login:
		return rotate.Live, nil
	case has:
		return rotate.Inactive, nil
	case is.login && !r.single() && kept != "":
		// It has a password that the rotation knows nothing of: whoever had the old one
		// could set it. It is to be locked all the same.
		return rotate.Unknown, nil
	}
	return rotate.Gone, nil
}

func (r *Rotator) login(ctx context.Context, address string, c rotate.Credential) error {
	s, err := r.dial(ctx, address, r.set.Database, dbuser.Name(c), password(c), false)
	if err == nil {
		s.close(ctx)
	}
	return err
}

// tried is what a login tells: the server looks at the password first, and then whether
// the role may log in at all.
func (r *Rotator) tried(ctx context.Context, address string, is *role, old rotate.Credential) (rotate.Status, error) {
	switch err := r.login(ctx, address, old); {
	case err == nil:
		return rotate.Live, nil
	case code(err) == wrong && (r.single() || !is.login):
		return rotate.Gone, nil
	case code(err) == wrong:
		return rotate.Unknown, nil // another password, as above
	case code(err) == barred && !is.login:
		return rotate.Inactive, nil
	default:
		return rotate.Unknown, err
	}
}

// Uses are the sessions of the old user that are open now. Where the user stays, those
// that are older than its new password.
func (r *Rotator) Uses(ctx context.Context, old rotate.Credential, told time.Time) (all []rotate.Use, err error) {
	question := `SELECT count(*), coalesce(nullif(application_name, ''), 'a program'), coalesce(host(client_addr), 'the server itself') FROM pg_stat_activity
		WHERE usename = $1 AND application_name <> $2 AND ($3::text = '' OR backend_start IS NULL OR backend_start < nullif($3, '')::timestamptz) GROUP BY 2, 3 ORDER BY 2, 3`
	err = r.everywhere(ctx, func(s *session) error {
		before := ""
		if r.single() {
			var err error
			if before, err = s.noted(ctx, dbuser.Name(old)); err != nil {
				return err
			}
			if before == "" {
				before = told.UTC().Format(time.RFC3339Nano)
			}
		}
		rows, err := s.rows(ctx, question, dbuser.Name(old), r.name, before)
		for _, row := range rows {
			all = append(all, rotate.Use{What: fmt.Sprintf("%s sessions of %s from %s at %s", row[0], row[1], row[2], s.address)})
		}
		return err
	})
	return all, err
}

// Deactivate has the old role log in no more. Sessions that are open end where the
// settings say so, at every address.
func (r *Rotator) Deactivate(ctx context.Context, old, now rotate.Credential) error {
	if r.single() {
		return fmt.Errorf("%s still has the old password: the new one was not set, or somebody set the old one again", dbuser.Name(old))
	}
	if err := dbuser.Apart(old, now); err != nil {
		return err
	}
	s, err := r.primary(ctx, r.set.Database)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	return r.lock(ctx, s, dbuser.Name(old), false)
}

// lock has a role log in no more, and forget its password where that is for good.
func (r *Rotator) lock(ctx context.Context, s *session, name string, good bool) error {
	how := " NOLOGIN"
	if good {
		how += " PASSWORD NULL"
	}
	if err := s.do(ctx, "ALTER ROLE "+quoted(name)+how); err != nil {
		return err
	}
	if err := r.locked(ctx, name); err != nil || !*r.set.Terminate {
		return err
	}
	return r.everywhere(ctx, func(s *session) error {
		_, err := s.rows(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", name)
		return err
	})
}

// locked waits until a role is locked at every address: a session that is ended where it is
// not comes back.
func (r *Rotator) locked(ctx context.Context, name string) error {
	return r.opt.Settled(ctx, func() (lagging string, err error) {
		err = r.everywhere(ctx, func(s *session) error {
			is, err := s.lookAt(ctx, name)
			if is != nil && is.login {
				lagging = s.address
			}
			return err
		})
		return lagging, err
	})
}

// Reactivate lets the old role log in again.
func (r *Rotator) Reactivate(ctx context.Context, old rotate.Credential) error {
	if r.single() {
		return nil
	}
	s, err := r.primary(ctx, r.set.Database)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	return s.do(ctx, "ALTER ROLE "+quoted(dbuser.Name(old))+" LOGIN")
}

// Delete has the old role forget its password. The role stays, locked, with its grants:
// it is the next rotation's new one. A single one's old password is gone already.
func (r *Rotator) Delete(ctx context.Context, old, now rotate.Credential) error {
	s, err := r.primary(ctx, r.set.Database)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if r.single() {
		return s.forget(ctx, dbuser.Name(old))
	}
	if err := dbuser.Apart(old, now); err != nil {
		return err
	}
	is, err := s.lookAt(ctx, dbuser.Name(old))
	if err != nil || is == nil {
		return err
	}
	return r.lock(ctx, s, dbuser.Name(old), true)
}
