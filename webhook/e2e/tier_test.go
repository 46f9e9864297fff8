package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/fixture"
	"github.com/oakum-sec/oakum/webhook/internal/vap"
)

// The in-process tier alone, in a real API server: no webhook of ours runs.
func TestInProcessTier(t *testing.T) {
	c := start(t, PlaneOptions{})
	manifests, err := vap.YAML(vap.Options{Users: []string{"warden"}})
	if err != nil {
		t.Fatal(err)
	}
	shop := c.namespace(t, "shop", nil)
	older := c.deployment(t, shop, "older", leakyEnv(1))
	c.install(t, manifests)
	c.untilTold(t, shop)
	t.Run("tree", func(t *testing.T) { tierTree(t, c) })
	t.Run("ratchet", func(t *testing.T) { ratchet(t, c, older) })
	t.Run("largest", func(t *testing.T) { largestObjects(t, c, shop) })
	t.Run("guard", func(t *testing.T) { guarded(t, c) })
	t.Run("types", func(t *testing.T) { typeChecked(t, c) })
}

// untilTold waits until a policy that was just made is asked.
func (c *cluster) untilTold(t *testing.T, namespace string) {
	t.Helper()
	eventually(t, "a key is refused", func() bool {
		_, err := c.create(t, pod(namespace, "probe", leakyEnv(7)), metav1.CreateOptions{DryRun: []string{"All"}})
		return err != nil
	})
}

// create makes an object.
func (c *cluster) create(t *testing.T, object map[string]any, o metav1.CreateOptions) (*unstructured.Unstructured, error) {
	t.Helper()
	u := &unstructured.Unstructured{Object: object}
	return c.resource(t, u).Create(t.Context(), u, o)
}

// leakyEnv is a key pair, made up, in an environment.
func leakyEnv(seed uint64) []any {
	return []any{
		map[string]any{"name": "AWS_ACCESS_KEY_ID", "value": leaktest.Must(seed, `{{awsID "AKIA"}}`)},
		map[string]any{"name": "AWS_SECRET_ACCESS_KEY", "value": leaktest.Must(seed, `{{awsSecret}}`)},
	}
}

func podSpec(env []any) map[string]any {
	return map[string]any{"containers": []any{map[string]any{"name": "app", "image": "example.com/app:1", "env": env}}}
}

func pod(namespace, name string, env []any) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "namespace": namespace}, "spec": podSpec(env)}
}

func (c *cluster) deployment(t *testing.T, namespace, name string, env []any) *unstructured.Unstructured {
	t.Helper()
	d, err := c.create(t, deployment(namespace, name, env), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func deployment(namespace, name string, env []any) map[string]any {
	labels := map[string]any{"app": name}
	return map[string]any{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": name, "namespace": namespace, "finalizers": []any{"example.com/mine"}},
		"spec": map[string]any{"replicas": int64(1), "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": podSpec(env)}}}
}

// tierTree applies the tree of fixtures: what the webhook admits is admitted.
func tierTree(t *testing.T, c *cluster) {
	cases, err := fixture.Load("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	jane := c.as(t, "jane", "system:masters")
	seen, denied := 0, 0
	for _, one := range cases {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(one.JSON); err != nil {
			t.Fatal(err)
		}
		if !c.knows(object) || one.Subresource != "" {
			continue
		}
		if object.GetNamespace() != "" {
			c.namespace(t, object.GetNamespace(), nil)
		}
		_, err := jane.resource(t, object).Create(t.Context(), object, metav1.CreateOptions{DryRun: []string{"All"}})
		seen++
		switch {
		case err == nil:
		case !strings.Contains(err.Error(), "ValidatingAdmissionPolicy"):
			t.Errorf("%s: %v", one.Name, err)
		case one.Verdict != fixture.Deny:
			t.Errorf("%s is denied: %v", one.Name, err)
		default:
			denied++
		}
	}
	t.Logf("%d objects, %d denied", seen, denied)
	if seen < 120 || denied < 50 {
		t.Errorf("%d objects were applied, %d denied", seen, denied)
	}
}

// knows tells whether the API server has the object's kind.
func (c *cluster) knows(object *unstructured.Unstructured) bool {
	gvk := object.GroupVersionKind()
	_, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	return err == nil
}

// ratchet: an old Deployment with a key goes on living; a second key does not come in.
func ratchet(t *testing.T, c *cluster, older *unstructured.Unstructured) {
	ctx, client := t.Context(), c.resource(t, older)
	name := older.GetName()
	patch := func(kind types.PatchType, body string, subresources ...string) error {
		_, err := client.Patch(ctx, name, kind, []byte(body), metav1.PatchOptions{}, subresources...)
		return err
	}
	for what, err := range map[string]error{
		"scale":          patch(types.MergePatchType, `{"spec":{"replicas":3}}`, "scale"),
		"replicas":       patch(types.MergePatchType, `{"spec":{"replicas":2}}`),
		"an annotation":  patch(types.MergePatchType, `{"metadata":{"annotations":{"a":"b"}}}`),
		"another image":  patch(types.JSONPatchType, `[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"example.com/app:2"}]`),
		"one key's move": patch(types.JSONPatchType, `[{"op":"move","from":"/spec/template/spec/containers/0/env/0","path":"/spec/template/spec/containers/0/env/1"}]`),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	second := leaktest.Must(99, `{{awsID "AKIA"}}`)
	err := patch(types.JSONPatchType, fmt.Sprintf(`[{"op":"add","path":"/spec/template/spec/containers/0/env/-","value":{"name":"BACKUP_KEY_ID","value":%q}}]`, second))
	switch {
	case !apierrors.IsForbidden(err):
		t.Errorf("a second key: %v", err)
	case !strings.Contains(err.Error(), "BACKUP_KEY_ID") || strings.Contains(err.Error(), "AWS_SECRET") || strings.Contains(err.Error(), second):
		t.Errorf("the message is to name the new key alone, and not its value: %v", err)
	}
	if err := client.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Errorf("delete: %v", err)
	}
	if err := patch(types.MergePatchType, `{"metadata":{"finalizers":null}}`); err != nil {
		t.Errorf("take the finalizer off: %v", err)
	}
	if _, err := client.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
}

// largestObjects are as large as etcd takes them, within the API server's budgets.
func largestObjects(t *testing.T, c *cluster, namespace string) {
	line := leaktest.Must(5, "{{words 8}} = {{base64 40}} {{hex 16}}\n")
	text := strings.Repeat(line, 1400<<10/len(line))
	var many []any
	for i := range 3500 {
		many = append(many, map[string]any{"name": fmt.Sprintf("SETTING_%04d", i), "value": text[i*350 : (i+1)*350]})
	}
	configMap := func(data string) map[string]any {
		return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "large", "namespace": namespace},
			"data": map[string]any{"settings": data}}
	}
	for name, object := range map[string]map[string]any{
		"a pod of 1.4 MB":          pod(namespace, "large", many),
		"a ConfigMap of one MiB":   configMap(text[:1<<20-100]),
		"a pod of one large value": pod(namespace, "large", []any{map[string]any{"name": "A", "value": text}}),
	} {
		if _, err := c.create(t, object, metav1.CreateOptions{DryRun: []string{"All"}}); err != nil {
			t.Errorf("%s: %.300s", name, err.Error())
		}
	}
	id := leaktest.Must(6, `{{awsID "AKIA"}}`)
	for name, object := range map[string]map[string]any{
		"a pod of 1.4 MB":        pod(namespace, "large", append(many, map[string]any{"name": "KEY", "value": id})),
		"a ConfigMap of one MiB": configMap(text[:1<<20-100] + " aws_access_key_id=" + id),
	} {
		_, err := c.create(t, object, metav1.CreateOptions{DryRun: []string{"All"}})
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "aws-access-key-id") {
			t.Errorf("%s with a key: %v", name, err)
		}
	}
}

// guarded: our labels of a namespace are loosened by the allowed alone, by whatever
// subresource.
func guarded(t *testing.T, c *cluster) {
	const label = "oakum-sec.github.io/enforce"
	admins := c.as(t, "team", "team-admins") // may do everything, and is not system:masters
	if out, err := c.kubectl(t, "", "create", "clusterrolebinding", "team", "--clusterrole=cluster-admin", "--group=team-admins", "--user=warden"); err != nil {
		t.Fatal(out)
	}
	warden := c.as(t, "warden")
	namespace := func(level string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace",
			"metadata": map[string]any{"name": "guarded", "labels": map[string]any{label: level}}}}
	}
	ctx, client := t.Context(), admins.resource(t, namespace(""))
	if _, err := client.Create(ctx, namespace("off"), metav1.CreateOptions{}); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), label) {
		t.Errorf("a new namespace that is off: %v", err)
	}
	if _, err := client.Create(ctx, namespace("all"), metav1.CreateOptions{}); err != nil {
		t.Fatalf("a new namespace that is stricter: %v", err)
	}
	loosen := []byte(`{"metadata":{"labels":{"` + label + `":"off"}}}`)
	for _, sub := range [][]string{nil, {"status"}} {
		if _, err := client.Patch(ctx, "guarded", types.MergePatchType, loosen, metav1.PatchOptions{}, sub...); !apierrors.IsForbidden(err) {
			t.Errorf("loosened by %v: %v", sub, err)
		}
	}
	now, err := client.Get(ctx, "guarded", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	now.SetLabels(map[string]string{label: "off"})
	if _, err := client.Update(ctx, now, metav1.UpdateOptions{}, "finalize"); !apierrors.IsForbidden(err) {
		t.Errorf("loosened by finalize: %v", err)
	}
	if _, err := client.Patch(ctx, "guarded", types.MergePatchType, []byte(`{"metadata":{"labels":{"team":"a"}}}`), metav1.PatchOptions{}); err != nil {
		t.Errorf("another label: %v", err)
	}
	if _, err := warden.resource(t, now).Patch(ctx, "guarded", types.MergePatchType, loosen, metav1.PatchOptions{}); err != nil {
		t.Errorf("by one who may: %v", err)
	}
	eventually(t, "a namespace that is off is left alone", func() bool {
		_, err := c.create(t, pod("guarded", "free", leakyEnv(3)), metav1.CreateOptions{DryRun: []string{"All"}})
		return err == nil
	})
}

// typeChecked: the API server's own check of the expressions' types has nothing to say.
// It runs in kube-controller-manager, and writes its warnings into the status.
func typeChecked(t *testing.T, c *cluster) {
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
	policies := c.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies()
	eventually(t, "the policies' status", func() bool {
		list, err := policies.List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, p := range list.Items {
			if p.Status.TypeChecking == nil || p.Status.ObservedGeneration != p.Generation {
				continue
			}
			checked++
			for _, w := range p.Status.TypeChecking.ExpressionWarnings {
				t.Errorf("%s: %s: %s", p.Name, w.FieldRef, w.Warning)
			}
		}
		return checked == 4
	})
}

// The same policies as files that the API server reads at its start: they hold before
// anybody can ask for anything, and nobody can delete them.
func TestStaticTier(t *testing.T) {
	dir := t.TempDir()
	manifests, err := vap.YAML(vap.Options{Static: true})
	if err != nil {
		t.Fatal(err)
	}
	static := filepath.Join(dir, "policies")
	plugin := map[string]any{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "ValidatingAdmissionPolicyConfiguration", "staticManifestsDir": static}
	config, err := yaml.Marshal(map[string]any{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration",
		"plugins": []any{map[string]any{"name": "ValidatingAdmissionPolicy", "configuration": plugin}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "admission.yaml")
	for _, err := range []error{os.Mkdir(static, 0o700), os.WriteFile(filepath.Join(static, "oakum.yaml"), manifests, 0o600), os.WriteFile(file, config, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c := start(t, PlaneOptions{AdmissionConfig: file})
	shop := c.namespace(t, "shop", nil)
	_, err = c.create(t, pod(shop, "leaky", leakyEnv(1)), metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "aws-keys.oakum-sec.github.io.static.k8s.io") {
		t.Errorf("a key: %v", err)
	}
	if _, err := c.create(t, pod(shop, "clean", nil), metav1.CreateOptions{}); err != nil {
		t.Errorf("a pod without keys: %v", err)
	}
	list, err := c.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("%d policies are in the API, %v: these are not", len(list.Items), err)
	}
	t.Run("beside the webhook", func(t *testing.T) { besideWebhook(t, c) })
}
