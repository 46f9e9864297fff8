package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// A configuration is taken whole or not at all, and only where it says something new. A
// policy that is broken at the start leaves what is found to the failure mode; one that is
// broken later changes nothing.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file, rego := filepath.Join(dir, "webhook.yaml"), filepath.Join(dir, "policy.rego")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := &live{file: file, metrics: newMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
	decision := func() string { return l.now().admitter.Review(t.Context(), []byte(leaky())).Decision }
	load := func(want string) {
		t.Helper()
		err := l.load(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Fatalf("%v, and not %q", err, want)
		}
	}
	const broken, lax = "package oakum\ndeny contains", "package oakum\nimport rego.v1\nallow contains \"a test\" if input.finding"
	write(rego, broken)
	write(file, "policy: "+rego)
	load("")
	if got := decision(); got != admit.DecisionError {
		t.Errorf("a broken policy: %s", got)
	}
	write(rego, lax)
	load("")
	if got := decision(); got != admit.DecisionAllow {
		t.Errorf("a policy that allows all: %s", got)
	}
	was := l.now()
	load("")
	if l.now() != was {
		t.Error("what did not change was read anew")
	}
	write(rego, broken)
	load("rego")
	write(file, "failureMode: ajar")
	load("failureMode")
	if l.now() != was {
		t.Error("what cannot be used holds")
	}
	write(file, "defaults: {enforce: {level: off}}")
	load("")
	if got := decision(); got != admit.DecisionWarn {
		t.Errorf("without a policy, and nothing enforced: %s", got)
	}
}
