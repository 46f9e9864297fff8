package mysql_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser/dbusertest"
	"github.com/oakum-sec/oakum/remediate/rotate/mysql"
	"github.com/oakum-sec/oakum/remediate/store"
)

// TestMariaDB is what the suite does not ask: on one server, a user for each.
func TestMariaDB(t *testing.T) {
	s := newStage(t)
	for name, test := range map[string]func(*testing.T, *stage){
		"there and back": thereAndBack, "the statement log": statementLog, "refusals": refusals, "sessions end": sessionsEnd,
		"somebody sets a third password": third, "ed25519": keyPair, "settings": badSettings, "a server without TLS": noTLS,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

func thereAndBack(t *testing.T, s *stage) {
	a, b, old := s.app(t)
	r := s.rotator(t, users(a, b), nil)
	now := dbusertest.Turn(t, r, old, "")
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
	again := dbusertest.Turn(t, r, now, "")
	if got := s.ask(t, "SHOW GRANTS FOR '"+a+"'@'10.%'"); dbuser.Name(again) != a || !strings.Contains(got, "DELETE") {
		t.Errorf("the second turn is of %s, who has\n%s", dbuser.Name(again), got)
	}
	for c, want := range map[*rotate.Credential]bool{&old: false, &now: false, &again: true} {
		if is, err := s.works(*c); err != nil || is != want {
			t.Errorf("%s works: %v %v", dbuser.Name(*c), is, err)
		}
	}
	s.do(t, "GRANT INSERT ON shop.orders TO '"+b+"'@'10.%'")
	dbusertest.Refused(t, r, again, "has what")
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
		dbusertest.Refused(t, s.rotator(t, users(a, b), nil), old, want)
	}
	a, b, old := s.app(t)
	dbusertest.Refused(t, s.rotator(t, users("x", "y"), nil), old, "take turns")
	dbusertest.Refused(t, s.rotator(t, users(a, "clerk"), nil), old, "is the admin")
	dbusertest.Refused(t, s.rotator(t, users("nobody", b), nil), dbuser.With("nobody", old[rotate.Password]), "has no user")
	o := s.options(nil)
	o.Managed = func(_ context.Context, _, user string) (string, error) {
		return map[string]string{b: "the static role app of vault"}[user], nil
	}
	r, err := mysql.New(t.Context(), s.settings(t, users(a, b)), o)
	if err != nil {
		t.Fatal(err)
	}
	dbusertest.Refused(t, r, old, "static role app of vault")
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
	now := dbusertest.Turn(t, r, old, "")
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

// noTLS: a server without TLS is not talked to in clear, unless the settings say so.
func noTLS(t *testing.T, s *stage) {
	set := s.settings(t, "mode: single-user")
	for i, n := range set.With.Content {
		if n.Value == "tls" {
			set.With.Content[i+1].Value = "verify"
		}
	}
	if _, err := mysql.New(t.Context(), set, s.options(nil)); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("in clear: %v", err)
	}
}
