package dbuser_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/store"
)

// TestInVault: a real static role, of a real user, is seen (FM-20).
func TestInVault(t *testing.T) {
	pg, bao := realtest.StartPostgres(t), realtest.StartOpenBao(t, "")
	put := func(path string, body map[string]any) {
		t.Helper()
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, bao.Address+"/v1/"+path, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Vault-Token", bao.Token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			t.Fatalf("%s: %s", path, resp.Status)
		}
	}
	pg.Do(t, "CREATE ROLE app_b LOGIN")
	put("sys/mounts/db-prod", map[string]any{"type": "database"})
	put("db-prod/config/shop", map[string]any{"plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "username": pg.User, "password": pg.Password,
		"connection_url": "postgresql://{{username}}:{{password}}@" + pg.Address + "/postgres?sslmode=disable"})
	put("db-prod/static-roles/app", map[string]any{"db_name": "shop", "username": "app_b", "rotation_period": "24h"})
	env := map[string]string{"VAULT_ADDR": bao.Address, "VAULT_TOKEN": bao.Token}
	managed, err := dbuser.InVault(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[[2]string]string{{pg.Address, "app_b"}: "the static role app of db-prod/", {pg.Address, "app_a"}: "", {"db.internal:5432", "app_b"}: ""} {
		by, err := managed(t.Context(), at[0], at[1])
		if err != nil || !strings.HasPrefix(by, want) || want == "" && by != "" {
			t.Errorf("%v: %q, %v", at, by, err)
		}
	}
	env["VAULT_TOKEN"] = "nobody's"
	if managed, err = dbuser.InVault(func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	if by, err := managed(t.Context(), pg.Address, "app_b"); err != nil || by != "" {
		t.Errorf("without rights: %q, %v", by, err)
	}
	if managed, err := dbuser.InVault(func(string) string { return "" }); err != nil || managed != nil {
		t.Errorf("without a Vault: %v", err)
	}
}

// TestPassword: it means nothing in a URL, a shell or a statement, and has one of each
// class that policies ask for (FM-34).
func TestPassword(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s, err := dbuser.Password()
		if err != nil {
			t.Fatal(err)
		}
		p := store.Plain(s)
		if len(p) != 32 || seen[p] || !strings.ContainsAny(p, "abcdefghijklmnopqrstuvwxyz") || !strings.ContainsAny(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || !strings.ContainsAny(p, "0123456789") || !strings.Contains(p, "_") ||
			strings.Trim(p, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			t.Fatal("a password is not what it should be")
		}
		seen[p] = true
	}
}
