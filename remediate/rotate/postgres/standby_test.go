package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/postgres"
	"github.com/oakum-sec/oakum/remediate/store"
)

// replay has the standby wait, or go on.
func replay(t testing.TB, standby *realtest.Postgres, goesOn bool) {
	t.Helper()
	if goesOn {
		standby.Do(t, "SELECT pg_wal_replay_resume()")
		return
	}
	standby.Do(t, "SELECT pg_wal_replay_pause()")
	for standby.Do(t, "SELECT pg_get_wal_replay_pause_state()") != "paused\n" {
		time.Sleep(5 * time.Millisecond)
	}
}

func lets(p *realtest.Postgres, c rotate.Credential) bool {
	_, err := p.Ask(dbuser.Name(c), store.Plain(c[rotate.Password]), "shop", "SELECT item FROM orders")
	return err == nil
}

// TestStandby: a new credential works where every server has heard of it, and an old one
// is retired where none lets it in any more, however late a standby is.
func TestStandby(t *testing.T) {
	s, standby := &stage{}, (*realtest.Postgres)(nil)
	s.pg, standby = realtest.StartReplicatedPostgres(t)
	s.open(t)
	a, b, old := s.app(t)
	eventually(t, "the standby has the old user", func() bool { return lets(standby, old) })
	pauses, goesOn := 0, func() {}
	opt := s.options(nil)
	opt.Pause = func(context.Context, time.Duration) error { // no time passes
		pauses++
		goesOn()
		return nil
	}
	settings, err := rotate.ReadSettings(strings.NewReader(fmt.Sprintf(`rotations:
- {name: app, kind: postgres, store: "memory:", entry: prod/app, with: {addresses: ["%s", "%s"], database: shop, sslmode: disable,
   admin: {username: %s, password: "env:ADMIN"}, check: "SELECT item FROM orders", users: [%s, %s]}}`, standby.Address, s.pg.Address, s.pg.User, a, b)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := postgres.New(t.Context(), settings[0], opt)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := r.Inspect(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := r.Next(t.Context(), old, "6f0b4f0e-4d0c-4f57-8a35-0f3a1d9b7a02")
	if err != nil {
		t.Fatal(err)
	}

	replay(t, standby, false)
	p := rotate.Provision{Op: "6f0b4f0e-4d0c-4f57-8a35-0f3a1d9b7a02", Old: old, New: fresh, Subject: subject}
	if _, err := r.Provision(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(t.Context(), fresh); !errors.Is(err, rotate.ErrNotYet) || !lets(s.pg, fresh) {
		t.Errorf("a standby that has not heard of the new user: %v", err)
	}
	replay(t, standby, true)
	eventually(t, "the new user works everywhere", func() bool { return r.Verify(t.Context(), fresh) == nil })

	c, err := s.connectTo(standby, a, store.Plain(old[rotate.Password]), "shop")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if uses, err := r.Uses(t.Context(), old, time.Now()); err != nil || len(uses) != 1 || !strings.Contains(uses[0].What, standby.Address) {
		t.Errorf("a session at the standby is seen as %v, %v", uses, err)
	}

	replay(t, standby, false)
	if err := r.Deactivate(t.Context(), old, fresh); err == nil || !strings.Contains(err.Error(), standby.Address+" still lets the user in") {
		t.Errorf("a standby that stands still: %v", err)
	}
	if is, err := r.Status(t.Context(), old); err != nil || is != rotate.Live || lets(s.pg, old) || !lets(standby, old) {
		t.Errorf("while the standby lets it in, the old credential is %s, %v", is, err)
	}
	pauses, goesOn = 0, func() {
		if pauses == 3 {
			replay(t, standby, true)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := r.Deactivate(t.Context(), old, fresh); err != nil || pauses < 3 {
		t.Errorf("a standby that goes on after %d waits: %v", pauses, err)
	}
	if is, err := r.Status(t.Context(), old); err != nil || is != rotate.Inactive || lets(s.pg, old) || lets(standby, old) {
		t.Errorf("the old credential is %s, %v", is, err)
	}
	if err := r.Delete(t.Context(), old, fresh); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the old credential is gone everywhere", func() bool { is, _ := r.Status(t.Context(), old); return is == rotate.Gone })
	if !lets(s.pg, fresh) || !lets(standby, fresh) {
		t.Error("the new credential does not work any more")
	}
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after twenty seconds: %s", what)
		}
	}
}
