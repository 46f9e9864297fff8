package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser/dbusertest"
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

// TestStandby rotates where a standby hears of it later.
func TestStandby(t *testing.T) {
	s, standby := &stage{}, (*realtest.Postgres)(nil)
	s.pg, standby = realtest.StartReplicatedPostgres(t)
	s.open(t)
	a, b, old := s.app(t)
	dbusertest.Pair{
		Late:   standby.Address,
		Follow: func(goesOn bool) { replay(t, standby, goesOn) },
		Lets: func(late bool, c rotate.Credential) bool {
			_, err := map[bool]*realtest.Postgres{true: standby, false: s.pg}[late].Ask(dbuser.Name(c), store.Plain(c[rotate.Password]), "shop", "SELECT item FROM orders")
			return err == nil
		},
		Rotator: func(change func(*dbuser.Options)) rotate.Rotator {
			opt := s.options(nil)
			change(&opt)
			settings, err := rotate.ReadSettings(strings.NewReader(fmt.Sprintf(`rotations:
- {name: app, kind: postgres, store: "memory:", entry: prod/app, with: {addresses: ["%s", "%s"], database: shop, sslmode: disable,
   admin: {username: %s, password: "env:ADMIN"}, check: "SELECT item FROM orders", %s}}`, standby.Address, s.pg.Address, s.pg.User, users(a, b))))
			if err != nil {
				t.Fatal(err)
			}
			r, err := postgres.New(t.Context(), settings[0], opt)
			if err != nil {
				t.Fatal(err)
			}
			return r
		},
		Between: func(r rotate.Rotator) {
			c, err := s.connectTo(standby, a, store.Plain(old[rotate.Password]), "shop")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close(context.Background()) })
			if uses, err := r.Uses(t.Context(), old, time.Now()); err != nil || len(uses) != 1 || !strings.Contains(uses[0].What, standby.Address) {
				t.Errorf("a session at the standby is seen as %v, %v", uses, err)
			}
		},
	}.Retired(t, old)
}
