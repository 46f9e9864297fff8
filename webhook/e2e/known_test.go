package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// mounted is a Secret's volume as a kubelet keeps it: each state in a folder of its own, and
// a link that is swapped (k8s.io/kubernetes, pkg/volume/util/atomic_writer.go).
type mounted struct {
	dir   string
	times int
}

// sync brings the Secret's contents there.
func (m *mounted) sync(t *testing.T, c *cluster, namespace, name string) {
	t.Helper()
	secret, err := c.Client.CoreV1().Secrets(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m.times++
	state := fmt.Sprintf("..state_%d", m.times)
	if err := os.Mkdir(filepath.Join(m.dir, state), 0o755); err != nil {
		t.Fatal(err)
	}
	for key, value := range secret.Data {
		if err := os.WriteFile(filepath.Join(m.dir, state, key), value, 0o440); err != nil {
			t.Fatal(err)
		}
		if m.times == 1 {
			if err := os.Symlink(filepath.Join("..data", key), filepath.Join(m.dir, key)); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := filepath.Join(m.dir, "..data_tmp")
	if err := os.Symlink(state, next); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(m.dir, "..data")); err != nil {
		t.Fatal(err)
	}
}

// TestRetired: a value that no rule knows is admitted until it is retired: put into the index
// by a command, and this into the Secret that the chart mounts. From then on it is refused,
// with no restart, and what already runs with it goes on.
func TestRetired(t *testing.T) {
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	index, key := filepath.Join(home, "known.index"), filepath.Join(home, "known.key")
	known := func(value string) {
		t.Helper()
		cmd := exec.Command(program, "known", "add", "--known", index, "--from", "stdin", "--whole", "--name", "retired")
		cmd.Env = []string{"HOME=" + home, "OAKUM_STATE_DIR=" + home, "OAKUM_KNOWN_KEY_FILE=" + key}
		cmd.Stdin = strings.NewReader(value)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	other, value := leaktest.Must(71, `{{alnum 24}}`), leaktest.Must(72, `{{alnum 24}}`)
	known(other)

	c := start(t, PlaneOptions{})
	shop := c.namespace(t, "shop", nil)
	keep := func() {
		t.Helper()
		manifest, err := c.kubectl(t, "", "create", "secret", "generic", "oakum-known", "-n", shop,
			"--from-file="+index, "--from-file="+key, "--dry-run=client", "-o", "yaml")
		if err != nil {
			t.Fatal(manifest, err)
		}
		if out, err := c.kubectl(t, manifest, "apply", "-f", "-"); err != nil {
			t.Fatal(out, err)
		}
	}
	keep()
	volume := &mounted{dir: t.TempDir()}
	volume.sync(t, c, shop, "oakum-known")

	w := c.webhook(t, WebhookOptions{Config: "known: {index: " + filepath.Join(volume.dir, "known.index") + ", key: " + filepath.Join(volume.dir, "known.key") + "}"})
	c.asks(t, Asked{Port: portOf(t, w.Address), CA: w.CA, Policy: admissionv1.Fail})
	c.untilTold(t, shop)
	try := func(value string) error {
		env := []any{map[string]any{"name": "COLOR", "value": value}}
		_, err := c.create(t, pod(shop, "app", env), metav1.CreateOptions{DryRun: []string{"All"}})
		return err
	}
	if err := try(other); !apierrors.IsForbidden(err) {
		t.Errorf("a value that was retired before: %v", err)
	}
	if err := try(value); err != nil {
		t.Errorf("a value that nobody retired: %v", err)
	}
	older := c.deployment(t, shop, "older", []any{map[string]any{"name": "COLOR", "value": value}})

	known(value)
	keep()
	volume.sync(t, c, shop, "oakum-known")
	eventually(t, "a retired value is refused", func() bool { return apierrors.IsForbidden(try(value)) })
	words := try(value).Error()
	if !strings.Contains(words, "spec.containers[0].env[0].value") || !strings.Contains(words, "known-secret") || strings.Contains(words, value) {
		t.Errorf("it is refused with: %s", words)
	}
	if out, err := c.kubectl(t, "", "scale", "deployment", older.GetName(), "-n", shop, "--replicas=3"); err != nil {
		t.Errorf("what runs with it is not scaled: %v\n%s", err, out)
	}
}
