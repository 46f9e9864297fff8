package e2e

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/oakum-sec/oakum/internal/realtest"
)

// parts finds the programs, or skips the test.
func parts(t testing.TB) Parts {
	t.Helper()
	return Parts{
		APIServer:         realtest.Find(t, "kube-apiserver"),
		Etcd:              realtest.Find(t, "etcd"),
		Kubectl:           realtest.Find(t, "kubectl"),
		ControllerManager: realtest.Find(t, "kube-controller-manager"),
	}
}

// cluster is a control plane with the clients that tests use.
type cluster struct {
	*Plane
	parts   Parts
	dir     string
	dynamic dynamic.Interface
	mapper  meta.RESTMapper
}

func start(t *testing.T, o PlaneOptions) *cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("a control plane takes seconds")
	}
	p := parts(t)
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	plane, err := StartPlane(p, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	c := &cluster{Plane: plane, parts: p, dir: o.Dir}
	c.dynamic = dynamic.NewForConfigOrDie(c.Config)
	c.discover(t)
	return c
}

// discover learns the kinds that the API server has.
func (c *cluster) discover(t testing.TB) {
	t.Helper()
	groups, err := restmapper.GetAPIGroupResources(c.Client.Discovery())
	if err != nil {
		t.Fatal(err)
	}
	c.mapper = restmapper.NewDiscoveryRESTMapper(groups)
}

// as is a user of the cluster with the clients of its own.
func (c *cluster) as(t *testing.T, name string, groups ...string) *cluster {
	t.Helper()
	user, err := c.Env.AddUser(envtest.User{Name: name, Groups: groups}, nil)
	if err != nil {
		t.Fatal(err)
	}
	other := *c
	plane := *c.Plane
	plane.Config = user.Config()
	plane.Config.QPS, plane.Config.Burst = c.Config.QPS, c.Config.Burst
	other.Plane = &plane
	other.dynamic = dynamic.NewForConfigOrDie(plane.Config)
	return &other
}

// namespace makes one, labelled, and gives its name.
func (c *cluster) namespace(t *testing.T, name string, labels map[string]string) string {
	t.Helper()
	_, err := c.Client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	return name
}

// install creates the objects of a file of manifests, and removes them in the end.
func (c *cluster) install(t *testing.T, manifests []byte) {
	t.Helper()
	for document := range strings.SplitSeq(string(manifests), "\n---\n") {
		var object unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatal(err)
		}
		if object.Object == nil {
			continue
		}
		if _, err := c.resource(t, &object).Create(t.Context(), &object, metav1.CreateOptions{}); err != nil {
			t.Fatalf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
		t.Cleanup(func() {
			err := c.resource(t, &object).Delete(context.WithoutCancel(t.Context()), object.GetName(), metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				t.Error(err)
			}
		})
	}
}

// resource is the client of an object's kind, in its namespace.
func (c *cluster) resource(t testing.TB, object *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	gvk := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		t.Fatal(err)
	}
	if mapping.Scope.Name() == "namespace" {
		return c.dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace())
	}
	return c.dynamic.Resource(mapping.Resource)
}

// patience is for a machine that compiles beside the test.
const patience = time.Minute

// eventually waits for what the API server's own caches take a moment for.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within %v: %s", patience, what)
}

// metric sums the samples of one of the API server's counters whose labels hold all of
// the given words.
func (c *cluster) metric(t testing.TB, name string, words ...string) (sum float64) {
	t.Helper()
	text, err := c.Client.CoreV1().RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum, err = Sum(text, name, words...); err != nil {
		t.Fatal(err)
	}
	return sum
}

// kubectl runs it as the administrator and gives what it printed.
func (c *cluster) kubectl(t testing.TB, stdin string, args ...string) (out string, err error) {
	t.Helper()
	file, err := c.Kubeconfig(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), c.parts.Kubectl, append([]string{"--kubeconfig", file}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	err = cmd.Run()
	return words.String(), err
}

// warnings collects what the API server warns a client of.
type warnings struct{ texts []string }

func (w *warnings) HandleWarningHeader(_ int, _ string, text string) { w.texts = append(w.texts, text) }

// warned is a client that keeps its warnings.
func (c *cluster) warned() (*cluster, *warnings) {
	w := &warnings{}
	other := *c
	plane := *c.Plane
	plane.Config = rest.CopyConfig(c.Config)
	plane.Config.WarningHandler = w
	other.Plane = &plane
	other.dynamic = dynamic.NewForConfigOrDie(plane.Config)
	return &other, w
}
