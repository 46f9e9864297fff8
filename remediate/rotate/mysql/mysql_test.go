package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
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
	s.root = s.as(t, "root", "", "")
	var err error
	if s.admin, err = dbuser.Password(); err != nil {
		t.Fatal(err)
	}
	s.do(t, "CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT, item TEXT)", "INSERT INTO shop.orders VALUES (1, 'rope'), (2, 'tar')", "CREATE ROLE readers", "GRANT SELECT ON shop.* TO readers",
		"CREATE PROCEDURE shop.price() SELECT 1", "CREATE USER clerk IDENTIFIED BY '"+store.Plain(s.admin)+"'", "GRANT ALL ON *.* TO clerk WITH GRANT OPTION", "GRANT readers TO clerk WITH ADMIN OPTION")
	return s
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
			Use: func() (func(), error) {
				db := s.as(t, a, store.Plain(old[rotate.Password]), "shop")
				if err := db.Ping(); err != nil {
					return nil, err
				}
				return func() { db.Close(); s.gone(t, a) }, nil
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

// every is of how many steps one is tried; `make kill` tries all.
func every(some int) int {
	if os.Getenv("OAKUM_KILL") == "all" {
		return 1
	}
	return some
}

func users(a, b string) string { return fmt.Sprintf("users: [%s, %s]", a, b) }

func TestRotations(t *testing.T) {
	s := newStage(t)
	t.Run("alternating", func(t *testing.T) {
		rotatetest.Run(t, rotatetest.Suite{Begin: s.scene(""), Every: every(83), Kills: 12})
	})
	t.Run("single user", func(t *testing.T) {
		rotatetest.Run(t, rotatetest.Suite{Begin: s.scene("mode: single-user"), Every: every(47), Kills: 8})
	})
}

// TestMariaDB is what the suite does not ask: on one server, a user for each.
func TestMariaDB(t *testing.T) {
	s := newStage(t)
	for name, test := range map[string]func(*testing.T, *stage){
		"there and back": thereAndBack, "the statement log": statementLog, "refusals": refusals, "sessions end": sessionsEnd,
		"somebody sets a third password": third, "ed25519": keyPair, "settings": badSettings,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// turn has a rotator replace a credential, without the machine.
func turn(t *testing.T, r rotate.Rotator, old rotate.Credential) rotate.Credential {
	t.Helper()
	ctx := t.Context()
	subject, err := r.Inspect(ctx, old)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := r.Next(ctx, old, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Provision(ctx, rotate.Provision{Old: old, New: fresh, Subject: subject}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Verify(ctx, fresh), r.Deactivate(ctx, old, fresh), r.Delete(ctx, old, fresh)); err != nil {
		t.Fatal(err)
	}
	return fresh
}

func thereAndBack(t *testing.T, s *stage) {
	a, b, old := s.app(t)
	r := s.rotator(t, users(a, b), nil)
	now := turn(t, r, old)
	for _, host := range []string{"127.0.0.1", "10.%"} {
		lines := func(user string) string {
			all := s.ask(t, "SHOW GRANTS FOR '"+user+"'@'"+host+"'") + "\n" + s.ask(t, "SHOW CREATE USER '"+user+"'@'"+host+"'")
			all = strings.ReplaceAll(all, user, "NAME")
			for _, hash := range strings.Split(s.ask(t, "SELECT JSON_VALUE(Priv, '$.authentication_string') FROM mysql.global_priv WHERE User = ?", user), "\n") {
				all = strings.ReplaceAll(all, hash, "HASH")
			}
			return strings.ReplaceAll(all, " ACCOUNT LOCK", "")
		}
		if x, y := lines(a), lines(b); x != y || !strings.Contains(x, "readers") || !strings.Contains(x, "price") || !strings.Contains(x, "MAX_USER_CONNECTIONS 20") {
			t.Errorf("the two are not alike:\n%s\n%s", x, y)
		}
	}
	s.do(t, "GRANT DELETE ON shop.orders TO '"+b+"'@'10.%'")
	subject, err := r.Inspect(t.Context(), now)
	if err != nil || !strings.Contains(strings.Join(subject.Notes, "\n"), "DELETE") {
		t.Errorf("what %s will get is not told: %q %v", a, subject.Notes, err)
	}
	again := turn(t, r, now)
	if got := s.ask(t, "SHOW GRANTS FOR '"+a+"'@'10.%'"); dbuser.Name(again) != a || !strings.Contains(got, "DELETE") {
		t.Errorf("the second turn is of %s, who has\n%s", dbuser.Name(again), got)
	}
	for c, want := range map[*rotate.Credential]bool{&old: false, &now: false, &again: true} {
		if is, err := s.works(*c); err != nil || is != want {
			t.Errorf("%s works: %v %v", dbuser.Name(*c), is, err)
		}
	}
	s.do(t, "GRANT INSERT ON shop.orders TO '"+b+"'@'10.%'")
	refuse(t, r, again, "has what")
}

// statementLog: a server that logs every statement has neither password in its log.
func statementLog(t *testing.T, s *stage) {
	for _, mode := range []string{"", "mode: single-user"} {
		a, b, old := s.app(t)
		if mode == "" {
			mode = users(a, b)
		}
		s.do(t, "SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log = 1")
		r := s.rotator(t, mode, nil)
		fresh, err := r.Next(t.Context(), old, "")
		if err != nil {
			t.Fatal(err)
		}
		p := rotate.Provision{Old: old, New: fresh}
		if _, err := r.Provision(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.Verify(t.Context(), fresh), r.Withdraw(t.Context(), p)); err != nil {
			t.Fatal(err)
		}
		s.do(t, "SET GLOBAL general_log = 0")
		log := s.ask(t, "SELECT argument FROM mysql.general_log")
		if !strings.Contains(log, "ALTER USER '"+dbuser.Name(fresh)+"'@'10.%' IDENTIFIED WITH mysql_native_password AS ") {
			t.Fatalf("the log does not have the statement: %.2000s", log)
		}
		for _, c := range []rotate.Credential{old, fresh} {
			if strings.Contains(log, store.Plain(c[rotate.Password])) {
				t.Errorf("the log has the password of %s", dbuser.Name(c))
			}
		}
	}
}

func refuse(t *testing.T, r rotate.Rotator, old rotate.Credential, want string) {
	t.Helper()
	_, err := r.Inspect(t.Context(), old)
	refusal, ok := errors.AsType[*rotate.Refusal](err)
	if !ok || !strings.Contains(err.Error(), want) || refusal.Instead == "" {
		t.Errorf("%s: %v", want, err)
	}
}

func refusals(t *testing.T, s *stage) {
	for want, begin := range map[string]func(a, b string) []string{
		"may do anything": func(a, _ string) []string { return []string{"GRANT ALL ON *.* TO '" + a + "'@'10.%'"} },
		"ought to rest":   func(_, b string) []string { return []string{"CREATE USER " + b + "@'10.%'"} },
		"has what":        func(_, b string) []string { return []string{"CREATE USER " + b + " ACCOUNT LOCK"} }, // from a host that the first has not
		"proves itself": func(a, _ string) []string {
			return []string{"ALTER USER '" + a + "'@'10.%' IDENTIFIED VIA unix_socket"}
		},
		"no password of": func(a, _ string) []string {
			return []string{"ALTER USER '" + a + "'@'10.%' IDENTIFIED VIA unix_socket OR mysql_native_password USING 'invalid'"}
		},
	} {
		a, b, old := s.app(t)
		s.do(t, begin(a, b)...)
		refuse(t, s.rotator(t, users(a, b), nil), old, want)
	}
	a, b, old := s.app(t)
	refuse(t, s.rotator(t, users("x", "y"), nil), old, "take turns")
	refuse(t, s.rotator(t, users(a, "clerk"), nil), old, "is the admin")
	refuse(t, s.rotator(t, users("nobody", b), nil), dbuser.With("nobody", old[rotate.Password]), "has no user")
	o := s.options(nil)
	o.Managed = func(_ context.Context, _, user string) (string, error) {
		return map[string]string{b: "the static role app of vault"}[user], nil
	}
	r, err := mysql.New(t.Context(), s.settings(t, users(a, b)), o)
	if err != nil {
		t.Fatal(err)
	}
	refuse(t, r, old, "static role app of vault")
}

// sessionsEnd: where the old password is public, its sessions end with it; else they go on.
func sessionsEnd(t *testing.T, s *stage) {
	for _, public := range []bool{false, true} {
		a, b, old := s.app(t)
		set := s.settings(t, users(a, b))
		if public {
			set.Exposure = rotate.Public
		}
		r, err := mysql.New(t.Context(), set, s.options(nil))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := s.as(t, a, store.Plain(old[rotate.Password]), "shop").Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		uses, err := r.Uses(t.Context(), old, time.Now())
		if err != nil || len(uses) != 1 || !uses[0].When.IsZero() {
			t.Fatalf("%v %v", uses, err)
		}
		if err := r.Deactivate(t.Context(), old, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), "SELECT 1"); (err != nil) != public {
			t.Errorf("public %v: the session ends with %v", public, err)
		}
	}
}

// third: where a single user has a password that nobody knows, nothing is set in its place.
func third(t *testing.T, s *stage) {
	a, _, old := s.app(t)
	r := s.rotator(t, "mode: single-user", nil)
	fresh, err := r.Next(t.Context(), old, "")
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.Repeat("x", 3) + a
	s.do(t, "ALTER USER '"+a+"'@'127.0.0.1' IDENTIFIED BY '"+theirs+"'")
	if _, err := r.Provision(t.Context(), rotate.Provision{Old: old, New: fresh}); err == nil || !strings.Contains(err.Error(), "neither the old nor the new") {
		t.Errorf("provision: %v", err)
	}
	if is, err := s.works(dbuser.With(a, leak.NewSecret([]byte(theirs)))); err != nil || !is {
		t.Errorf("their password works: %v %v", is, err)
	}
}

// keyPair: a user who proves itself by a key made of its password goes on doing so.
func keyPair(t *testing.T, s *stage) {
	if _, err := s.root.Exec("INSTALL SONAME 'auth_ed25519'"); err != nil {
		t.Fatal(err)
	}
	a, b, old := s.app(t)
	for _, host := range []string{"127.0.0.1", "10.%"} {
		s.do(t, "ALTER USER '"+a+"'@'"+host+"' IDENTIFIED VIA ed25519 USING PASSWORD('"+store.Plain(old[rotate.Password])+"')")
	}
	r := s.rotator(t, users(a, b), nil)
	if status, err := r.Status(t.Context(), old); err != nil || status != rotate.Live {
		t.Errorf("%s %v", status, err)
	}
	now := turn(t, r, old)
	if got := s.ask(t, "SELECT DISTINCT JSON_VALUE(Priv, '$.plugin') FROM mysql.global_priv WHERE User = ?", b); got != "ed25519" {
		t.Errorf("it proves itself by %s", got)
	}
	if is, err := s.works(now); err != nil || !is {
		t.Errorf("it works: %v %v", is, err)
	}
}

func badSettings(t *testing.T, s *stage) {
	for more, want := range map[string]string{
		"":                                 "has one password for a user",
		"users: [a, a]":                    "users: [app_a, app_b]",
		"mode: alternating":                "users: [app_a, app_b]",
		"mode: dual":                       "MySQL can, from 8.0.14 on",
		"mode: single-user, users: [a, b]": "for the mode alternating",
		"users: [a, b], pasword: x":        "pasword",
	} {
		if _, err := mysql.New(t.Context(), s.settings(t, more), s.options(nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", more, err)
		}
	}
}
