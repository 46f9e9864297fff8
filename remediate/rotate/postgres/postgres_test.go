package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/postgres"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// stage is a real server with a database, a group and an application's user in it.
type stage struct {
	pg    *realtest.Postgres
	admin *pgx.Conn
	count atomic.Int64 // of the users that were made
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{pg: realtest.StartPostgres(t)}
	s.open(t)
	return s
}

// open makes what the stage has.
func (s *stage) open(t *testing.T) {
	t.Helper()
	s.admin = s.as(t, s.pg.User, s.pg.Password, "postgres")
	s.do(t, `CREATE DATABASE shop`)
	s.admin = s.as(t, s.pg.User, s.pg.Password, "shop")
	s.do(t, `CREATE ROLE app_group NOLOGIN`, `CREATE TABLE orders (id int, item text)`, `INSERT INTO orders VALUES (1, 'rope'), (2, 'tar')`,
		`ALTER TABLE orders OWNER TO app_group`, `CREATE SEQUENCE numbers`)
}

func (s *stage) as(t testing.TB, user, password, database string) *pgx.Conn {
	t.Helper()
	c, err := s.connect(user, password, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func (s *stage) connect(user, password, database string) (*pgx.Conn, error) {
	return s.connectTo(s.pg, user, password, database)
}

func (s *stage) connectTo(p *realtest.Postgres, user, password, database string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig("sslmode=disable")
	if err != nil {
		return nil, err
	}
	host, port, _ := strings.Cut(p.Address, ":")
	fmt.Sscan(port, &config.Port)
	config.Host, config.Database, config.User, config.Password = host, database, user, password
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return pgx.ConnectConfig(ctx, config)
}

func (s *stage) do(t testing.TB, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := s.admin.Exec(context.Background(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func (s *stage) ask(t testing.TB, question string, args ...any) (answer string) {
	t.Helper()
	if err := s.admin.QueryRow(context.Background(), question, args...).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return answer
}

// app is an application's user, with one of everything that a role can have.
func (s *stage) app(t testing.TB) (a, b string, old rotate.Credential) {
	t.Helper()
	n := s.count.Add(1)
	a, b = fmt.Sprintf("app%d_a", n), fmt.Sprintf("app%d_b", n)
	p, err := dbuser.Password()
	if err != nil {
		t.Fatal(err)
	}
	s.do(t, "CREATE ROLE "+a+" LOGIN CONNECTION LIMIT 20 IN ROLE app_group PASSWORD '"+store.Plain(p)+"'", "GRANT SELECT (item), UPDATE (item) ON orders TO "+a,
		"GRANT USAGE ON SEQUENCE numbers TO "+a+" WITH GRANT OPTION", "GRANT TEMPORARY ON DATABASE shop TO "+a, "ALTER ROLE "+a+" SET statement_timeout TO '9s'",
		`ALTER ROLE `+a+` IN DATABASE shop SET search_path TO "$user", public`, "ALTER DEFAULT PRIVILEGES FOR ROLE app_group GRANT SELECT ON TABLES TO "+a,
		"ALTER DEFAULT PRIVILEGES FOR ROLE "+a+" GRANT SELECT ON TABLES TO app_group")
	return a, b, dbuser.With(a, p)
}

// settings are an entry of the user's file.
func (s *stage) settings(t testing.TB, more string) rotate.Settings {
	t.Helper()
	all, err := rotate.ReadSettings(strings.NewReader(fmt.Sprintf(`rotations:
- {name: app, kind: postgres, store: "memory:", entry: prod/app, with: {addresses: ["%s"], database: shop, sslmode: disable,
   admin: {username: %s, password: "env:ADMIN"}, check: "SELECT item FROM orders", %s}}`, s.pg.Address, s.pg.User, more)))
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func (s *stage) options(hook func() error) dbuser.Options {
	return dbuser.Options{Watch: hook, Options: consumer.Options{Getenv: func(name string) string { return map[string]string{"ADMIN": s.pg.Password}[name] }}}
}

func (s *stage) rotator(t testing.TB, more string, hook func() error) rotate.Rotator {
	t.Helper()
	r, err := postgres.New(t.Context(), s.settings(t, more), s.options(hook))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// works logs in, without the rotator.
func (s *stage) works(c rotate.Credential) (bool, error) {
	conn, err := s.connect(dbuser.Name(c), store.Plain(c[rotate.Password]), "shop")
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && (refused.Code == "28P01" || refused.Code == "28000") {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(context.Background(), "SELECT item FROM orders; SELECT nextval('numbers')")
	return err == nil, err
}

// scene is a user at the beginning of a rotation.
func (s *stage) scene(mode string) func(testing.TB, func() error) *rotatetest.Scene {
	return s.sceneOf(mode, s.app, s.rotator)
}

// sceneOf is one of a user that app makes, and of a rotator that has its settings.
func (s *stage) sceneOf(mode string, app func(testing.TB) (a, b string, old rotate.Credential), rotator func(testing.TB, string, func() error) rotate.Rotator) func(testing.TB, func() error) *rotatetest.Scene {
	var last []string // who is no longer needed: a table has room for some thousand grants
	return func(t testing.TB, hook func() error) *rotatetest.Scene {
		for _, name := range last {
			if s.ask(t, "SELECT count(*)::text FROM pg_roles WHERE rolname = $1", name) == "1" {
				s.do(t, "DROP OWNED BY "+name, "DROP ROLE "+name)
			}
		}
		a, b, old := app(t)
		last = []string{a, b}
		more := "mode: single-user"
		if mode != more {
			more = users(a, b)
		}
		return &rotatetest.Scene{Rotator: rotator(t, more, hook), Old: old, Works: s.works,
			Count: func() (n int, err error) {
				err = s.admin.QueryRow(context.Background(), "SELECT count(*) FROM pg_authid WHERE rolname IN ($1, $2) AND rolcanlogin AND rolpassword IS NOT NULL", a, b).Scan(&n)
				return n, err
			},
			Use: func(c rotate.Credential) (func(), error) {
				name := store.Plain(c[rotate.Username])
				session, err := s.connect(name, store.Plain(c[rotate.Password]), "shop")
				if err != nil {
					return nil, err
				}
				return func() { session.Close(context.Background()); s.gone(t, name) }, nil
			}}
	}
}

// plainApp is an application's user that has what it may from a group alone.
func (s *stage) plainApp(t testing.TB) (a, b string, old rotate.Credential) {
	t.Helper()
	n := s.count.Add(1)
	a, b = fmt.Sprintf("plain%d_a", n), fmt.Sprintf("plain%d_b", n)
	p, err := dbuser.Password()
	if err != nil {
		t.Fatal(err)
	}
	s.do(t, "CREATE ROLE "+a+" LOGIN IN ROLE app_group PASSWORD '"+store.Plain(p)+"'")
	return a, b, dbuser.With(a, p)
}

// blind makes rotators whose admin may make roles, and sees no verifier: a cloud's.
func (s *stage) blind(t testing.TB) func(testing.TB, string, func() error) rotate.Rotator {
	t.Helper()
	admin, err := dbuser.Password()
	if err != nil {
		t.Fatal(err)
	}
	who := fmt.Sprintf("clerk%d", s.count.Add(1))
	s.do(t, "CREATE ROLE "+who+" LOGIN CREATEROLE PASSWORD '"+store.Plain(admin)+"'", "GRANT pg_read_all_stats TO "+who)
	return func(t testing.TB, more string, hook func() error) rotate.Rotator {
		t.Helper()
		set, o := s.settings(t, more), s.options(hook)
		o.Getenv = func(string) string { return store.Plain(admin) }
		for i := range set.With.Content {
			if set.With.Content[i].Value == "admin" {
				set.With.Content[i+1].Content[1].Value = who
			}
		}
		r, err := postgres.New(t.Context(), set, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// gone waits until the server has noticed that a user's sessions ended.
func (s *stage) gone(t testing.TB, user string) {
	for end := time.Now().Add(10 * time.Second); s.ask(t, "SELECT count(*)::text FROM pg_stat_activity WHERE usename = $1", user) != "0"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the session of %s does not end", user)
		}
	}
}

func TestRotations(t *testing.T) {
	s := newStage(t)
	t.Run("alternating", func(t *testing.T) {
		rotatetest.Run(t, rotatetest.Suite{Begin: s.scene(""), Every: 149, Kills: 10, Modes: 25})
	})
	t.Run("single user", func(t *testing.T) {
		rotatetest.Run(t, rotatetest.Suite{Begin: s.scene("mode: single-user"), Every: 97, Kills: 6, Modes: 25})
	})
	t.Run("by an admin who may not see verifiers", func(t *testing.T) {
		s.do(t, "GRANT USAGE ON SEQUENCE numbers TO app_group")
		rotatetest.Run(t, rotatetest.Suite{Begin: s.sceneOf("", s.plainApp, s.blind(t)), Every: 197, Kills: 6, Modes: 25})
		rotatetest.Run(t, rotatetest.Suite{Begin: s.sceneOf("mode: single-user", s.plainApp, s.blind(t)), Every: 197, Kills: 3, Modes: 25})
	})
}

func (s *stage) now(t testing.TB) (at time.Time) {
	t.Helper()
	if err := s.admin.QueryRow(context.Background(), "SELECT clock_timestamp()").Scan(&at); err != nil {
		t.Fatal(err)
	}
	return at
}
