package e2e

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/stream"
	"github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/webhook/internal/install"
)

// What `oakum webhook manifests` writes is taken by a real API server without a warning,
// and its accounts have the rights that their programs need and no others: the webhook
// makes its certificate and refuses, the worker scans, the audit sees everything and
// writes reports. Then uninstall takes all of it away.
func TestInstall(t *testing.T) {
	c := start(t, PlaneOptions{})
	shop := c.namespace(t, "shop", nil)
	c.crds(t)
	image := imageOf(t, leaktest.Must(42, "AWS_ACCESS_KEY_ID={{awsID \"AKIA\"}}\nAWS_SECRET_ACCESS_KEY={{awsSecret}}\n"))
	c.make(t, workload(shop, "older", `[{"name":"AWS_ACCESS_KEY_ID","value":"{{awsID "AKIA"}}"},{"name":"AWS_SECRET_ACCESS_KEY","value":"{{awsSecret}}"}]`, "nginx"))
	c.make(t, workload(shop, "baked", `[]`, image))
	dir := t.TempDir()
	w := c.installed(t, dir)
	c.untilDenied(t, shop)
	t.Run("images", func(t *testing.T) { c.images(t, w, shop, image) })
	t.Run("strict", func(t *testing.T) { c.strict(t, filepath.Join(dir, "webhook.yaml"), shop) })
	t.Run("audit", func(t *testing.T) { c.audits(t, shop) })
	t.Run("renders", func(t *testing.T) { c.takesRenders(t) })
	t.Run("uninstall", func(t *testing.T) { c.uninstalls(t) })
}

// installed applies everything, with a webhook that runs here in the place of the
// Deployment's pods, under its account, started as the Deployment says.
func (c *cluster) installed(t *testing.T, dir string) *Webhook {
	t.Helper()
	objects, err := install.Objects(install.Options{Audit: true, Images: true, NoPolicies: true})
	if err != nil {
		t.Fatal(err)
	}
	watched, told := c.warned()
	var last *unstructured.Unstructured
	for _, o := range objects {
		switch o.GetKind() {
		case "Service": // nothing here routes to pods
		case "ValidatingWebhookConfiguration":
			last = o
		default:
			watched.make(t, o)
		}
	}
	w := c.webhook(t, WebhookOptions{Dir: dir, CertDir: t.TempDir(), Unready: true, Account: account,
		Args: []string{"--rotate-certs", "--namespace", Namespace, "--images", Namespace}})
	port := portOf(t, w.Address)
	c.service(t, "oakum-webhook", port)
	hooks, _, _ := unstructured.NestedSlice(last.Object, "webhooks")
	for _, h := range hooks {
		if err := unstructured.SetNestedField(h.(map[string]any), int64(port), "clientConfig", "service", "port"); err != nil {
			t.Fatal(err)
		}
	}
	if err := unstructured.SetNestedSlice(last.Object, hooks, "webhooks"); err != nil {
		t.Fatal(err)
	}
	watched.make(t, last)
	if err := w.untilReady(patience); err != nil {
		t.Fatal(err)
	}
	if len(told.texts) > 0 {
		t.Errorf("the API server warns: %q", told.texts)
	}
	return w
}

// make creates an object.
func (c *cluster) make(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	if _, err := c.resource(t, o).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
		t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
	}
}

// workload is a Deployment with made-up values.
func workload(namespace, called, env, image string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	text := leaktest.Must(41, fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q,"namespace":%q},"spec":{"selector":{"matchLabels":{"app":"a"}},
"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"app","image":%q,"env":%s}]}}}}`, called, namespace, image, env))
	if err := json.Unmarshal([]byte(text), &o.Object); err != nil {
		panic(err)
	}
	return o
}

// imageOf has a file app/.env, and is in a registry of this process's; its name.
func imageOf(t *testing.T, content string) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: "app/.env", Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, stream.NewLayer(nopCloser{&layer}))
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

type nopCloser struct{ *bytes.Buffer }

func (nopCloser) Close() error { return nil }

// run runs the program as an account of the installation, and gives its exit code.
func (c *cluster) run(t *testing.T, account string, args ...string) (code int, out, words string) {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := c.accountOf(t.TempDir(), account, nil)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, append(args, "--kubeconfig", kubeconfig)...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	return code, stdout.String(), stderr.String()
}

// images has the worker look at what runs; then a pod of an image with a key is refused
// by the webhook, for the template that was there before is no pod.
func (c *cluster) images(t *testing.T, w *Webhook, shop, image string) {
	pod := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "baked", "namespace": shop},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": image}}}}}
	try := func() error {
		_, err := c.resource(t, pod).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{"All"}})
		return err
	}
	if err := try(); err != nil {
		t.Fatalf("an image that nobody knows is refused: %v", err)
	}
	code, _, words := c.run(t, "system:serviceaccount:oakum-system:oakum-images", "webhook", "images", "--once", "--namespace", Namespace, "--cache", t.TempDir(), image)
	if !strings.Contains(words, `"scanned":1`) { // nginx is in no registry that can be reached from here
		t.Fatalf("exit %d\n%s", code, words)
	}
	var last error
	eventually(t, "a pod of the image is refused", func() bool {
		last = try()
		return apierrors.IsForbidden(last)
	})
	for _, want := range []string{"aws-access-key-id", "spec.containers[0].image", "app/.env"} {
		if !strings.Contains(last.Error(), want) {
			t.Errorf("the refusal does not tell %s: %v", want, last)
		}
	}
}

// crds brings the kinds of reports, as their project publishes them.
func (c *cluster) crds(t *testing.T) {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/openreports/reports-api").Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := envtest.InstallCRDs(c.Config, envtest.CRDInstallOptions{Paths: []string{filepath.Join(strings.TrimSpace(string(out)), "config", "crd")}, ErrorIfPathMissing: true}); err != nil {
		t.Fatal(err)
	}
	c.discover(t)
}

// audits has the CronJob's account look at everything: it finds what was there before the
// webhook, is missing no permission, and writes a report that is what openreports.io means.
func (c *cluster) audits(t *testing.T, shop string) {
	code, out, words := c.run(t, "system:serviceaccount:oakum-system:oakum-audit", "webhook", "audit", "--format", "json", "--reports")
	doc, err := report.Read(strings.NewReader(out))
	if err != nil {
		t.Fatalf("exit %d: %v\n%s", code, err, words)
	}
	if code != 1 || len(doc.Findings) != 1 || doc.Findings[0].Decision.Verdict != leak.Deny {
		t.Errorf("exit %d, %d findings\n%s", code, len(doc.Findings), words)
	}
	for _, g := range doc.Gaps {
		if g.Class == leak.Failure {
			t.Errorf("not looked at: %v", g)
		}
	}
	o := &unstructured.Unstructured{}
	o.SetAPIVersion("openreports.io/v1alpha1")
	o.SetKind("Report")
	o.SetNamespace(shop)
	got, err := c.resource(t, o).Get(t.Context(), "oakum", metav1.GetOptions{})
	if err != nil {
		t.Fatalf("%v\n%s", err, words)
	}
	text, err := got.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var r v1alpha1.Report
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if r.Summary.Fail != 1 || len(r.Results) != 1 || r.Results[0].Result != "fail" || r.Results[0].Rule != "aws-access-key-id" || r.Source != "oakum" ||
		len(r.Results[0].Subjects) != 1 || r.Results[0].Subjects[0].Name != "older" || r.Results[0].Timestamp.Seconds == 0 {
		t.Errorf("%s", text)
	}
	if _, _, words := c.run(t, "system:serviceaccount:oakum-system:oakum-audit", "webhook", "audit", "--reports"); !strings.Contains(words, "0 written, 1 unchanged") {
		t.Errorf("again: %s", words)
	}
}

// takesRenders has the API server take whatever else the chart renders, its policies and
// its hooks at uninstall too, without keeping it.
func (c *cluster) takesRenders(t *testing.T) {
	helm := realtest.Find(t, "helm")
	for _, values := range []string{
		"networkPolicy.enabled=true,images.enabled=true,images.pullSecrets=true,audit.enabled=true,audit.secrets=true,references.secrets=true,priorityClassName=system-cluster-critical",
		"failureMode=closed,images.enabled=true,images.unknown=deny,images.cacheClaim=cache,defaults.enforce.level=off,excludedNamespaces={legacy},controllers={system:serviceaccount:a:b},inProcess.guard.users={ann},inProcess.actions={Warn}",
	} {
		cmd := exec.Command(helm, "template", "oakum", "../../deploy/chart/oakum-webhook", "--namespace", c.namespace(t, "elsewhere", nil), "--kube-version", "1.37.2", "--set", values)
		cmd.Env = []string{"HOME=" + t.TempDir()}
		text, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for document := range strings.SplitSeq("\n"+string(text), "\n---\n") {
			o := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(document+"\n"), &o.Object); err != nil {
				t.Fatal(err)
			}
			if o.Object == nil {
				continue
			}
			n++
			opt := metav1.ApplyOptions{FieldManager: "test", Force: true, DryRun: []string{"All"}}
			if _, err := c.resource(t, o).Apply(t.Context(), o.GetName(), o, opt); err != nil {
				t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
			}
		}
		if n < 25 {
			t.Errorf("%d objects were rendered", n)
		}
	}
}

// uninstalls takes everything away, the configuration first; twice is no fault.
func (c *cluster) uninstalls(t *testing.T) {
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := c.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "webhook", "uninstall", "--kubeconfig", kubeconfig).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "oakum: ValidatingWebhookConfiguration oakum removed") || !strings.Contains(string(out), "Service oakum-webhook is let be") {
		t.Errorf("%v\n%s", err, out)
	}
	objects, err := install.Objects(install.Options{Audit: true, Images: true, NoPolicies: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() == "Namespace" || o.GetKind() == "Service" { // one ends when its controller runs, the other is not ours here
			continue
		}
		if _, err := c.resource(t, o).Get(t.Context(), o.GetName(), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("%s %s is there still: %v", o.GetKind(), o.GetName(), err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), program, "webhook", "uninstall", "--kubeconfig", kubeconfig).CombinedOutput(); err != nil {
		t.Errorf("again: %v\n%s", err, out)
	}
}
