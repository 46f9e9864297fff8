package mysql

import (
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// eight is a server written from MySQL's documentation, as far as a user's passwords go
// (https://dev.mysql.com/doc/refman/8.0/en/password-management.html#dual-passwords,
// https://dev.mysql.com/doc/refman/8.0/en/alter-user.html). It is behind the rotator's
// own interface: no protocol, no driver.
type eight struct {
	t     testing.TB
	users []*eightUser
	log   []string
}

type eightUser struct {
	name, host    string
	first, second string // in clear; "" is none
}

const hosts = 2

func newEight(t testing.TB) (*eight, rotate.Credential) {
	p, err := dbuser.Password()
	if err != nil {
		t.Fatal(err)
	}
	e := &eight{t: t}
	for _, host := range []string{"%", "10.%"}[:hosts] {
		e.users = append(e.users, &eightUser{name: "app", host: host, first: store.Plain(p)})
	}
	return e, dbuser.With("app", p)
}

func (e *eight) dial(_ context.Context, _, user string, password leak.Secret, ours bool) (conn, error) {
	c := dbuser.With(user, password)
	if in, err := e.works(c); !ours && (err != nil || !in) {
		return nil, &driver.MySQLError{Number: 1045, Message: "Access denied for user 'app'@'127.0.0.1' (using password: YES)"}
	}
	return e, nil
}

// works asks the account of the first host, which is the one that logins here are of.
func (e *eight) works(c rotate.Credential) (bool, error) {
	u, p := e.users[0], store.Plain(c[rotate.Password])
	return u.name == dbuser.Name(c) && p != "" && (u.first == p || u.second == p), nil
}

// count is how many passwords are taken; hosts must agree in it.
func (e *eight) count() (int, error) {
	var taken []string
	for _, u := range e.users {
		if u.first != e.users[0].first || u.second != e.users[0].second {
			return 0, fmt.Errorf("the hosts of %s have different passwords", u.name)
		}
		taken = append(taken, u.first, u.second)
	}
	slices.Sort(taken)
	return len(slices.DeleteFunc(slices.Compact(taken), func(p string) bool { return p == "" })), nil
}

func (e *eight) close() {}

func (e *eight) try(context.Context, string) error { return nil }

func (e *eight) rows(_ context.Context, question string, args ...any) (all [][]string, err error) {
	e.log = append(e.log, question)
	switch {
	case question == "SELECT VERSION()":
		return [][]string{{"8.0.36"}}, nil
	case question == mysqlAccounts:
		for _, u := range e.users {
			if u.name == args[0] {
				all = append(all, []string{u.host, caching, kept(u.first), "N", kept(u.second), ""})
			}
		}
		return all, nil
	case strings.HasPrefix(question, "SHOW GRANTS FOR "):
		return [][]string{{"GRANT USAGE ON *.* TO `app`@`%`"}}, nil
	case strings.Contains(question, "PROCESSLIST"), strings.Contains(question, "password_last_changed"):
		return nil, nil
	}
	return nil, fmt.Errorf("this server is not asked %q", question)
}

// kept is what the server keeps of a password.
func kept(p string) string {
	if p == "" {
		return ""
	}
	salt := "12345678901234567890"
	return cachingMark + "005$" + salt + shaCrypt([]byte(p), []byte(salt), 5000)
}

var (
	alters   = regexp.MustCompile(`^ALTER USER '(\w+)'@'([^']+)' IDENTIFIED WITH caching_sha2_password BY '((?:[^'\\]|\\.)*)'( RETAIN CURRENT PASSWORD)?$`)
	escaped  = regexp.MustCompile(`\\(['"\\])`) // https://dev.mysql.com/doc/refman/8.0/en/string-literals.html
	discards = regexp.MustCompile(`^ALTER USER '(\w+)'@'([^']+)' DISCARD OLD PASSWORD$`)
)

func (e *eight) do(_ context.Context, statement string) error {
	e.log = append(e.log, statement)
	set, discard := alters.FindStringSubmatch(statement), discards.FindStringSubmatch(statement)
	for _, u := range e.users {
		switch {
		case set != nil && u.name == set[1] && u.host == set[2]:
			if set[4] != "" {
				if u.first == "" {
					return &driver.MySQLError{Number: 3895, Message: "Current password can not be retained for user because the current password is empty."}
				}
				u.second = u.first // what was second is lost
			}
			u.first = escaped.ReplaceAllString(set[3], "$1") // without RETAIN the second stays what it is
			return nil
		case discard != nil && u.name == discard[1] && u.host == discard[2]:
			u.second = ""
			return nil
		}
	}
	return fmt.Errorf("this server does not know %s", shown(statement))
}

func (e *eight) rotator(hook func() error) rotate.Rotator {
	e.t.Helper()
	all, err := rotate.ReadSettings(strings.NewReader(`rotations:
- {name: app, kind: mysql, store: "memory:", entry: prod/app, with: {addresses: ["127.0.0.1:3306"], database: shop, admin: {username: root, password: "env:ADMIN"}}}`))
	if err != nil {
		e.t.Fatal(err)
	}
	o := dbuser.Options{Watch: hook, Options: consumer.Options{Getenv: func(string) string { return "x" }}}
	r, err := build(e.t.Context(), all[0], o, e.dial)
	if err != nil {
		e.t.Fatal(err)
	}
	return r
}

// TestDual asks the suite of MySQL's two passwords.
func TestDual(t *testing.T) {
	rotatetest.Run(t, rotatetest.Suite{Every: 31, Kills: 20, Modes: 21, Begin: func(t testing.TB, hook func() error) *rotatetest.Scene {
		e, old := newEight(t)
		return &rotatetest.Scene{Rotator: e.rotator(hook), Old: old, Works: e.works, Count: e.count}
	}, Without: map[string]string{"nothing in its place": "a user keeps its only password: discarding it is refused"}})
}

// TestDualTwice: to retain twice would lose the old password, and to find a second one
// that is somebody else's is refused (FM-33).
func TestDualTwice(t *testing.T) {
	e, old := newEight(t)
	r := e.rotator(nil)
	fresh, err := r.Next(t.Context(), old, "")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := r.Provision(t.Context(), rotate.Provision{Old: old, New: fresh}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]rotate.Credential{"old": old, "new": fresh} {
		if is, _ := e.works(c); !is {
			t.Errorf("the %s password does not work", name)
		}
	}
	if _, err := r.Inspect(t.Context(), old); err == nil || !strings.Contains(err.Error(), "DISCARD OLD PASSWORD") {
		t.Errorf("beside a second password: %v", err)
	}
	if status, err := r.Status(t.Context(), old); err != nil || status != rotate.Live {
		t.Errorf("%s %v", status, err)
	}
	e.users[0].first = "other" // the new one is gone: the old one stays
	if err := r.Delete(t.Context(), old, fresh); err == nil || e.users[0].second == "" {
		t.Errorf("the old password was discarded, and the new one does not work: %v", err)
	}
}

// TestOddPassword: an old password is whatever somebody chose, and comes back as it was.
func TestOddPassword(t *testing.T) {
	for _, odd := range []string{`it's`, `a\b`, `\`, `x'; DROP USER 'root'@'%`, `"quoted"`} {
		e, _ := newEight(t)
		for _, u := range e.users {
			u.first = odd
		}
		old, r := dbuser.With("app", leak.NewSecret([]byte(odd))), e.rotator(nil)
		fresh, err := r.Next(t.Context(), old, "")
		if err != nil {
			t.Fatal(err)
		}
		p := rotate.Provision{Old: old, New: fresh}
		if _, err := r.Provision(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if err := r.Withdraw(t.Context(), p); err != nil {
			t.Errorf("%s: %v", odd, err)
		}
		if is, err := e.works(old); err != nil || !is {
			t.Errorf("%s does not work any more: it is %q now, %v", odd, e.users[0].first, err)
		}
	}
}

// TestErrors: no error of a statement holds the password in it.
func TestErrors(t *testing.T) {
	e, old := newEight(t)
	s := &session{conn: e, address: "x"}
	for _, p := range []string{store.Plain(old[rotate.Password]), `half' and \half`} {
		statement := "ALTER USER 'nobody'@'%'" + identified(caching, leak.NewSecret([]byte(p))) + " RETAIN CURRENT PASSWORD"
		for part := range strings.FieldsSeq(p) {
			if err := s.run(t.Context(), statement); err == nil || strings.Contains(err.Error(), part) {
				t.Errorf("the error holds the password: %v", err)
			}
			if got := quiet(fmt.Errorf("near %s at line 1", literal(leak.NewSecret([]byte(p)))), statement); strings.Contains(got, part) {
				t.Errorf("the server's words hold the password: %s", got)
			}
		}
	}
}

// TestHashes are examples of MariaDB's documentation.
func TestHashes(t *testing.T) {
	secret := leak.NewSecret([]byte("secret"))
	for plugin, want := range map[string]string{
		ed25519: "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY", // https://mariadb.com/kb/en/authentication-plugin-ed25519/
		native:  "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7",
		caching: "",
	} {
		if got := hash(plugin, secret); got != want {
			t.Errorf("%s: %s", plugin, got)
		}
	}
}

// TestCaching is what MySQL kept of a password, as TiDB's tests have it.
func TestCaching(t *testing.T) {
	b, err := hex.DecodeString("24412430303524031A69251C34295C4B35167C7F1E5A7B63091349503974624D34504B5A424679354856336868686F52485A736E4A733368786E427575516C73446469496537")
	if err != nil {
		t.Fatal(err)
	}
	if !caches(string(b), "foobar") || caches(string(b), "foobaz") || caches(string(b[:60]), "foobar") || caches("", "") {
		t.Error("what MySQL keeps is not understood")
	}
}

func TestFlavours(t *testing.T) {
	for version, want := range map[string]string{
		"8.0.14": "MySQL 8.0.14 true true", "8.0.13": "MySQL 8.0.13 false true", "8.4.0-commercial": "MySQL 8.4.0-commercial true true", "5.7.44-log": "MySQL 5.7.44-log false true", "5.6.51": "MySQL 5.6.51 false false",
		"10.11.6-MariaDB-0+deb12u1": "MariaDB 10.11.6-MariaDB-0+deb12u1 false true", "5.5.5-10.3.39-MariaDB": "MariaDB 5.5.5-10.3.39 false false", "11.4.2-MariaDB": "MariaDB 11.4.2 false true",
	} {
		f := flavourOf(version)
		if got := fmt.Sprint(f, " ", f.dual(), " ", f.locks()); got != want {
			t.Errorf("%s: %s", version, got)
		}
	}
}

func TestGrantsOfOneRight(t *testing.T) {
	for head, want := range map[string]int{
		"GRANT SELECT, INSERT (`a`, `b`), DELETE ON `x`.* TO ":          4,
		"GRANT SELECT (`odd, ( name`) ON `x ON `.`y` TO ":               1,
		"GRANT `readers` TO ":                                           1,
		"GRANT EXECUTE ON PROCEDURE `shop`.`price` TO ":                 1,
		"GRANT SELECT, LOCK TABLES, CREATE TEMPORARY TABLES ON *.* TO ": 3,
	} {
		if got := (fact{head, " WITH GRANT OPTION"}).single(); len(got) != want || got[0].tail != " WITH GRANT OPTION" {
			t.Errorf("%s: %q", head, got)
		}
	}
}
