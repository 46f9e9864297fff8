package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// told sends OpenBao a request as root.
func told(t *testing.T, bao realtest.OpenBao, path string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, bao.Address+"/v1/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Vault-Token", bao.Token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		t.Fatalf("%s: %s", path, resp.Status)
	}
}

// token makes a service account and a token of its, for an audience.
func (c *cluster) token(t *testing.T, namespace, name, audience string) string {
	t.Helper()
	accounts := c.Client.CoreV1().ServiceAccounts(namespace)
	if _, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	request := &authenticationv1.TokenRequest{}
	if audience != "" {
		request.Spec.Audiences = []string{audience}
	}
	answer, err := accounts.CreateToken(t.Context(), name, request, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.Token
}

const inCluster = `version: 1
secrets:
  db: {store: vault, name: secret/prod/db}
readers:
  orders: {reads: [db], as: {kubernetes: {namespace: shop, service_account: orders}}}
`

// TestVaultLogin has a pod's service account log in to OpenBao, which asks the API server
// whose token that is, under the policy and the role that `oakum remediate access`
// compiles; `oakum run` then has what the account may read, and no other one has it.
func TestVaultLogin(t *testing.T) {
	bao := realtest.StartOpenBao(t, "")
	c := start(t, PlaneOptions{})
	shop := c.namespace(t, "shop", nil)
	reviewer := c.token(t, shop, "reviewer", "")
	binding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "reviewer"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:auth-delegator"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: shop, Name: "reviewer"}}}
	if _, err := c.Client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	password := leaktest.Must(62, `{{alnum 24}}`)
	told(t, bao, "secret/data/prod/db", map[string]any{"data": map[string]string{"password": password}})
	told(t, bao, "secret/data/prod/other", map[string]any{"data": map[string]string{"password": password}})
	told(t, bao, "sys/auth/kubernetes", map[string]string{"type": "kubernetes"})
	told(t, bao, "auth/kubernetes/config", map[string]any{"kubernetes_host": c.Config.Host, "kubernetes_ca_cert": string(c.Config.CAData), "token_reviewer_jwt": reviewer, "disable_local_ca_jwt": true})

	program, dir := remediator(t, "VAULT_ADDR="+bao.Address), t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	if out, err := program(dir, "remediate", "access", "compile", write("access.yaml", inCluster), "-o", dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	policy, err := os.ReadFile(filepath.Join(dir, "orders.vault-policy.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	told(t, bao, "sys/policies/acl/orders", map[string]string{"policy": string(policy)})
	text, err := os.ReadFile(filepath.Join(dir, "orders.vault-role.json"))
	if err != nil {
		t.Fatal(err)
	}
	var role struct {
		Path string
		Data map[string]any
	}
	if err := json.Unmarshal(text, &role); err != nil {
		t.Fatal(err)
	}
	told(t, bao, role.Path, role.Data)

	orders, other := write("orders.token", c.token(t, shop, "orders", "vault")), write("other.token", c.token(t, shop, "other", "vault"))
	for _, one := range []struct{ token, name, says string }{
		{orders, "db", password},
		{orders, "other", "permission denied"},
		{other, "db", "not authorized"},
	} {
		refs := write("refs.yaml", "version: 1\nenvironment:\n  DB: ref+vault://secret/prod/"+one.name+"?auth=kubernetes&role=orders&token-file="+one.token+"#/password\n")
		out, err := program(dir, "run", "--refs", refs, "--", "printenv", "DB")
		if (err == nil) != (one.says == password) || !strings.Contains(out, one.says) {
			t.Errorf("%s reads %s: %v\n%s", filepath.Base(one.token), one.name, err, strings.ReplaceAll(out, password, "VALUE"))
		}
	}
}
