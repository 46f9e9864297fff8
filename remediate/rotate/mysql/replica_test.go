package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser/dbusertest"
	"github.com/oakum-sec/oakum/remediate/rotate/mysql"
	"github.com/oakum-sec/oakum/remediate/store"
)

// TestReplica rotates where a replica hears of it later.
func TestReplica(t *testing.T) {
	s, replica := &stage{}, (*realtest.MariaDB)(nil)
	s.db, replica = realtest.StartReplicatedMariaDB(t)
	s.open(t)
	a, b, old := s.app(t)
	dbusertest.Pair{
		Late: replica.Address,
		Follow: func(goesOn bool) {
			replica.Do(t, map[bool]string{true: "START", false: "STOP"}[goesOn]+" SLAVE SQL_THREAD")
		},
		Lets: func(late bool, c rotate.Credential) bool {
			_, err := map[bool]*realtest.MariaDB{true: replica, false: s.db}[late].Ask(dbuser.Name(c), store.Plain(c[rotate.Password]), "SELECT id FROM shop.orders")
			return err == nil
		},
		Rotator: func(change func(*dbuser.Options)) rotate.Rotator {
			opt := s.options(nil)
			change(&opt)
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
			return r
		},
	}.Retired(t, old)
}
