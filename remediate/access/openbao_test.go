package access

import (
	"errors"
	"net/http"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/internal/realtest"
)

const inBao = `version: 1
secrets:
  mysql: {store: vault, name: secret/prod/mysql}
  mysql2: {store: vault, name: secret/prod/mysql2}
  below: {store: vault, name: secret/prod/mysql/below}
  mail: {store: vault, name: secret/team/mail}
readers:
  orders: {reads: [mysql], as: {approle: {}}}
  both: {reads: [mysql, mail], as: {approle: {}}}
`

// TestPoliciesInOpenBao gives each reader the policy and the role that are compiled for it,
// logs in as it, and asks for everything: what it is to read is read, its neighbours are
// refused, and so is writing, listing and deleting what may be read.
func TestPoliciesInOpenBao(t *testing.T) {
	bao := realtest.StartOpenBao(t, "")
	root := baoClient(t, bao.Address, bao.Token)
	ctx := t.Context()
	all := []string{"prod/mysql", "prod/mysql2", "prod/mysql/below", "team/mail"}
	for _, name := range all {
		if _, err := root.KVv2("secret").Put(ctx, name, map[string]any{"name": name}); err != nil {
			t.Fatal(err)
		}
	}
	if err := root.Sys().EnableAuthWithOptionsWithContext(ctx, "approle", &api.EnableAuthOptions{Type: "approle"}); err != nil {
		t.Fatal(err)
	}
	may := map[string]map[string]bool{"orders": {"prod/mysql": true}, "both": {"prod/mysql": true, "team/mail": true}}
	asked := 0
	for _, grant := range read(t, inBao).VaultGrants() {
		if err := root.Sys().PutPolicyWithContext(ctx, grant.Reader, string(grant.Policy)); err != nil {
			t.Fatal(err)
		}
		if _, err := root.Logical().WriteWithContext(ctx, grant.Role.Path, grant.Role.Data); err != nil {
			t.Fatal(err)
		}
		reader := loggedIn(t, bao.Address, root, grant)
		for _, name := range all {
			got, err := reader.KVv2("secret").Get(ctx, name)
			if may[grant.Reader][name] {
				if err != nil || got.Data["name"] != name {
					t.Errorf("%s reads %s: %v", grant.Reader, name, err)
				}
			} else if !forbidden(err) {
				t.Errorf("%s may read %s: %v", grant.Reader, name, err)
			}
			_, err = reader.KVv2("secret").Put(ctx, name, map[string]any{"name": "other"})
			if !forbidden(err) || !forbidden(reader.KVv2("secret").Delete(ctx, name)) || !forbidden(reader.KVv2("secret").DeleteMetadata(ctx, name)) {
				t.Errorf("%s may change %s: %v", grant.Reader, name, err)
			}
			asked++
		}
		if _, err := reader.Logical().ListWithContext(ctx, "secret/metadata/prod"); !forbidden(err) {
			t.Errorf("%s may list: %v", grant.Reader, err)
		}
	}
	if asked != 8 {
		t.Errorf("%d answers", asked)
	}
}

func baoClient(t *testing.T, address, token string) *api.Client {
	t.Helper()
	config := api.DefaultConfig()
	config.Address = address
	c, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	c.SetToken(token)
	return c
}

// loggedIn logs in as a reader by its role.
func loggedIn(t *testing.T, address string, root *api.Client, grant Grant) *api.Client {
	t.Helper()
	id, err := root.Logical().ReadWithContext(t.Context(), grant.Role.Path+"/role-id")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := root.Logical().WriteWithContext(t.Context(), grant.Role.Path+"/secret-id", nil)
	if err != nil {
		t.Fatal(err)
	}
	login, err := root.Logical().WriteWithContext(t.Context(), "auth/approle/login", map[string]any{"role_id": id.Data["role_id"], "secret_id": secret.Data["secret_id"]})
	if err != nil {
		t.Fatal(err)
	}
	return baoClient(t, address, login.Auth.ClientToken)
}

func forbidden(err error) bool {
	e, ok := errors.AsType[*api.ResponseError](err)
	return ok && e.StatusCode == http.StatusForbidden
}
