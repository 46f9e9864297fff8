package mysql_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/mysql"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// stage is a real MariaDB with a database and an admin.
type stage struct {
	db    *realtest.MariaDB
	root  *sql.DB
	admin leak.Secret
	count atomic.Int64 // of the users that were made
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{db: realtest.StartMariaDB(t)}
	s.open(t)
	return s
}

// open makes what the stage has.
func (s *stage) open(t *testing.T) {
	t.Helper()
	s.root = s.as(t, "root", "", "")
	var err error
	if s.admin, err = dbuser.Password(); err != nil {
		t.Fatal(err)
	}
	s.do(t, "CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT, item TEXT)", "INSERT INTO shop.orders VALUES (1, 'rope'), (2, 'tar')", "CREATE ROLE readers", "GRANT SELECT ON shop.* TO readers",
		"CREATE PROCEDURE shop.price() SELECT 1", "CREATE USER clerk IDENTIFIED BY '"+store.Plain(s.admin)+"'", "GRANT ALL ON *.* TO clerk WITH GRANT OPTION", "GRANT readers TO clerk WITH ADMIN OPTION")
}

func (s *stage) as(t testing.TB, user, password, database string) *sql.DB {
	t.Helper()
	c := driver.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd, c.DBName, c.Logger = "tcp", s.db.Address, user, password, database, &driver.NopLogger{}
	connector, err := driver.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func (s *stage) do(t testing.TB, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := s.root.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func (s *stage) ask(t testing.TB, question string, args ...any) (answer string) {
	t.Helper()
	rows, err := s.root.Query(question, args...)
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	defer rows.Close()
	for rows.Next() {
		var line sql.NullString
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		answer += line.String + "\n"
	}
	return strings.TrimSuffix(answer, "\n")
}

// app is an application's user, from two hosts, with one of everything.
func (s *stage) app(t testing.TB) (a, b string, old rotate.Credential) {
	t.Helper()
	n := s.count.Add(1)
	a, b = fmt.Sprintf("app%d_a", n), fmt.Sprintf("app%d_b", n)
	p, err := dbuser.Password()
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "10.%"} {
		who := "'" + a + "'@'" + host + "'"
		s.do(t, "CREATE USER "+who+" IDENTIFIED BY '"+store.Plain(p)+"' WITH MAX_USER_CONNECTIONS 20", "GRANT SELECT (item), UPDATE (item) ON shop.orders TO "+who,
			"GRANT EXECUTE ON PROCEDURE shop.price TO "+who+" WITH GRANT OPTION", "GRANT readers TO "+who, "SET DEFAULT ROLE readers FOR "+who)
	}
	return a, b, dbuser.With(a, p)
}

func (s *stage) settings(t testing.TB, more string) rotate.Settings {
	t.Helper()
	all, err := rotate.ReadSettings(strings.NewReader(fmt.Sprintf(`rotations:
- {name: app, kind: mysql, store: "memory:", entry: prod/app, with: {addresses: ["%s"], database: shop, tls: "off",
   admin: {username: clerk, password: "env:ADMIN"}, check: "SELECT id FROM orders", %s}}`, s.db.Address, more)))
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func (s *stage) options(hook func() error) dbuser.Options {
	return dbuser.Options{Watch: hook, Options: consumer.Options{Getenv: func(name string) string { return map[string]string{"ADMIN": store.Plain(s.admin)}[name] }}}
}

func (s *stage) rotator(t testing.TB, more string, hook func() error) rotate.Rotator {
	t.Helper()
	r, err := mysql.New(t.Context(), s.settings(t, more), s.options(hook))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// works logs in, without the rotator.
func (s *stage) works(c rotate.Credential) (bool, error) {
	config := driver.NewConfig()
	config.Net, config.Addr, config.User, config.Passwd, config.DBName, config.Logger = "tcp", s.db.Address, dbuser.Name(c), store.Plain(c[rotate.Password]), "shop", &driver.NopLogger{}
	connector, err := driver.NewConnector(config)
	if err != nil {
		return false, err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	_, err = db.Exec("UPDATE orders SET item = 'x' WHERE item = 'none' AND id = 0")
	if refused, ok := errors.AsType[*driver.MySQLError](err); ok && (refused.Number == 1045 || refused.Number == 4151) {
		return false, nil
	}
	return err == nil, err
}

func (s *stage) scene(mode string) func(testing.TB, func() error) *rotatetest.Scene {
	return func(t testing.TB, hook func() error) *rotatetest.Scene {
		a, b, old := s.app(t)
		more := mode
		if mode == "" {
			more = users(a, b)
		}
		return &rotatetest.Scene{Rotator: s.rotator(t, more, hook), Old: old, Works: s.works,
			Count: func() (n int, err error) { // each is there for two hosts
				err = s.root.QueryRow("SELECT COUNT(*) FROM mysql.global_priv WHERE User IN (?, ?) AND IFNULL(JSON_VALUE(Priv, '$.account_locked'), '') NOT IN ('1', 'true')", a, b).Scan(&n)
				if n%2 != 0 {
					err = fmt.Errorf("%d accounts are let in, of two hosts each", n)
				}
				return n / 2, err
			},
			Use: func(c rotate.Credential) (func(), error) {
				name := store.Plain(c[rotate.Username])
				db := s.as(t, name, store.Plain(c[rotate.Password]), "shop")
				if err := db.Ping(); err != nil {
					return nil, err
				}
				return func() { db.Close(); s.gone(t, name) }, nil
			}}
	}
}

// gone waits until the server has noticed that a user's sessions ended.
func (s *stage) gone(t testing.TB, user string) {
	for end := time.Now().Add(10 * time.Second); s.ask(t, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = ?", user) != "0"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the session of %s does not end", user)
		}
	}
}

func users(a, b string) string { return fmt.Sprintf("users: [%s, %s]", a, b) }

func TestRotations(t *testing.T) {
	s := newStage(t)
	t.Run("alternating", func(t *testing.T) {
		rotatetest.Run(t, rotatetest.Suite{Begin: s.scene(""), Every: 83, Kills: 12, Modes: 25})
	})
	t.Run("single user", func(t *testing.T) {
		rotatetest.Run(t, rotatetest.Suite{Begin: s.scene("mode: single-user"), Every: 47, Kills: 8, Modes: 25})
	})
}
