package e2e

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// built is the program as make build makes it, once for all tests.
var built = sync.OnceValues(func() (string, error) {
	var err error
	if buildDir, err = os.MkdirTemp("", "oakum-webhook-"); err != nil {
		return "", err
	}
	program := filepath.Join(buildDir, "oakum-webhook")
	cmd := exec.Command("go", "build", "-trimpath", "-o", program, "./cmd/oakum-webhook")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &buildError{string(out), err}
	}
	return program, nil
})

var buildDir string // of built; TestMain removes it

type buildError struct {
	words string
	err   error
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + e.words }

func TestMain(m *testing.M) {
	status := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(status)
}

// webhook runs one against the cluster until the test ends.
func (c *cluster) webhook(t *testing.T, o WebhookOptions) *Webhook {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	w, err := c.StartWebhook(program, o)
	log := filepath.Join(o.Dir, "webhook.log")
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := os.ReadFile(log)
			t.Logf("the webhook's last words:\n%s", text[max(0, len(text)-4000):])
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !w.ended() {
			if err := w.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

// asks has the API server ask as is said, until the test ends.
func (c *cluster) asks(t *testing.T, a Asked) {
	t.Helper()
	hooks := c.Client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if _, err := hooks.Create(t.Context(), a.Configuration(), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := hooks.Delete(context.WithoutCancel(t.Context()), "oakum", metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// The webhook alone, in a real API server.
func TestHook(t *testing.T) {
	c := start(t, PlaneOptions{})
	shop := c.namespace(t, "shop", nil)
	older := c.deployment(t, shop, "older", leakyEnv(1))
	w := c.webhook(t, WebhookOptions{})
	t.Logf("ready after %v", w.Ready)
	c.asks(t, Asked{Port: portOf(t, w.Address), CA: w.CA, Policy: admissionv1.Fail})
	c.untilTold(t, shop)
	t.Run("tree", func(t *testing.T) { hookTree(t, c) })
	t.Run("ratchet", func(t *testing.T) { ratchet(t, c, older) })
	t.Run("counted", func(t *testing.T) { counted(t, w) })
}

// counted: the metrics tell of what was decided, and of no fault.
func counted(t *testing.T, w *Webhook) {
	for _, m := range []struct {
		name  string
		words []string
		least float64
		most  float64
	}{
		{"oakum_admission_requests_total", []string{`decision="deny"`}, 80, 1e6},
		{"oakum_admission_requests_total", []string{`hook="data"`}, 20, 1e6},
		{"oakum_admission_findings_total", []string{`rule="aws-access-key-id"`, `verdict="deny"`}, 20, 1e6},
		{"oakum_admission_duration_seconds_count", nil, 150, 1e6},
		{"oakum_admission_failed_total", nil, 0, 0},
		{"oakum_admission_panics_total", nil, 0, 0},
		{"oakum_admission_in_flight", nil, 0, 0},
		{"oakum_ruleset_info", nil, 1, 1},
		{"oakum_webhook_ready", nil, 1, 1},
		{"oakum_webhook_cert_expiry_seconds", nil, 1e9, 1e10},
	} {
		got, err := w.Metric(m.name, m.words...)
		if err != nil || got < m.least || got > m.most {
			t.Errorf("%s%s is %v, %v", m.name, strings.Join(m.words, ","), got, err)
		}
	}
}
