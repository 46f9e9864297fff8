package dynamic_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/dynamic"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// bench is a Vault and what its steps are taken with.
type bench struct {
	bao   realtest.OpenBao
	vault *api.Client
	tools *dynamic.Tools
	said  *bytes.Buffer
}

func newBench(t *testing.T, admin string) *bench {
	t.Helper()
	b := &bench{bao: realtest.StartOpenBao(t, ""), said: &bytes.Buffer{}}
	config := api.DefaultConfig()
	config.Address = b.bao.Address
	var err error
	if b.vault, err = api.NewClient(config); err != nil {
		t.Fatal(err)
	}
	b.vault.SetToken(b.bao.Token)
	for _, method := range []string{"approle", "kubernetes", "jwt"} {
		if err := b.vault.Sys().EnableAuthWithOptionsWithContext(t.Context(), method, &api.EnableAuthOptions{Type: method}); err != nil {
			t.Fatal(err)
		}
	}
	k, err := key.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"VAULT_ADDR": b.bao.Address, "VAULT_TOKEN": b.bao.Token}
	b.tools = &dynamic.Tools{
		State: t.TempDir(), Key: k, Who: "test", Getenv: func(name string) string { return env[name] },
		Value: func(context.Context, ref.Ref) (leak.Secret, error) { return leak.NewSecret([]byte(admin)), nil },
		Say:   func(format string, args ...any) { fmt.Fprintf(b.said, format+"\n", args...) },
	}
	return b
}

func (b *bench) plan(t *testing.T, s *dynamic.Settings) (*dynamic.Plan, string) {
	t.Helper()
	p, err := b.tools.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	return p, out.String()
}

func (b *bench) read(t *testing.T, path string) *api.Secret {
	t.Helper()
	s, err := b.vault.Logical().ReadWithContext(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func settings(t *testing.T, text string) *dynamic.Settings {
	t.Helper()
	s, err := dynamic.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const readers = `
readers:
  orders: {as: {kubernetes: {namespace: shop, service_account: orders}}}
  batch: {as: {jwt: {subject: batch-1}}}
  job: {as: {approle: {}}}
`

// shopIn makes a database with a user as applications have one.
func shopIn(t *testing.T, p *realtest.Postgres) (password string) {
	t.Helper()
	password = rand.Text()
	p.Do(t, "CREATE DATABASE shop")
	ask(t, p, p.User, p.Password, `
		CREATE ROLE shop_app LOGIN PASSWORD '`+password+`'; CREATE ROLE readers NOLOGIN; CREATE ROLE owner NOLOGIN; GRANT readers TO shop_app;
		CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO shop_app; ALTER ROLE shop_app SET search_path TO shop, "$user"; ALTER ROLE shop_app SET statement_timeout TO '7s';
		CREATE TABLE shop.orders (id INT, item TEXT); CREATE TABLE shop."Odd Name" (id INT); CREATE TABLE shop.cards (id INT, number TEXT); CREATE TABLE shop.secret (n INT);
		CREATE SEQUENCE shop.ids; CREATE FUNCTION shop.next(a INT, b TEXT) RETURNS INT LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION shop.next FROM PUBLIC;
		CREATE TABLE shop.mine (n INT); ALTER TABLE shop.mine OWNER TO shop_app;
		GRANT SELECT, INSERT ON shop.orders, shop."Odd Name" TO shop_app; GRANT SELECT (id) ON shop.cards TO shop_app; GRANT USAGE ON SEQUENCE shop.ids TO shop_app;
		GRANT EXECUTE ON FUNCTION shop.next TO shop_app; ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA shop GRANT SELECT ON TABLES TO shop_app; GRANT CREATE ON SCHEMA shop TO owner;
		INSERT INTO shop.orders VALUES (1, 'rope');`)
	return password
}

func ask(t *testing.T, p *realtest.Postgres, user, password, statements string) string {
	t.Helper()
	out, err := p.Ask(user, password, "shop", statements)
	if err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
	return out
}

func postgresSettings(t *testing.T, p *realtest.Postgres, more string) *dynamic.Settings {
	t.Helper()
	return settings(t, `version: 1
database:
  {name: shop, kind: postgresql, address: "`+p.Address+`", database: shop, tls: "off", admin: {user: postgres, password: ref+vault://secret/dba#/password}}
user: shop_app
role: {name: api-role}`+readers+more)
}

// TestPostgres takes a user with a fixed password to one that lives as long as its lease,
// and back.
func TestPostgres(t *testing.T) {
	p := realtest.StartPostgres(t)
	password := shopIn(t, p)
	b := newBench(t, p.Password)
	s := postgresSettings(t, p, "")
	plan, text := b.plan(t, s)
	if plan.Conflicts() > 0 || !strings.Contains(text, "INSERT, SELECT ON TABLE shop.orders") || !strings.Contains(text, "things that it owns") {
		t.Fatalf("the plan is\n%s", text)
	}
	if roles := p.Do(t, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'oakum%'"); roles != "0\n" {
		t.Fatal("a plan made roles")
	}
	for range 2 {
		if err := b.tools.Apply(t.Context(), s, ""); err != nil {
			t.Fatalf("%v\n%s", err, b.said)
		}
	}
	if plan, text := b.plan(t, s); plan.Conflicts() > 0 || strings.Contains(text, "  1 +") {
		t.Errorf("after it was applied the plan is\n%s", text)
	}
	lease := b.read(t, "database/creds/api-role")
	user, secret := lease.Data["username"].(string), lease.Data["password"].(string)
	if got := ask(t, p, user, secret, `INSERT INTO orders VALUES (2, 'tar'); SELECT count(*) FROM orders; SELECT count(id) FROM cards; SELECT nextval('ids'); SELECT next(1, ''); SELECT count(*) FROM mine; SHOW statement_timeout`); got != "2\n0\n1\n1\n0\n7s\n" {
		t.Errorf("the user that Vault made gets %q", got)
	}
	for _, forbidden := range []string{"SELECT * FROM secret", "SELECT number FROM cards", "DELETE FROM orders", "CREATE TABLE shop.more (n INT)", "CREATE ROLE x"} {
		if _, err := p.Ask(user, secret, "shop", forbidden); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", forbidden, err)
		}
	}
	// A table that is made later is for it, too.
	ask(t, p, p.User, p.Password, "SET ROLE owner; CREATE TABLE shop.later (n INT)")
	if _, err := p.Ask(user, secret, "shop", "SELECT * FROM later"); err != nil {
		t.Error(err)
	}
	if left := seconds(t, lease); left > 3600 || left < 3500 {
		t.Errorf("the lease is for %d seconds", left)
	}
	if err := b.vault.Sys().RevokeWithContext(t.Context(), lease.LeaseID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Ask(user, secret, "shop", "SELECT 1"); err == nil {
		t.Errorf("%s logs in after its lease was revoked", user)
	}
	b.read(t, "database/creds/api-role") // one that an undo has to end
	if err := b.tools.Undo(t.Context(), s); err != nil {
		t.Fatalf("%v\n%s", err, b.said)
	}
	if roles := p.Do(t, "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'"); roles != "owner postgres readers shop_app\n" {
		t.Errorf("after it was taken back there are %s", roles)
	}
	if m, err := b.vault.Sys().ListMountsWithContext(t.Context()); err != nil || m["database/"] != nil {
		t.Errorf("the engine is mounted still: %v", err)
	}
	ask(t, p, "shop_app", password, "SELECT * FROM orders")
}

func seconds(t *testing.T, s *api.Secret) int {
	t.Helper()
	if s == nil {
		t.Fatal("no lease")
	}
	return s.LeaseDuration
}

// What cannot be taken back asks for the hash of the plan that was read; the old user is
// locked where nobody is connected as it, and let in again by an undo.
func TestFinalSteps(t *testing.T) {
	p := realtest.StartPostgres(t)
	password := shopIn(t, p)
	old := rand.Text()
	ask(t, p, p.User, p.Password, "CREATE ROLE report LOGIN PASSWORD '"+old+"'")
	b := newBench(t, p.Password)
	s := postgresSettings(t, p, "  report: {as: {jwt: {subject: report}}, static: report}\nstatic_roles: {report: {user: report, rotation_period: 1h}}\nrotate_root: true\nretire: true\n")
	if err := b.tools.Apply(t.Context(), s, ""); err == nil || !strings.Contains(err.Error(), "--approve") {
		t.Fatalf("without an approval: %v", err)
	}
	if n := p.Do(t, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'oakum%'"); n != "0\n" {
		t.Error("something was done without the approval")
	}
	plan, text := b.plan(t, s)
	if !strings.Contains(text, "!  cannot be taken back") {
		t.Errorf("the plan is\n%s", text)
	}
	session := connected(t, p, "shop_app", password)
	err := b.tools.Apply(t.Context(), s, plan.Hash)
	if err == nil || !strings.Contains(err.Error(), "1 sessions of shop_app go on (psql at 127.0.0.1)") {
		t.Fatalf("while the old user is connected: %v", err)
	}
	session()
	if err := b.tools.Apply(t.Context(), s, ""); err != nil { // what asked for an approval is done
		t.Fatalf("%v\n%s", err, b.said)
	}
	if _, err := p.Ask("shop_app", password, "shop", "SELECT 1"); err == nil || !strings.Contains(err.Error(), "not permitted to log in") {
		t.Errorf("the old user: %v", err)
	}
	if _, err := p.Ask("report", old, "shop", "SELECT 1"); err == nil {
		t.Error("the old password of a static role's user still works")
	}
	now := b.read(t, "database/static-creds/report").Data["password"].(string)
	ask(t, p, "report", now, "SELECT 1")
	lease := b.read(t, "database/creds/api-role")
	ask(t, p, lease.Data["username"].(string), lease.Data["password"].(string), "SELECT * FROM orders")
	if strings.Contains(b.said.String(), password) || strings.Contains(b.said.String(), now) {
		t.Error("a password is told")
	}
	if err := b.tools.Undo(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	ask(t, p, "shop_app", password, "SELECT 1")
}

// connected keeps a session open until it is told to end it.
func connected(t *testing.T, p *realtest.Postgres, user, password string) (end func()) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Ask(user, password, "shop", "SELECT pg_sleep(60)") // ended below
	}()
	for p.Do(t, "SELECT count(*) FROM pg_stat_activity WHERE usename = '"+user+"'") != "1\n" {
		if t.Context().Err() != nil {
			t.Fatal("no session")
		}
	}
	return func() {
		p.Do(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+user+"'")
		<-ended
		for p.Do(t, "SELECT count(*) FROM pg_stat_activity WHERE usename = '"+user+"'") != "0\n" {
		}
	}
}

// What is there and not ours stays as it is.
func TestConflicts(t *testing.T) {
	p := realtest.StartPostgres(t)
	shopIn(t, p)
	b := newBench(t, p.Password)
	s := postgresSettings(t, p, "")
	ask(t, p, p.User, p.Password, "CREATE ROLE oakum_shop_app; GRANT SELECT ON shop.secret TO oakum_shop_app")
	if err := b.vault.Sys().PutPolicyWithContext(t.Context(), "orders", `path "secret/*" { capabilities = ["read"] }`); err != nil {
		t.Fatal(err)
	}
	plan, text := b.plan(t, s)
	if plan.Conflicts() != 2 || strings.Count(text, "was not made by oakum") != 2 {
		t.Errorf("%d conflicts in\n%s", plan.Conflicts(), text)
	}
	if err := b.tools.Apply(t.Context(), s, ""); err == nil || !strings.Contains(err.Error(), "oakum_shop_app is there") {
		t.Errorf("the apply: %v", err)
	}
	if got := ask(t, p, p.User, p.Password, "SELECT has_table_privilege('oakum_shop_app', 'shop.orders', 'SELECT')"); got != "f\n" {
		t.Error("a role that was there has got grants")
	}
	ask(t, p, p.User, p.Password, "DROP OWNED BY oakum_shop_app; DROP ROLE oakum_shop_app; ALTER ROLE shop_app SUPERUSER")
	if _, err := b.tools.Plan(t.Context(), s); err == nil || !strings.Contains(err.Error(), "superuser") {
		t.Errorf("a superuser's program: %v", err)
	}
}

// What was there before, and was as it should be, outlives an undo.
func TestAdopts(t *testing.T) {
	p := realtest.StartPostgres(t)
	shopIn(t, p)
	b := newBench(t, p.Password)
	s := postgresSettings(t, p, "")
	if err := b.vault.Sys().MountWithContext(t.Context(), "database", &api.MountInput{Type: "database"}); err != nil {
		t.Fatal(err)
	}
	if err := b.tools.Apply(t.Context(), s, ""); err != nil {
		t.Fatal(err)
	}
	if err := b.tools.Undo(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if m, err := b.vault.Sys().ListMountsWithContext(t.Context()); err != nil || m["database/"] == nil {
		t.Errorf("an engine that was there is gone: %v", err)
	}
}

// Whoever applies it needs the policy that is written for that, and no more of Vault.
func TestOperatorPolicy(t *testing.T) {
	p := realtest.StartPostgres(t)
	shopIn(t, p)
	ask(t, p, p.User, p.Password, "CREATE ROLE report LOGIN")
	b := newBench(t, p.Password)
	s := postgresSettings(t, p, "static_roles: {report: {user: report}}\nrotate_root: true\nretire: true\n")
	s.Readers = map[string]dynamic.Reader{"job": s.Readers["job"]}
	var policy bytes.Buffer
	if err := s.OperatorPolicy(&policy); err != nil {
		t.Fatal(err)
	}
	if err := b.vault.Sys().PutPolicyWithContext(t.Context(), "operator", policy.String()); err != nil {
		t.Fatalf("%v\n%s", err, policy.String())
	}
	token, err := b.vault.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{"operator"}, NoDefaultPolicy: true})
	if err != nil {
		t.Fatal(err)
	}
	getenv := b.tools.Getenv
	b.tools.Getenv = func(name string) string {
		if name == "VAULT_TOKEN" {
			return token.Auth.ClientToken
		}
		return getenv(name)
	}
	plan, _ := b.plan(t, s)
	if err := b.tools.Apply(t.Context(), s, plan.Hash); err != nil {
		t.Fatalf("%v\n%s", err, b.said)
	}
	if err := b.tools.Undo(t.Context(), s); err != nil {
		t.Fatalf("%v\n%s", err, b.said)
	}
	// Each path of it is needed: with one less something of the two is refused.
	blocks := strings.SplitAfter(policy.String(), "}\n")
	for i, block := range blocks[:len(blocks)-1] {
		less := strings.Join(append(append([]string{}, blocks[:i]...), blocks[i+1:]...), "")
		if err := b.vault.Sys().PutPolicyWithContext(t.Context(), "operator", less); err != nil {
			t.Fatal(err)
		}
		plan, err := b.tools.Plan(t.Context(), s)
		if err == nil {
			err = b.tools.Apply(t.Context(), s, plan.Hash)
		}
		if err == nil {
			err = b.tools.Undo(t.Context(), s)
		}
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("without %s: %v", strings.TrimSpace(block), err)
		}
		b.vault.Sys().PutPolicyWithContext(t.Context(), "operator", policy.String())
		if err := b.tools.Undo(t.Context(), s); err != nil {
			t.Fatalf("after a try without %s: %v", strings.TrimSpace(block), err)
		}
	}
}
