package mysql_test

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
	"github.com/oakum-sec/oakum/remediate/rotate/mysql"
	"github.com/oakum-sec/oakum/remediate/store"
)

func lets(m *realtest.MariaDB, c rotate.Credential) bool {
	_, err := m.Ask(dbuser.Name(c), store.Plain(c[rotate.Password]), "SELECT id FROM shop.orders")
	return err == nil
}

// TestReplica: a new credential works where every server has heard of it, and an old one
// is retired where none lets it in any more, however late a replica is (FM-33).
func TestReplica(t *testing.T) {
	s, replica := &stage{}, (*realtest.MariaDB)(nil)
	s.db, replica = realtest.StartReplicatedMariaDB(t)
	s.open(t)
	a, b, old := s.app(t)
	eventually(t, "the replica has the old user", func() bool { return lets(replica, old) })
	pauses, goesOn := 0, func() {}
	opt := s.options(nil)
	opt.Pause = func(context.Context, time.Duration) error { // no time passes
		pauses++
		goesOn()
		return nil
	}
	settings, err := rotate.ReadSettings(strings.NewReader(fmt.Sprintf(`rotations:
- {name: app, kind: mysql, store: "memory:", entry: prod/app, with: {addresses: ["%s", "%s"], database: shop, tls: "off",
   admin: {username: clerk, password: "env:ADMIN"}, check: "SELECT id FROM orders", %s}}`, replica.Address, s.db.Address, users(a, b))))
	if err != nil {
		t.Fatal(err)
	}
	r, err := mysql.New(t.Context(), settings[0], opt)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := r.Inspect(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := r.Next(t.Context(), old, "")
	if err != nil {
		t.Fatal(err)
	}

	replica.Do(t, "STOP SLAVE SQL_THREAD")
	if _, err := r.Provision(t.Context(), rotate.Provision{Old: old, New: fresh, Subject: subject}); err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(t.Context(), fresh); !errors.Is(err, rotate.ErrNotYet) || !lets(s.db, fresh) {
		t.Errorf("a replica that has not heard of the new user: %v", err)
	}
	replica.Do(t, "START SLAVE SQL_THREAD")
	eventually(t, "the new user works everywhere", func() bool { return r.Verify(t.Context(), fresh) == nil })

	replica.Do(t, "STOP SLAVE SQL_THREAD")
	if err := r.Deactivate(t.Context(), old, fresh); err == nil || !strings.Contains(err.Error(), replica.Address+" still lets the user in") {
		t.Errorf("a replica that stands still: %v", err)
	}
	if is, err := r.Status(t.Context(), old); err != nil || is != rotate.Live || !lets(replica, old) {
		t.Errorf("while the replica lets it in, the old credential is %s, %v", is, err)
	}
	pauses, goesOn = 0, func() {
		if pauses == 3 {
			replica.Do(t, "START SLAVE SQL_THREAD")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := r.Deactivate(t.Context(), old, fresh); err != nil || pauses < 3 {
		t.Errorf("a replica that goes on after %d waits: %v", pauses, err)
	}
	if is, err := r.Status(t.Context(), old); err != nil || is != rotate.Inactive || lets(s.db, old) || lets(replica, old) {
		t.Errorf("the old credential is %s, %v", is, err)
	}
	if err := r.Delete(t.Context(), old, fresh); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the old credential is gone everywhere", func() bool { is, _ := r.Status(t.Context(), old); return is == rotate.Gone })
	if !lets(s.db, fresh) || !lets(replica, fresh) {
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
