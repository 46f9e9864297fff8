package cluster_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/webhook/cluster"
	"github.com/oakum-sec/oakum/webhook/internal/fakeapi"
)

var (
	pods        = fakeapi.Resource{Version: "v1", Plural: "pods", Kind: "Pod", Namespaced: true}
	secrets     = fakeapi.Resource{Version: "v1", Plural: "secrets", Kind: "Secret", Namespaced: true}
	nodes       = fakeapi.Resource{Version: "v1", Plural: "nodes", Kind: "Node"}
	bindings    = fakeapi.Resource{Version: "v1", Plural: "bindings", Kind: "Binding", Namespaced: true, Unlistable: true}
	events      = fakeapi.Resource{Version: "v1", Plural: "events", Kind: "Event", Namespaced: true}
	deployments = fakeapi.Resource{Group: "apps", Version: "v1", Plural: "deployments", Kind: "Deployment", Namespaced: true}
)

// seen is what a source yields.
type seen struct {
	objects, gaps []string
	waits         []string
	err           error
}

func read(t *testing.T, s *fakeapi.Server, scope cluster.Scope) (got seen) {
	t.Helper()
	c, err := cluster.New(s.Config(), cluster.Options{Wait: func(_ context.Context, d time.Duration, _ string) error {
		got.waits = append(got.waits, d.String())
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range cluster.NewSource(c, scope).Blobs(t.Context()) {
		got.add(b, err)
	}
	return got
}

func (s *seen) add(b scanner.Blob, err error) {
	if g, ok := err.(*leak.Gap); ok {
		s.gaps = append(s.gaps, g.Class.String()+" "+g.Error())
		return
	}
	if err != nil {
		s.err = err
		return
	}
	s.objects = append(s.objects, b.Place.String())
}

func pod(namespace, name string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":%q},"spec":{"x":"y"}}`, name, namespace)
}

// What can be listed is looked at, page by page; Events, what has no list, and Secrets
// that nobody asked for are not.
func TestPages(t *testing.T) {
	s := fakeapi.New(t, pods, secrets, nodes, bindings, events, deployments)
	for i := range 1201 {
		s.Add(t, pod("shop", fmt.Sprintf("p%04d", i)))
	}
	s.Add(t, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}`, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"shop"}}`,
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"shop"}}`, `{"apiVersion":"v1","kind":"Event","metadata":{"name":"e","namespace":"shop"}}`)
	got := read(t, s, cluster.Scope{})
	if len(got.objects) != 1203 || got.err != nil {
		t.Errorf("%d objects, %v", len(got.objects), got.err)
	}
	if len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "boundary") || !strings.Contains(got.gaps[0], "--secrets") {
		t.Errorf("gaps: %q", got.gaps)
	}
	lists := 0
	for _, asked := range s.Asked {
		if strings.HasPrefix(asked, "GET /api/v1/pods?") {
			lists++
		}
		if strings.Contains(asked, "secrets") || strings.Contains(asked, "events?") || strings.Contains(asked, "bindings?") {
			t.Errorf("asked for %s", asked)
		}
	}
	if lists != 3 {
		t.Errorf("%d lists of 1,201 pods", lists)
	}
	all := read(t, s, cluster.Scope{Secrets: true})
	if len(all.objects) != 1204 || len(all.gaps) != 0 {
		t.Errorf("with Secrets %d objects, gaps %q", len(all.objects), all.gaps)
	}
}

// A server that is busy is waited for as long as it says; one that stays busy is a gap.
func TestBusy(t *testing.T) {
	s := fakeapi.New(t, pods)
	s.Add(t, pod("shop", "a"))
	s.Fail("GET", "/api/v1/pods", fakeapi.Failure{Code: 429, After: "7"}, fakeapi.Failure{Code: 503}, fakeapi.Failure{Code: 503})
	got := read(t, s, cluster.Scope{})
	if want := []string{"7s", "1s", "2s"}; !slices.Equal(got.waits, want) || len(got.objects) != 1 || len(got.gaps) != 0 {
		t.Errorf("waited %v, objects %v, gaps %v", got.waits, got.objects, got.gaps)
	}
	for range 6 {
		s.Fail("GET", "/api/v1/pods", fakeapi.Failure{Code: 429, After: "1"})
	}
	got = read(t, s, cluster.Scope{})
	if len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "failure") || !strings.Contains(got.gaps[0], "429") {
		t.Errorf("gaps %v", got.gaps)
	}
}

// A page's token that has become too old is changed for the one that the server offers;
// where it offers none, the rest is a gap.
func TestTokenTooOld(t *testing.T) {
	s := fakeapi.New(t, pods)
	for i := range 700 {
		s.Add(t, pod("shop", fmt.Sprintf("p%04d", i)))
	}
	fail := func(f fakeapi.Failure) seen {
		c, err := cluster.New(s.Config(), cluster.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got seen
		first := true
		for b, err := range cluster.NewSource(c, cluster.Scope{}).Blobs(t.Context()) {
			if first { // the second page's token is from here on too old
				s.Fail("GET", "/api/v1/pods", f)
				first = false
			}
			got.add(b, err)
		}
		return got
	}
	if got := fail(fakeapi.Failure{Code: 410, Continue: "0500"}); len(got.objects) != 700 || len(got.gaps) != 0 {
		t.Errorf("%d objects, gaps %v", len(got.objects), got.gaps)
	}
	if got := fail(fakeapi.Failure{Code: 410}); len(got.objects) != 500 || len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "410") {
		t.Errorf("%d objects, gaps %v", len(got.objects), got.gaps)
	}
	if got := fail(fakeapi.Failure{Broken: true}); len(got.objects) != 501 || len(got.gaps) != 1 {
		t.Errorf("%d objects, gaps %v", len(got.objects), got.gaps)
	}
}

// What may not be listed is a gap that names the permission; the rest is looked at.
func TestForbidden(t *testing.T) {
	s := fakeapi.New(t, pods, secrets, nodes)
	s.Add(t, pod("shop", "a"), pod("bank", "b"))
	s.Forbid("list", "secrets")
	s.Forbid("list", "nodes")
	got := read(t, s, cluster.Scope{Secrets: true})
	want := []string{
		"failure v1/Node : the account may not list them: it needs the verb list on nodes (a ClusterRole)",
		"failure v1/Secret : the account may not list them: it needs the verb list on secrets in all namespaces (a ClusterRole)",
	}
	if len(got.objects) != 2 || len(got.gaps) != 2 {
		t.Fatalf("%v %q", got.objects, got.gaps)
	}
	for i := range want {
		if squeezed(got.gaps[i]) != squeezed(want[i]) {
			t.Errorf("%q\nexpected %q", got.gaps[i], want[i])
		}
	}
	one := read(t, s, cluster.Scope{Namespaces: []string{"bank"}, Secrets: true})
	if len(one.objects) != 1 || len(one.gaps) != 1 || !strings.Contains(one.gaps[0], "secrets in namespace bank") {
		t.Errorf("%v %q", one.objects, one.gaps)
	}
}

func squeezed(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, ":", " ")), " ")
}

// Kinds are chosen as kubectl names them; one that is not there is an error, not a clean scan.
func TestChosenKinds(t *testing.T) {
	s := fakeapi.New(t, pods, deployments)
	s.Add(t, pod("shop", "a"), `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"shop"}}`)
	for _, word := range []string{"deployments", "deployment", "Deployment", "deployments.apps"} {
		if got := read(t, s, cluster.Scope{Kinds: []string{word}}); len(got.objects) != 1 || got.err != nil {
			t.Errorf("%s: %v %v", word, got.objects, got.err)
		}
	}
	if got := read(t, s, cluster.Scope{Kinds: []string{"rollouts"}}); got.err == nil || !strings.Contains(got.err.Error(), "api-resources") {
		t.Errorf("%v", got.err)
	}
}

// Who has no cluster is told how to name one.
func TestNoCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none")) // in the place of ~/.kube/config too
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := cluster.Config("", "", "test"); err == nil || !strings.Contains(err.Error(), "--kubeconfig") {
		t.Errorf("%v", err)
	}
}
