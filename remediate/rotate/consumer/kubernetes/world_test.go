package kubernetes_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// world is a real API server with the controllers of workloads, and a stand-in for the
// kubelets, which cannot run here: it says that pods are ready.
type world struct {
	*realtest.Cluster
	t *testing.T

	lock   sync.Mutex
	each   func(*http.Request)        // what others do meanwhile
	before []func(*http.Request) bool // of each request through the gate; true: it is not passed on
	after  []func(*http.Request) bool // true: its answer is lost
	gate   string                     // a kubeconfig that leads through the gate
	seen   int
}

func newWorld(t *testing.T) *world {
	w := &world{Cluster: realtest.StartCluster(t, "deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller"), t: t}
	w.openGate()
	w.must("POST", "api/v1/namespaces", `{"metadata":{"name":"shop"}}`)
	w.must("POST", "api/v1/nodes", `{"metadata":{"name":"one"}}`)
	w.must("PATCH", "api/v1/nodes/one", `{"spec":{"taints":null}}`)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() { defer close(ended); w.kubelet(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return w
}

// openGate puts a proxy before the API server, through which the consumers ask, so that
// answers can be lost and requests stopped.
func (w *world) openGate() {
	target, err := url.Parse(w.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(w.CA)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+w.Token)
		if w.stopped(&w.before, r) {
			panic(http.ErrAbortHandler)
		}
		held := httptest.NewRecorder()
		proxy.ServeHTTP(held, r)
		if w.stopped(&w.after, r) {
			panic(http.ErrAbortHandler)
		}
		for k, v := range held.Header() {
			rw.Header()[k] = v
		}
		rw.WriteHeader(held.Code)
		rw.Write(held.Body.Bytes())
	}))
	w.t.Cleanup(s.Close)
	w.gate = filepath.Join(w.t.TempDir(), "gate")
	w.file(w.gate, fmt.Sprintf(`{"current-context":"gate","contexts":[{"name":"gate","context":{"cluster":"gate","user":"","namespace":"shop"}}],"clusters":[{"name":"gate","cluster":{"server":%q}}]}`, s.URL))
}

func (w *world) file(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stopped(which *[]func(*http.Request) bool, r *http.Request) (stop bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if which == &w.before {
		if w.seen++; w.each != nil {
			w.each(r)
		}
	}
	for _, f := range *which {
		stop = f(r) || stop
	}
	return stop
}

// faults sets what befalls requests from now on.
func (w *world) faults(before, after func(*http.Request) bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.before, w.after, w.seen = nil, nil, 0
	if before != nil {
		w.before = append(w.before, before)
	}
	if after != nil {
		w.after = append(w.after, after)
	}
}

// cutOff is consumertest's.
func (w *world) cutOff(n int, lost bool) {
	switch {
	case n == 0:
		w.faults(nil, nil)
	case lost:
		w.faults(func(*http.Request) bool { return w.seen > n }, func(*http.Request) bool { return w.seen >= n })
	default:
		w.faults(func(*http.Request) bool { return w.seen >= n }, nil)
	}
}

// must asks as the administrator, past the gate.
func (w *world) must(method, path, body string) []byte {
	w.t.Helper()
	kind := ""
	if method == "PATCH" {
		kind = "application/merge-patch+json"
	}
	code, text := w.Do(w.t, method, path, kind, []byte(body))
	if code/100 != 2 {
		w.t.Fatalf("%s %s: %d %s", method, path, code, text)
	}
	return text
}

func (w *world) get(path string, into any) {
	w.t.Helper()
	if err := json.Unmarshal(w.must("GET", path, ""), into); err != nil {
		w.t.Fatal(err)
	}
}

// kubelet says of every pod that it is ready, but of those that are labelled as broken
// or that hold a broken value.
func (w *world) kubelet(ctx context.Context) {
	for ctx.Err() == nil {
		var pods struct {
			Items []struct {
				Metadata struct {
					Name, Namespace string
					Labels          map[string]string
					Annotations     map[string]string
				}
				Status struct{ Phase string }
			}
		}
		if code, text := w.Do(w.t, "GET", "api/v1/pods", "", nil); code == 200 && json.Unmarshal(text, &pods) == nil {
			for _, p := range pods.Items {
				if p.Status.Phase == "Running" || p.Metadata.Labels["broken"] != "" && p.Metadata.Annotations["oakum-sec.github.io/op"] != "" {
					continue
				}
				w.Do(w.t, "PATCH", "api/v1/namespaces/"+p.Metadata.Namespace+"/pods/"+p.Metadata.Name+"/status", "application/merge-patch+json",
					[]byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`))
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// workload makes a Deployment, StatefulSet or DaemonSet. spec and label are added.
func (w *world) workload(kind, name, spec, label string) {
	w.t.Helper()
	if spec != "" {
		spec += ","
	}
	w.must("POST", "apis/apps/v1/namespaces/shop/"+strings.ToLower(kind)+"s", fmt.Sprintf(`{"metadata":{"name":%q},"spec":{%s
 "selector":{"matchLabels":{"app":%q}},"template":{"metadata":{"labels":{"app":%q%s}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}`, name, spec, name, name, label))
}

// available waits until a Deployment has so many pods that answer.
func (w *world) available(name string, want int) {
	w.t.Helper()
	var o struct {
		Status struct{ AvailableReplicas int }
	}
	for end := time.Now().Add(time.Minute); o.Status.AvailableReplicas != want; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%d pods of %s answer, not %d", o.Status.AvailableReplicas, name, want)
		}
		w.get("apis/apps/v1/namespaces/shop/deployments/"+name, &o)
	}
}

// generation is how often a workload's specification was changed, and one.
func (w *world) generation(kind, name string) int {
	w.t.Helper()
	var o struct{ Metadata struct{ Generation int } }
	w.get("apis/apps/v1/namespaces/shop/"+kind+"s/"+name, &o)
	return o.Metadata.Generation
}

// parse reads a consumer's configuration, with waits that are a hundred times shorter
// but for those for the cluster itself.
func (w *world) parse(parse func(*yaml.Node, consumer.Options) (consumer.Consumer, error), text string) consumer.Consumer {
	w.t.Helper()
	c, err := parse(node(w.t, text), consumer.Options{Pause: quick})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// quick waits a tenth of what it is told, and no longer than a tenth of a second, so that
// the backoff from a server that is cut off is short.
func quick(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(d/10, 100*time.Millisecond)):
		return nil
	}
}

func node(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return n.Content[0]
}

// update is a rotation of a user's password.
func update(t *testing.T, seed uint64) consumer.Update {
	t.Helper()
	words := strings.Fields(leaktest.Must(seed, `{{uuid}} {{randomPassword 24}} {{randomPassword 24}}`))
	s := func(v string) leak.Secret { return leak.NewSecret([]byte(v)) }
	return consumer.Update{Op: words[0],
		New: map[string]leak.Secret{"username": s("app_b"), "password": s(words[1])},
		Old: map[string]leak.Secret{"username": s("app_a"), "password": s(words[2])}}
}

func done(t *testing.T, c consumer.Consumer, u consumer.Update, want bool) {
	t.Helper()
	if got, err := c.Done(t.Context(), u); err != nil || got != want {
		t.Errorf("%s is done: %v, %v", c, got, err)
	}
}
