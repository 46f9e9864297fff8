package lease_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/lease"
)

// bank is a Vault whose database engine makes users that live for two seconds, and five
// at most. An application logs in to it by AppRole; its token may ask for them, and has
// what Vault's default policy has.
type bank struct {
	root  *api.Client
	app   map[string]string // its environment
	users func() int        // that the engine has made and not removed
	login func(user, password string) error
}

func newBank(t *testing.T, config, role map[string]any) *bank {
	t.Helper()
	bao := realtest.StartOpenBao(t, "")
	c := api.DefaultConfig()
	c.Address = bao.Address
	root, err := api.NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	root.SetToken(bao.Token)
	b := &bank{root: root, app: map[string]string{"VAULT_ADDR": bao.Address}}
	config["allowed_roles"], role["db_name"], role["default_ttl"], role["max_ttl"] = "api", "shop", "2s", "5s"
	if err := root.Sys().MountWithContext(t.Context(), "database", &api.MountInput{Type: "database"}); err != nil {
		t.Fatal(err)
	}
	if err := root.Sys().EnableAuthWithOptionsWithContext(t.Context(), "approle", &api.EnableAuthOptions{Type: "approle"}); err != nil {
		t.Fatal(err)
	}
	b.write(t, "database/config/shop", config)
	b.write(t, "database/roles/api", role)
	b.write(t, "sys/policies/acl/app", map[string]any{"policy": `path "database/creds/api" { capabilities = ["read"] } path "secret/data/app" { capabilities = ["read"] }`})
	b.write(t, "auth/approle/role/app", map[string]any{"token_policies": "app"})
	id, err := root.Logical().ReadWithContext(t.Context(), "auth/approle/role/app/role-id")
	if err != nil {
		t.Fatal(err)
	}
	b.app["VAULT_ROLE_ID"] = id.Data["role_id"].(string)
	b.app["VAULT_SECRET_ID"] = b.write(t, "auth/approle/role/app/secret-id", nil).Data["secret_id"].(string)
	return b
}

func (b *bank) write(t *testing.T, path string, data map[string]any) *api.Secret {
	t.Helper()
	s, err := b.root.Logical().WriteWithContext(t.Context(), path, data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func postgres(t *testing.T) *bank {
	t.Helper()
	p := realtest.StartPostgres(t)
	b := newBank(t, map[string]any{"plugin_name": "postgresql-database-plugin", "username": p.User, "password": p.Password,
		"connection_url": "postgresql://{{username}}:{{password}}@" + p.Address + "/postgres?sslmode=disable"},
		map[string]any{"creation_statements": `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';`})
	b.users = func() int { return count(t, p.Do(t, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%'")) }
	b.login = func(user, password string) error { _, err := p.Ask(user, password, "postgres", "SELECT 1"); return err }
	return b
}

func mariaDB(t *testing.T) *bank {
	t.Helper()
	m, password := realtest.StartMariaDB(t), rand.Text()
	m.Do(t, "CREATE USER vault IDENTIFIED BY '"+password+"'; GRANT ALL PRIVILEGES ON *.* TO vault WITH GRANT OPTION")
	b := newBank(t, map[string]any{"plugin_name": "mysql-database-plugin", "username": "vault", "password": password, "connection_url": "{{username}}:{{password}}@tcp(" + m.Address + ")/"},
		map[string]any{"creation_statements": `CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}';`})
	b.users = func() int { return count(t, m.Do(t, "SELECT COUNT(*) FROM mysql.user WHERE User LIKE 'v-%'")) }
	b.login = func(user, password string) error { _, err := m.Ask(user, password, "SELECT 1"); return err }
	return b
}

func count(t *testing.T, text string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (b *bank) keeper(t *testing.T) (*lease.Keeper, *[]string) {
	t.Helper()
	said := &[]string{}
	return &lease.Keeper{Getenv: func(name string) string { return b.app[name] }, Say: func(format string, args ...any) { *said = append(*said, fmt.Sprintf(format, args...)) }}, said
}

// borrow is a user and its password.
func borrow(t *testing.T, k *lease.Keeper, query url.Values) (user, password string) {
	t.Helper()
	doc, ok, err := k.Borrow(t.Context(), query, "database/creds/api")
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	fields := map[string]string{}
	err = doc.Reveal(func(b []byte) error { return json.Unmarshal(b, &fields) })
	if err != nil {
		t.Fatal(err)
	}
	return fields["username"], fields["password"]
}

// tendUntil tends when it is due, until something has changed.
func tendUntil(t *testing.T, k *lease.Keeper) (renewals int) {
	t.Helper()
	for ; renewals < 20; renewals++ {
		time.Sleep(time.Until(k.Due()))
		if k.Tend(t.Context()) {
			return renewals
		}
	}
	t.Fatal("a lease of five seconds at most does not end")
	return 0
}

var byAppRole = url.Values{"auth": {"approle"}}

// A user lives while its lease is renewed, gives way to another one at its longest time,
// and is gone when all is released.
func TestLease(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *bank{"PostgreSQL": postgres, "MariaDB": mariaDB} {
		t.Run(name, func(t *testing.T) {
			b := start(t)
			k, said := b.keeper(t)
			begin := time.Now()
			user, password := borrow(t, k, byAppRole)
			if again, _ := borrow(t, k, byAppRole); again != user || b.users() != 1 || !k.Held() {
				t.Fatalf("two fields made %d users", b.users())
			}
			if err := b.login(user, password); err != nil {
				t.Fatal(err)
			}
			renewals := tendUntil(t, k)
			if took := time.Since(begin); renewals < 1 || took < 3*time.Second || took > 5*time.Second {
				t.Errorf("after %d renewals and %s another one is wanted", renewals, took)
			}
			if err := b.login(user, password); err != nil {
				t.Errorf("the user does not live until another one takes its place: %v", err)
			}
			other, password2 := borrow(t, k, byAppRole)
			if other == user || b.login(other, password2) != nil {
				t.Errorf("%s takes the place of %s", other, user)
			}
			k.Settle(t.Context())
			k.Release(t.Context())
			// The leases end with the login, by a queue of Vault's.
			for end := time.Now().Add(5 * time.Second); b.users() > 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			}
			if b.login(other, password2) == nil || k.Held() {
				t.Error("the user logs in after all was released")
			}
			if n := b.users(); n != 0 || len(*said) > 0 {
				t.Errorf("%d users are left; it said %q", n, *said)
			}
		})
	}
}

// Where a login ends, another one borrows anew: what the first one borrowed ends with it.
func TestLoginEnds(t *testing.T) {
	b := postgres(t)
	b.write(t, "auth/approle/role/app", map[string]any{"token_policies": "app", "token_ttl": "1s", "token_max_ttl": "2s"})
	b.write(t, "database/roles/api", map[string]any{"db_name": "shop", "default_ttl": "1h", "max_ttl": "1h", "creation_statements": `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}';`})
	k, _ := b.keeper(t)
	first, _ := borrow(t, k, byAppRole)
	tendUntil(t, k)
	second, password := borrow(t, k, byAppRole)
	if first == second || b.login(second, password) != nil {
		t.Errorf("%s takes the place of %s", second, first)
	}
	k.Release(t.Context())
	if n := b.users(); n != 0 {
		time.Sleep(time.Second)
		if n = b.users(); n != 0 {
			t.Errorf("%d users are left", n)
		}
	}
}

// A token that was given may not revoke by Vault's default policy: it is said what would
// let it. The token itself is left alone.
func TestGivenToken(t *testing.T) {
	b := postgres(t)
	s, err := b.root.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{"app"}, TTL: "1h"})
	if err != nil {
		t.Fatal(err)
	}
	b.app["VAULT_TOKEN"] = s.Auth.ClientToken
	k, said := b.keeper(t)
	borrow(t, k, nil)
	k.Release(t.Context())
	if len(*said) != 1 || !strings.Contains((*said)[0], "sys/leases/revoke") || strings.Contains((*said)[0], s.Auth.ClientToken) {
		t.Errorf("it says %q", *said)
	}
	if _, err := b.root.Auth().Token().LookupWithContext(t.Context(), s.Auth.ClientToken); err != nil {
		t.Errorf("the token is gone: %v", err)
	}
}

// A path that looks like one of an engine may be one of a KV store, which is read as ever.
func TestNotLent(t *testing.T) {
	b := postgres(t)
	k, _ := b.keeper(t)
	if _, ok, err := k.Borrow(context.Background(), byAppRole, "secret/creds/app"); ok || err != nil || k.Held() {
		t.Errorf("%v, %v", ok, err)
	}
	for path, want := range map[string]bool{"database/creds/api": true, "db/prod/static-creds/api": true, "secret/creds": false, "creds/api": false, "secret/app": false, "database/creds/team/x": true} {
		if lease.Lent(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
	_, _, err := k.Borrow(context.Background(), byAppRole, "database/creds/other")
	if err == nil || !strings.Contains(err.Error(), "permission denied") || strings.Contains(err.Error(), "http") {
		t.Errorf("another role: %v", err)
	}
}

// A Vault that does not answer for a while ends nothing.
func TestVaultAway(t *testing.T) {
	b := postgres(t)
	at, err := url.Parse(b.app["VAULT_ADDR"])
	if err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	vault := httputil.NewSingleHostReverseProxy(at)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		vault.ServeHTTP(w, r)
	}))
	defer front.Close()
	b.app["VAULT_ADDR"] = front.URL
	k, said := b.keeper(t)
	user, _ := borrow(t, k, byAppRole)
	time.Sleep(time.Until(k.Due()))
	away.Store(true)
	if k.Tend(t.Context()) || len(*said) != 1 || !strings.Contains((*said)[0], "asked for again") {
		t.Fatalf("it says %q", *said)
	}
	away.Store(false)
	time.Sleep(time.Until(k.Due()))
	if k.Tend(t.Context()) {
		t.Error("another user is wanted")
	}
	if again, _ := borrow(t, k, byAppRole); again != user {
		t.Errorf("%s took the place of %s", again, user)
	}
	k.Release(t.Context())
}
