package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/testdata/apps/orders"
)

// remediator is the program, built as users have it, with a user's state of its own and
// the environment that is given.
func remediator(t *testing.T, env ...string) (run func(dir string, args ...string) (string, error)) {
	t.Helper()
	program, home := filepath.Join(t.TempDir(), "oakum-remediate"), t.TempDir()
	cmd := exec.Command("go", "build", "-o", program, "./cmd/oakum-remediate")
	cmd.Dir = "../../remediate"
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return func(dir string, args ...string) (string, error) {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "OAKUM_STATE_DIR=" + home}
		cmd.Env = append(cmd.Env, env...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// TestRemediated has the API server judge the sample project's Deployment, with the webhook
// on: as it was, it is denied; as `oakum remediate` writes it, in each of the ways that a
// Secret comes to a workload, it is what the API server takes, strictly, and is admitted.
func TestRemediated(t *testing.T) {
	bao := realtest.StartOpenBao(t, "")
	c := start(t, PlaneOptions{})
	w := c.webhook(t, WebhookOptions{})
	c.asks(t, Asked{Port: portOf(t, w.Address), CA: w.CA, Policy: admissionv1.Fail})
	c.untilTold(t, c.namespace(t, "shop", nil))
	program := remediator(t, "VAULT_ADDR="+bao.Address, "VAULT_TOKEN="+bao.Token)
	run := func(dir string, args ...string) {
		t.Helper()
		if out, err := program(dir, args...); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	for _, way := range []struct{ name, has string }{
		{"external-secret", "secretKeyRef:"},
		{"vault-static-secret", "secretKeyRef:"},
		{"secret-provider-class", "driver: secrets-store.csi.k8s.io"},
		{"vault-agent", "vault.hashicorp.com/agent-inject-secret-db-password: secret/data/"},
		{"secret-key-ref", "secretKeyRef:"},
	} {
		t.Run(way.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "orders")
			if err := orders.Write(dir, 61); err != nil {
				t.Fatal(err)
			}
			namespace, file := c.namespace(t, "orders-"+way.name, nil), filepath.Join(dir, "deploy", "deployment.yaml")
			apply := func() (string, error) {
				return c.kubectl(t, "", "apply", "--server-side", "--validate=strict", "-n", namespace, "-f", file)
			}
			out, err := apply()
			if err == nil || !strings.Contains(out, "denied the request") || !strings.Contains(out, "AWS_ACCESS_KEY_ID): aws-access-key-id") {
				t.Errorf("the leak: %v\n%s", err, out)
			}
			run(dir, "remediate", "plan", "--in-place", "--to", "vaultkv://secret", "--store-prefix", "prod", "--k8s", way.name, ".")
			run(dir, "remediate", "apply", "oakum-plan.json")
			text, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(text), way.has) {
				t.Errorf("the manifest has no %s: %v\n%s", way.has, err, text)
			}
			if out, err := apply(); err != nil {
				t.Errorf("remediated: %v\n%s\n%s", err, out, text)
			}
		})
	}
}
