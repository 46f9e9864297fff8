package postgres_test

import (
	"net"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
)

// TestUnderLoad asks the sample service every 20 ms through whole rotations.
func TestUnderLoad(t *testing.T) {
	s := newStage(t)
	host, port, err := net.SplitHostPort(s.pg.Address)
	if err != nil {
		t.Fatal(err)
	}
	rotatetest.Load{
		Database: "PostgreSQL 15", Env: []string{"DB_CLIENT=pg", "DB_NAME=shop", "DB_HOST=" + host, "DB_PORT=" + port}, Works: s.works,
		Begin: func(t testing.TB, single bool) (rotate.Rotator, rotate.Credential) {
			a, b, old := s.app(t)
			if single {
				return s.rotator(t, "mode: single-user", nil), old
			}
			return s.rotator(t, users(a, b), nil), old
		},
	}.Run(t)
}
