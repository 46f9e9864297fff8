package e2e

import (
	"os"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// strict: where pods wait for their images, one that no controller makes waits for good,
// for it never comes to be seen by the worker; it is admitted once somebody had its image
// scanned. A template of the same image does not wait, and by it the worker learns of it.
func (c *cluster) strict(t *testing.T, config, shop string) {
	configure := func(text string) {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	configure("images: {unknown: deny}")
	defer configure("")
	try := func(image string) error {
		pod := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "bare", "namespace": shop},
			"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": image}}}}}
		_, err := c.resource(t, pod).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{"All"}})
		return err
	}
	waits := func(err error) bool {
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "has not scanned") && strings.Contains(err.Error(), "images.unknown: deny")
	}
	scan := func(args ...string) {
		t.Helper()
		args = append([]string{"webhook", "images", "--once", "--namespace", Namespace, "--cache", t.TempDir()}, args...)
		if code, _, words := c.run(t, "system:serviceaccount:oakum-system:oakum-images", args...); !strings.Contains(words, `"scanned":1`) {
			t.Fatalf("exit %d\n%s", code, words)
		}
	}
	named, seen := imageOf(t, "LEVEL=info\n"), imageOf(t, "LEVEL=warn\n")
	eventually(t, "a bare pod waits", func() bool { return waits(try(named)) })
	scan(named)
	eventually(t, "a bare pod whose image was scanned by name is admitted", func() bool { return try(named) == nil })
	if err := try(seen); !waits(err) {
		t.Errorf("another one does not wait: %v", err)
	}
	c.make(t, workload(shop, "templated", `[]`, seen))
	scan()
	eventually(t, "a bare pod whose image is in a template is admitted", func() bool { return try(seen) == nil })
}
