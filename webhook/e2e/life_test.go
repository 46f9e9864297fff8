package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/vap"
)

// What an operator does with a webhook that runs: it follows references, its configuration
// and namespaces' labels, and the in-process tier is put beside it.
func TestLife(t *testing.T) {
	c := start(t, PlaneOptions{})
	shop := c.namespace(t, "shop", nil)
	older := c.deployment(t, shop, "older", leakyEnv(1))
	c.configured(t, shop)
	dir := t.TempDir()
	w := c.webhook(t, WebhookOptions{Dir: dir, Config: "references: {secrets: true}",
		Rights: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list", "watch"}}}})
	c.asks(t, Asked{Port: portOf(t, w.Address), CA: w.CA, Policy: admissionv1.Fail})
	c.untilTold(t, shop)
	t.Run("references", func(t *testing.T) { followed(t, c, shop) })
	t.Run("kubectl", func(t *testing.T) { refusedToUser(t, c, shop) })
	t.Run("labels", func(t *testing.T) { labelled(t, c) })
	t.Run("tier beside it", func(t *testing.T) { both(t, c, older) })
	t.Run("reload", func(t *testing.T) { reloaded(t, c, w, filepath.Join(dir, "webhook.yaml"), shop) })
}

// configured makes a ConfigMap and a Secret with keys, older than the webhook.
func (c *cluster) configured(t *testing.T, namespace string) {
	t.Helper()
	data := map[string]string{"AWS_ACCESS_KEY_ID": leaktest.Must(21, `{{awsID "AKIA"}}`), "AWS_SECRET_ACCESS_KEY": leaktest.Must(21, `{{awsSecret}}`), "LEVEL": "info"}
	meta := metav1.ObjectMeta{Name: "keys"}
	if _, err := c.Client.CoreV1().ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: meta, Data: data}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Client.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{ObjectMeta: meta, StringData: data}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// followed: a pod that takes a key from a ConfigMap is refused, from a Secret warned of.
func followed(t *testing.T, c *cluster, namespace string) {
	jane, told := c.warned()
	from := func(kind, key string) error {
		told.texts = nil
		env := []any{map[string]any{"name": "X", "valueFrom": map[string]any{kind: map[string]any{"name": "keys", "key": key}}}}
		_, err := jane.create(t, pod(namespace, "refers", env), metav1.CreateOptions{DryRun: []string{"All"}})
		return err
	}
	if err := from("configMapKeyRef", "AWS_ACCESS_KEY_ID"); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "v1/ConfigMap keys data.AWS_ACCESS_KEY_ID") {
		t.Errorf("a key of a ConfigMap: %v", err)
	}
	if err := from("configMapKeyRef", "LEVEL"); err != nil || len(told.texts) > 0 {
		t.Errorf("another value of it: %v %q", err, told.texts)
	}
	if err := from("secretKeyRef", "AWS_ACCESS_KEY_ID"); err != nil || !strings.Contains(strings.Join(told.texts, "\n"), "aws-access-key-id") {
		t.Errorf("a key of a Secret: %v %q", err, told.texts)
	}
	// One that comes later is known as soon as the informer has it.
	if err := c.Client.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "keys", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a ConfigMap that is gone is no reason", func() bool { return from("configMapKeyRef", "AWS_ACCESS_KEY_ID") == nil })
}

// refusedToUser: what kubectl prints names the fields and the role, and no value.
func refusedToUser(t *testing.T, c *cluster, namespace string) {
	id, secret := leaktest.Must(31, `{{awsID "AKIA"}}`), leaktest.Must(31, `{{awsSecret}}`)
	manifest := `apiVersion: apps/v1
kind: Deployment
metadata: {name: billing, namespace: ` + namespace + `}
spec:
  selector: {matchLabels: {app: billing}}
  template:
    metadata: {labels: {app: billing}}
    spec:
      serviceAccountName: billing
      containers:
      - name: app
        image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/billing:1
        env:
        - {name: AWS_ACCESS_KEY_ID, value: "` + id + `"}
        - {name: AWS_SECRET_ACCESS_KEY, value: "` + secret + `"}
`
	out, err := c.kubectl(t, manifest, "apply", "-f", "-")
	if err == nil {
		t.Fatal(out)
	}
	for _, want := range []string{"spec.template.spec.containers[0].env[0].value", "env[1].value", "AWS_ACCESS_KEY_ID", "eks.amazonaws.com/role-arn", `ServiceAccount "billing"`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, id) || strings.Contains(out, secret) {
		t.Errorf("a value is told:\n%s", out)
	}
}

// labelled: a namespace's label counts as soon as the informer has it.
func labelled(t *testing.T, c *cluster) {
	lax := c.namespace(t, "lax", map[string]string{"oakum-sec.github.io/enforce": "off"})
	jane, told := c.warned()
	eventually(t, "a namespace that is off", func() bool {
		told.texts = nil
		_, err := jane.create(t, pod(lax, "leaky", leakyEnv(4)), metav1.CreateOptions{DryRun: []string{"All"}})
		return err == nil
	})
	if !strings.Contains(strings.Join(told.texts, "\n"), "aws-access-key-id") {
		t.Errorf("it is warned of no more: %q", told.texts)
	}
}

// both: with the in-process tier beside the webhook, the same holds.
func both(t *testing.T, c *cluster, older *unstructured.Unstructured) {
	manifests, err := vap.YAML(vap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.install(t, manifests)
	eventually(t, "the tier refuses", func() bool {
		_, err := c.create(t, pod(older.GetNamespace(), "probe", leakyEnv(7)), metav1.CreateOptions{DryRun: []string{"All"}})
		return err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy")
	})
	ratchet(t, c, older)
	if _, err := c.create(t, pod(older.GetNamespace(), "clean", nil), metav1.CreateOptions{}); err != nil {
		t.Errorf("a pod without keys: %v", err)
	}
}

// reloaded: a new configuration holds without a restart; a broken one is told, and the last
// one holds.
func reloaded(t *testing.T, c *cluster, w *Webhook, file, namespace string) {
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refused := func() bool {
		token := []any{map[string]any{"name": "DB", "value": leaktest.Must(8, `postgres://app:{{alnum 20}}@db.internal:5432/app`)}}
		_, err := c.create(t, pod(namespace, "database", token), metav1.CreateOptions{DryRun: []string{"All"}})
		return err != nil
	}
	was := refused()
	for _, level := range []string{"all", "aws-static"} {
		write("references: {secrets: true}\ndefaults: {enforce: {level: " + level + "}}")
		eventually(t, "level "+level+" holds", func() bool { return refused() == (level == "all") })
	}
	write("defaults: {enforce: {level: most}}")
	eventually(t, "a broken configuration is told", func() bool {
		ok, err := w.Metric("oakum_webhook_config_reload_successful")
		return err == nil && ok == 0
	})
	if refused() {
		t.Error("a broken configuration changed something")
	}
	t.Logf("at first a database's URL was refused: %v", was)
}

// With a controller manager: who made what a controller copies is told by the API server.
func TestControllers(t *testing.T) {
	c := start(t, PlaneOptions{})
	shop := c.namespace(t, "shop", nil)
	dir := t.TempDir()
	controllers, err := c.StartControllers(c.parts.ControllerManager, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := controllers.Kill(); err != nil {
			t.Error(err)
		}
	})
	leaky := func(name string) {
		d := deployment(shop, name, leakyEnv(1))
		d["spec"].(map[string]any)["replicas"] = int64(0)
		if _, err := c.create(t, d, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	leaky("older")
	leaky("oldest")
	scale := func(name string) {
		t.Helper()
		if _, err := c.Client.AppsV1().Deployments(shop).Patch(t.Context(), name, types.MergePatchType, []byte(`{"spec":{"replicas":1}}`), metav1.PatchOptions{}, "scale"); err != nil {
			t.Errorf("scale %s: %v", name, err)
		}
	}
	webhookDir := t.TempDir()
	w := c.webhook(t, WebhookOptions{Dir: webhookDir})
	c.asks(t, Asked{Port: portOf(t, w.Address), CA: w.CA, Policy: admissionv1.Fail})
	c.untilTold(t, shop)
	scale("older")
	eventually(t, "an old template's pod is made", func() bool { return c.pods(t, shop, "older") == 1 })

	// Where we fail closed, a template may have come while we were down: its pods are judged.
	if err := os.WriteFile(filepath.Join(webhookDir, "webhook.yaml"), []byte("failureMode: closed"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a controller's pod is judged by itself", func() bool {
		got, err := w.Metric("oakum_webhook_config_reload_successful")
		text, _ := os.ReadFile(filepath.Join(webhookDir, "webhook.log"))
		return err == nil && got == 1 && strings.Contains(string(text), `"failureMode":"closed"`)
	})
	scale("oldest")
	var told string
	eventually(t, "the Deployment says why it has no pods", func() bool {
		d, err := c.Client.AppsV1().Deployments(shop).Get(t.Context(), "oldest", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, condition := range d.Status.Conditions {
			if condition.Type == "ReplicaFailure" {
				told = condition.Message
			}
		}
		return told != ""
	})
	if !strings.Contains(told, "spec.containers[0].env[0].value") || !strings.Contains(told, "aws-access-key-id") {
		t.Errorf("it says %q", told)
	}
	if n := c.pods(t, shop, "oldest"); n != 0 {
		t.Errorf("%d pods were made", n)
	}
}

// pods counts those of a Deployment.
func (c *cluster) pods(t *testing.T, namespace, app string) int {
	t.Helper()
	list, err := c.Client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}
