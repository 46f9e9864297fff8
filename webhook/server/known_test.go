package server

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oakum-sec/oakum/internal/known"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// TestKnownSecrets: a value that no rule knows is refused once it is in the index, which
// may be mounted as a Secret is, and whose change holds without a restart.
func TestKnownSecrets(t *testing.T) {
	dir := t.TempDir()
	file, index, keyFile := filepath.Join(dir, "webhook.yaml"), filepath.Join(dir, "known.index"), filepath.Join(dir, "known.key")
	key, err := known.MakeKey(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	value := leaktest.Must(5, `{{alnum 24}}`)
	x := known.New(key)
	write := func(name string, text []byte, mode fs.FileMode) {
		t.Helper()
		if err := os.WriteFile(name, text, mode); err != nil {
			t.Fatal(err)
		}
	}
	keep := func() {
		t.Helper()
		text, err := x.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		write(index, text, 0o644)
	}
	keep()
	if err := os.Chmod(keyFile, 0o440); err != nil { // as a kubelet mounts it for a group (fsGroup)
		t.Fatal(err)
	}
	write(file, []byte("known: {index: "+index+", key: "+keyFile+"}"), 0o600)
	l := &live{file: file, metrics: newMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
	object := []byte(review(`{"name":"COLOR","value":"` + value + `"}`))
	decision := func() string {
		t.Helper()
		if err := l.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		return l.now().admitter.Review(t.Context(), object).Decision
	}
	if got := decision(); got != admit.DecisionAllow {
		t.Fatalf("before it is known: %s", got)
	}
	if _, _, err := x.Add([]known.Candidate{{Name: "retired", Value: leak.NewSecret([]byte(value))}}, false); err != nil {
		t.Fatal(err)
	}
	keep()
	if got := decision(); got != admit.DecisionDeny {
		t.Errorf("once it is known: %s", got)
	}
	was := l.now()
	write(index, []byte("no index"), 0o644)
	if err := l.load(t.Context()); err == nil || !strings.Contains(err.Error(), index) || l.now() != was {
		t.Errorf("an index that is none: %v", err)
	}
	write(file, []byte("known: {index: "+index+"}"), 0o600)
	if err := l.load(t.Context()); err == nil || !strings.Contains(err.Error(), "its key") {
		t.Errorf("an index without a key: %v", err)
	}
}
