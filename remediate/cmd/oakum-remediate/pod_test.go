//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
)

// kube asks an API server as its administrator.
func kube(t *testing.T, c *realtest.Cluster, path, body string) map[string]any {
	t.Helper()
	code, text := c.Do(t, http.MethodPost, path, "", []byte(body))
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil || code >= 300 {
		t.Fatalf("%s: %d %s %v", path, code, text, err)
	}
	return answer
}

// podToken is a service account's, for an audience, as a pod has it projected.
func podToken(t *testing.T, c *realtest.Cluster, account, audience string) string {
	t.Helper()
	answer := kube(t, c, "api/v1/namespaces/shop/serviceaccounts/"+account+"/token", `{"spec": {"audiences": ["`+audience+`"], "expirationSeconds": 3600}}`)
	return answer["status"].(map[string]any)["token"].(string)
}

// TestPodBorrows has a service account of a real API server log in to OpenBao by what a
// pod has, and borrow a database user. Other accounts, and tokens for others, get none.
func TestPodBorrows(t *testing.T) {
	l := onPostgres(t)
	c := realtest.StartCluster(t, "")
	kube(t, c, "api/v1/namespaces", `{"metadata": {"name": "shop"}}`)
	for _, account := range []string{"orders", "other", "reviewer"} {
		kube(t, c, "api/v1/namespaces/shop/serviceaccounts", `{"metadata": {"name": "`+account+`"}}`)
	}
	kube(t, c, "apis/rbac.authorization.k8s.io/v1/clusterrolebindings", `{"metadata": {"name": "reviewer"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
		"subjects": [{"kind": "ServiceAccount", "namespace": "shop", "name": "reviewer"}]}`)
	l.vault(t, http.MethodPost, "sys/auth/kubernetes", map[string]any{"type": "kubernetes"})
	l.vault(t, http.MethodPost, "auth/kubernetes/config", map[string]any{"kubernetes_host": c.URL, "kubernetes_ca_cert": string(c.CA), "token_reviewer_jwt": podToken(t, c, "reviewer", "https://kubernetes.default.svc.cluster.local")})
	file := filepath.Join(l.dir, "dynamic.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "readers:\n  orders: {as: {kubernetes: {namespace: shop, service_account: orders}}}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	l.oakum(t, "remediate", "dynamic", "apply", "dynamic.yaml")
	cmd := l.pod(t, podToken(t, c, "orders", "vault"), &bytes.Buffer{}, "sh", "-c", `echo "$DB_USER $DB_PASSWORD" > user; while :; do sleep 0.05; done`)
	user := l.eventually(t, "user", 1)
	if err := l.login(user[0], user[1]); err != nil || l.users(t) != user[0]+"\n" {
		t.Errorf("there is %q, and a login as %s: %v", l.users(t), user[0], err)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	for name, of := range map[string]string{"another account": podToken(t, c, "other", "vault"), "another audience": podToken(t, c, "orders", "elsewhere")} {
		var said bytes.Buffer
		cmd := l.pod(t, of, &said, "touch", "started")
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 2 || !strings.Contains(said.String(), "log in to Vault by kubernetes") || strings.Contains(said.String(), of) {
			t.Errorf("%s: %v %s", name, err, said.String())
		}
	}
	if _, err := os.Stat(filepath.Join(l.dir, "started")); err == nil {
		t.Error("a program was started without its user")
	}
}

// pod starts a program by oakum run with a service account's token.
func (l *lender) pod(t *testing.T, token string, words *bytes.Buffer, command ...string) *exec.Cmd {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	reference := "ref+vault://database/creds/api-role?auth=kubernetes&role=orders&token-file=" + file
	cmd := exec.Command(os.Args[0], append([]string{"run", "--"}, command...)...)
	cmd.Dir, cmd.Stderr = l.dir, words
	cmd.Env = []string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + l.dir, "OAKUM_STATE_DIR=" + l.dir, "VAULT_ADDR=" + l.bao.Address,
		"DB_USER=" + reference + "#/username", "DB_PASSWORD=" + reference + "#/password"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { killGroup(cmd) })
	return cmd
}
