package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser/dbusertest"
	"github.com/oakum-sec/oakum/remediate/rotate/postgres"
	"github.com/oakum-sec/oakum/remediate/store"
)

// TestPostgres is what the suite does not ask: on one server, a user for each.
func TestPostgres(t *testing.T) {
	s := newStage(t)
	for name, test := range map[string]func(*testing.T, *stage){
		"there and back": thereAndBack, "what is copied": copied, "the statement log": statementLog, "refusals": refusals,
		"a value is no statement": noStatement, "sessions end": sessionsEnd, "somebody sets a third password": third, "an admin who may not see verifiers": blind,
		"settings": badSettings, "the retired one sets a password": setsItself,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

func users(a, b string) string { return fmt.Sprintf("users: [%s, %s]", a, b) }

func op(n int) string { return fmt.Sprintf("00000000-0000-5000-8000-%012d", n) }

// thereAndBack: the two take turns, and what the one in use got meanwhile the other gets.
func thereAndBack(t *testing.T, s *stage) {
	a, b, old := s.app(t)
	r := s.rotator(t, users(a, b), nil)
	now := dbusertest.Turn(t, r, old, op(1))
	if dbuser.Name(now) != b {
		t.Fatalf("it is the turn of %s", dbuser.Name(now))
	}
	s.do(t, "CREATE TABLE later_"+b+" (id int)", "GRANT SELECT ON later_"+b+" TO "+b)
	subject, err := r.Inspect(t.Context(), now)
	if err != nil || !strings.Contains(strings.Join(subject.Notes, "\n"), "later_"+b) {
		t.Errorf("what %s will get is not told: %q %v", a, subject.Notes, err)
	}
	again := dbusertest.Turn(t, r, now, op(2))
	if dbuser.Name(again) != a || again.Equal(old) {
		t.Fatalf("the second turn is of %s", dbuser.Name(again))
	}
	if got := s.ask(t, "SELECT has_table_privilege($1, $2, 'SELECT')::text", a, "later_"+b); got != "true" {
		t.Error("what the other got is not copied")
	}
	for c, want := range map[*rotate.Credential]bool{&old: false, &now: false, &again: true} {
		if is, err := s.works(*c); err != nil || is != want {
			t.Errorf("%s works: %v %v", dbuser.Name(*c), is, err)
		}
	}
	s.do(t, "GRANT SELECT ON later_"+b+" TO "+b+" WITH GRANT OPTION")
	dbusertest.Refused(t, r, again, "has what")
}

// copied: the second role is the first in everything, in other databases too.
func copied(t *testing.T, s *stage) {
	a, b, old := s.app(t)
	s.do(t, "CREATE DATABASE second_"+a, "CREATE FUNCTION price_"+a+"(int) RETURNS int LANGUAGE sql AS 'SELECT $1'", "GRANT EXECUTE ON FUNCTION price_"+a+" TO "+a,
		"CREATE ROLE readers_"+a, "GRANT readers_"+a+" TO "+a+" WITH ADMIN OPTION", "ALTER ROLE "+a+" VALID UNTIL '2099-01-01' NOINHERIT CREATEDB", "CREATE TYPE kind_"+a+" AS ENUM ('x')",
		"GRANT USAGE ON TYPE kind_"+a+" TO "+a, "GRANT SET ON PARAMETER log_min_messages TO "+a, "SELECT lo_create(4711)", "GRANT SELECT ON LARGE OBJECT 4711 TO "+a)
	elsewhere := s.as(t, s.pg.User, s.pg.Password, "second_"+a)
	if _, err := elsewhere.Exec(context.Background(), "CREATE SCHEMA more; GRANT USAGE ON SCHEMA more TO "+a); err != nil {
		t.Fatal(err)
	}
	dbusertest.Turn(t, s.rotator(t, users(a, b), nil), old, op(3))
	for question, want := range map[string]string{
		"SELECT has_function_privilege('{}', 'price_" + a + "(int)', 'EXECUTE')::text":                                    "true",
		"SELECT pg_has_role('{}', 'readers_" + a + "', 'MEMBER WITH ADMIN OPTION')::text":                                 "true",
		"SELECT rolvaliduntil::date || ' ' || rolinherit || rolcreatedb FROM pg_roles WHERE rolname = '{}'":               "2099-01-01 falsetrue",
		"SELECT has_parameter_privilege('{}', 'log_min_messages', 'SET')::text":                                           "true",
		"SELECT has_column_privilege('{}', 'orders', 'item', 'UPDATE')::text":                                             "true",
		"SELECT has_sequence_privilege('{}', 'numbers', 'USAGE WITH GRANT OPTION')::text":                                 "true",
		"SELECT string_agg(c, ' ' ORDER BY c) FROM pg_db_role_setting, unnest(setconfig) c WHERE setrole = '{}'::regrole": `search_path="$user", public statement_timeout=9s`,
		"SELECT count(*)::text FROM pg_default_acl WHERE defaclrole = '{}'::regrole":                                      "1",
		"SELECT rolconnlimit::text FROM pg_roles WHERE rolname = '{}'":                                                    "20",
	} {
		if got := s.ask(t, strings.ReplaceAll(question, "{}", b)); got != want {
			t.Errorf("%s: %s, want %s", question, got, want)
		}
	}
	var has bool
	if err := elsewhere.QueryRow(context.Background(), "SELECT has_schema_privilege($1, 'more', 'USAGE')", b).Scan(&has); err != nil || !has {
		t.Errorf("in another database it has nothing: %v", err)
	}
	var differ int
	if err := elsewhere.QueryRow(context.Background(), `SELECT count(*) FROM (SELECT dbid, classid, objid, objsubid, deptype FROM pg_shdepend WHERE refobjid = $1::regrole AND deptype <> 'o'
		EXCEPT SELECT dbid, classid, objid, objsubid, deptype FROM pg_shdepend WHERE refobjid = $2::regrole) x`, a, b).Scan(&differ); err != nil || differ != 0 {
		t.Errorf("in %d things they differ: %v", differ, err)
	}
}

// statementLog: a server that logs every statement has neither password in its log, nor
// anything to log in with.
func statementLog(t *testing.T, s *stage) {
	s.do(t, "ALTER SYSTEM SET log_statement = 'all'", "ALTER SYSTEM SET log_min_error_statement = 'debug1'", "SELECT pg_reload_conf()")
	defer s.do(t, "ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
	for s.ask(t, "SELECT current_setting('log_statement')") != "all" {
		t.Log("not yet reloaded")
	}
	for _, mode := range []string{"", "mode: single-user"} {
		a, b, old := s.app(t)
		begin := len(s.pg.Log()) // the test's own statement had the old password
		if mode == "" {
			mode = users(a, b)
		}
		r := s.rotator(t, mode, nil)
		fresh, err := r.Next(t.Context(), old, op(4))
		if err != nil {
			t.Fatal(err)
		}
		p := rotate.Provision{Op: op(4), Old: old, New: fresh}
		if _, err := r.Provision(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.Verify(t.Context(), fresh), r.Withdraw(t.Context(), p)); err != nil {
			t.Fatal(err)
		}
		log := s.pg.Log()[begin:]
		if !regexp.MustCompile(`ALTER ROLE "` + dbuser.Name(fresh) + `"( LOGIN)? PASSWORD 'SCRAM-SHA-256\$4096:`).MatchString(log) {
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
		"is a superuser": func(a, _ string) []string { return []string{"ALTER ROLE " + a + " SUPERUSER"} },
		"in rds_superuser": func(a, _ string) []string {
			return []string{"CREATE ROLE rds_superuser", "CREATE ROLE dba IN ROLE rds_superuser", "GRANT dba TO " + a}
		},
		"oakum did not make it": func(_, b string) []string { return []string{"CREATE ROLE " + b} },
		"ought to rest": func(a, b string) []string {
			return []string{"CREATE ROLE " + b + " LOGIN", "COMMENT ON ROLE " + b + " IS 'oakum: takes turns with " + a + "'"}
		},
		"REASSIGN OWNED BY": func(a, _ string) []string {
			return []string{"CREATE TABLE own_" + a + " (id int)", "ALTER TABLE own_" + a + " OWNER TO " + a}
		},
		"SET search_path": func(a, _ string) []string { return []string{"CREATE SCHEMA " + a} },
		"ALTER POLICY": func(a, _ string) []string {
			return []string{"CREATE POLICY p_" + a + " ON orders TO " + a + " USING (true)"}
		},
		"CREATE USER MAPPING FOR": func(a, _ string) []string {
			return []string{"CREATE FOREIGN DATA WRAPPER w", "CREATE SERVER far FOREIGN DATA WRAPPER w", "CREATE USER MAPPING FOR " + a + " SERVER far"}
		},
		"has what": func(a, b string) []string {
			return []string{"CREATE ROLE " + b, "COMMENT ON ROLE " + b + " IS 'oakum: takes turns with " + a + "'", "GRANT DELETE ON orders TO " + b}
		},
	} {
		a, b, old := s.app(t)
		s.do(t, begin(a, b)...)
		dbusertest.Refused(t, s.rotator(t, users(a, b), nil), old, want)
		if n := s.ask(t, "SELECT count(*)::text FROM pg_roles WHERE rolname = $1 AND rolcanlogin", a); n != "1" {
			t.Errorf("%s: the user was changed", want)
		}
	}
	a, b, old := s.app(t)
	dbusertest.Refused(t, s.rotator(t, users("x", "y"), nil), old, "take turns")
	dbusertest.Refused(t, s.rotator(t, users(a, s.pg.User), nil), old, "is the admin")
	dbusertest.Refused(t, s.rotator(t, users(s.pg.User, b), nil), dbuser.With(s.pg.User, old[rotate.Password]), "is the admin")
	dbusertest.Refused(t, s.rotator(t, users("nobody", b), nil), dbuser.With("nobody", old[rotate.Password]), "has no role")
	o := s.options(nil)
	o.Managed = func(_ context.Context, _, user string) (string, error) {
		return map[string]string{b: "the static role app of vault"}[user], nil
	}
	r, err := postgres.New(t.Context(), s.settings(t, users(a, b)), o)
	if err != nil {
		t.Fatal(err)
	}
	dbusertest.Refused(t, r, old, "static role app of vault")
}

// noStatement: what a program wrote into its own role's settings, or called its tables,
// does not become a statement of the admin.
func noStatement(t *testing.T, s *stage) {
	a, b, old := s.app(t)
	evil := `public, "x; ALTER ROLE ` + a + ` SUPERUSER; --'"`
	as := s.as(t, a, store.Plain(old[rotate.Password]), "shop")
	for _, q := range []string{"SELECT set_config('search_path', $1, false)", "SELECT set_config('application_name', $1, false)"} {
		if _, err := as.Exec(context.Background(), q, evil); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []string{"ALTER ROLE CURRENT_USER SET search_path FROM CURRENT", "ALTER ROLE CURRENT_USER SET application_name FROM CURRENT"} {
		if _, err := as.Exec(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	odd := `x" TO PUBLIC; ALTER ROLE ` + a + ` SUPERUSER; --`
	s.do(t, `CREATE SCHEMA "`+strings.ReplaceAll(odd, `"`, `""`)+`"`, `GRANT USAGE ON SCHEMA "`+strings.ReplaceAll(odd, `"`, `""`)+`" TO `+a)
	defer s.do(t, `DROP SCHEMA "`+strings.ReplaceAll(odd, `"`, `""`)+`"`)
	dbusertest.Turn(t, s.rotator(t, users(a, b), nil), old, op(5))
	if got := s.ask(t, "SELECT count(*)::text FROM pg_roles WHERE rolsuper AND rolname IN ($1, $2)", a, b); got != "0" {
		t.Errorf("%s of the two are superusers", got)
	}
	if got := s.ask(t, "SELECT c FROM pg_db_role_setting, unnest(setconfig) c WHERE setrole = $1::regrole AND setdatabase = 0 AND c LIKE 'search_path=%'", b); got != "search_path="+evil {
		t.Errorf("the setting is not copied as it is: %s", got)
	}
}

// sessionsEnd: where the old password is public, its sessions end with it; else they go on.
func sessionsEnd(t *testing.T, s *stage) {
	for _, public := range []bool{false, true} {
		a, b, old := s.app(t)
		set := s.settings(t, users(a, b))
		if public {
			set.Exposure = rotate.Public
		}
		r, err := postgres.New(t.Context(), set, s.options(nil))
		if err != nil {
			t.Fatal(err)
		}
		as := s.as(t, a, store.Plain(old[rotate.Password]), "shop")
		uses, err := r.Uses(t.Context(), old, s.now(t))
		if err != nil || len(uses) != 1 || !uses[0].When.IsZero() {
			t.Fatalf("%v %v", uses, err)
		}
		if err := r.Deactivate(t.Context(), old, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := as.Exec(context.Background(), "SELECT 1"); (err != nil) != public {
			t.Errorf("public %v: the session ends with %v", public, err)
		}
	}
}

// third: where a single user has a password that nobody knows, nothing is set in its place.
func third(t *testing.T, s *stage) {
	a, _, old := s.app(t)
	r := s.rotator(t, "mode: single-user", nil)
	fresh, err := r.Next(t.Context(), old, op(6))
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.Repeat("x", 3) + a
	s.do(t, "ALTER ROLE "+a+" PASSWORD '"+theirs+"'")
	p := rotate.Provision{Op: op(6), Old: old, New: fresh}
	if _, err := r.Provision(t.Context(), p); err == nil || !strings.Contains(err.Error(), "neither the old nor the new") {
		t.Errorf("provision: %v", err)
	}
	if err := r.Withdraw(t.Context(), p); err == nil {
		t.Error("withdrawn")
	}
	if is, err := s.works(dbuser.With(a, leak.NewSecret([]byte(theirs)))); err != nil || !is {
		t.Errorf("their password works: %v %v", is, err)
	}
}

// setsItself: whoever has the old password can set another; the role is locked all the same.
func setsItself(t *testing.T, s *stage) {
	a, b, old := s.app(t)
	r := s.rotator(t, users(a, b), nil)
	as := s.as(t, a, store.Plain(old[rotate.Password]), "shop")
	if _, err := as.Exec(context.Background(), "ALTER ROLE CURRENT_USER PASSWORD '"+strings.Repeat("y", 9)+"'"); err != nil {
		t.Fatal(err)
	}
	if status, err := r.Status(t.Context(), old); err != nil || status == rotate.Gone || status == rotate.Inactive {
		t.Errorf("it is taken for %s: %v", status, err)
	}
}

// blind: what a cloud's admin, who sees no verifier, is told by logins instead.
func blind(t *testing.T, s *stage) {
	rotator := s.blind(t)
	status := func(r rotate.Rotator, c rotate.Credential, want rotate.Status) {
		t.Helper()
		if is, err := r.Status(t.Context(), c); err != nil || is != want {
			t.Errorf("%s is %s and ought to be %s, %v", dbuser.Name(c), is, want, err)
		}
	}
	a, b, old := s.plainApp(t)
	r := rotator(t, users(a, b), nil)
	status(r, old, rotate.Live)
	s.do(t, "ALTER ROLE "+a+" NOLOGIN")
	status(r, old, rotate.Inactive)
	s.do(t, "ALTER ROLE "+a+" LOGIN")
	dbusertest.Turn(t, r, old, op(7))
	status(r, old, rotate.Gone)
	s.do(t, "ALTER ROLE "+a+" LOGIN PASSWORD '"+strings.Repeat("y", 9)+"'")
	status(r, old, rotate.Unknown)

	a, _, old = s.plainApp(t)
	r = rotator(t, "mode: single-user", nil)
	fresh, err := r.Next(t.Context(), old, op(8))
	if err != nil {
		t.Fatal(err)
	}
	p := rotate.Provision{Op: op(8), Old: old, New: fresh}
	s.do(t, "ALTER ROLE "+a+" PASSWORD '"+strings.Repeat("y", 9)+"'")
	if _, err := r.Provision(t.Context(), p); err == nil || !strings.Contains(err.Error(), "neither the old nor the new") {
		t.Errorf("over a third password: %v", err)
	}
	s.do(t, "ALTER ROLE "+a+" PASSWORD '"+store.Plain(old[rotate.Password])+"'")
	for range 2 { // as after a crash
		if _, err := r.Provision(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	status(r, old, rotate.Gone)
	if err := errors.Join(r.Verify(t.Context(), fresh), r.Delete(t.Context(), old, fresh)); err != nil {
		t.Error(err)
	}
}

func badSettings(t *testing.T, s *stage) {
	for more, want := range map[string]string{
		"":                                  "users: [app_a, app_b]",
		"users: [a, a]":                     "users: [app_a, app_b]",
		"users: [a, b], mode: dual":         "mode is",
		"mode: single-user, users: [a, b]":  "for the mode alternating",
		"users: [a, b], pasword: x":         "pasword",
		"users: [a, b], terminate: perhaps": "into bool",
	} {
		if _, err := postgres.New(t.Context(), s.settings(t, more), s.options(nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", more, err)
		}
	}
}
