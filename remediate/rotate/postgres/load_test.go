package postgres_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// open connects as the service does.
func (s *stage) open(c rotate.Credential) (*sql.DB, error) {
	config, err := pgx.ParseConfig(fmt.Sprintf("postgres://%s/shop?sslmode=disable", s.pg.Address))
	if err != nil {
		return nil, err
	}
	config.User, config.Password = dbuser.Name(c), store.Plain(c[rotate.Password])
	return stdlib.OpenDB(*config), nil
}

// TestUnderLoad: a service is asked every 20 ms through a whole rotation. Where two
// users take turns no request fails. A single user has a blip, where connections are new.
func TestUnderLoad(t *testing.T) {
	s := newStage(t)
	for _, pooled := range []bool{true, false} {
		for _, single := range []bool{false, true} {
			a, b, old := s.app(t)
			mode := users(a, b)
			if single {
				mode = "mode: single-user"
			}
			got := rotatetest.Load{Rotator: s.rotator(t, mode, nil), Old: old, Open: s.open, Ask: "SELECT item FROM orders LIMIT 1", Pooled: pooled}.Run(t)
			t.Logf("PostgreSQL 15, single user %v, pooled %v: %s", single, pooled, got)
			switch {
			case got.AfterTold > 0 || !single && got.Failed > 0:
				t.Errorf("single user %v, pooled %v: %d failed, %d of them after the service was told: %v", single, pooled, got.Failed, got.AfterTold, got.First)
			case single && !pooled && got.Failed == 0:
				t.Error("a single user has no blip: it was not measured")
			}
			if is, err := s.works(old); err != nil || is {
				t.Errorf("the old credential works: %v %v", is, err)
			}
		}
	}
}
