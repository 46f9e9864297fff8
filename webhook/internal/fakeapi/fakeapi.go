// Package fakeapi is an API server for tests, written from the API's conventions
// (https://kubernetes.io/docs/reference/using-api/api-concepts/): discovery, lists in
// pages with continue tokens, and objects that are created, updated and deleted. It
// fails where a test tells it to: busy (429), a token too old (410), forbidden (403).
//
// What holds against it holds of the conventions as they are written; webhook/e2e holds
// the same against a real API server.
package fakeapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
)

// Resource is a kind that the server has.
type Resource struct {
	Group, Version, Plural, Kind string
	Namespaced                   bool
	Unlistable                   bool // "list" is not among its verbs
}

// Failure is an answer in the place of the right one.
type Failure struct {
	Code     int
	After    string // Retry-After
	Continue string // of a 410's status: "go on with this"
	Broken   bool   // the answer ends in the middle of a list
}

// Server is one.
type Server struct {
	*httptest.Server

	mu        sync.Mutex
	resources []Resource
	objects   map[string][]map[string]any // by plural.group
	failures  map[string][]Failure        // by method and path, taken from the front
	forbidden map[string]bool             // verb plural.group [namespace]
	Asked     []string                    // method and URI of each request
	version   int
}

// New starts a server; the test's end stops it.
func New(t testing.TB, resources ...Resource) *Server {
	s := &Server{resources: resources, objects: map[string][]map[string]any{}, failures: map[string][]Failure{}, forbidden: map[string]bool{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// Config is how a client reaches the server.
func (s *Server) Config() *rest.Config { return &rest.Config{Host: s.URL, QPS: -1} }

// Add puts objects into the server: JSON, with apiVersion, kind and metadata.
func (s *Server) Add(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		var o map[string]any
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		r := slices.IndexFunc(s.resources, func(r Resource) bool { return r.Kind == o["kind"] && r.apiVersion() == o["apiVersion"] })
		if r < 0 {
			t.Fatalf("the server has no %v %v", o["apiVersion"], o["kind"])
		}
		s.store(s.resources[r], o)
	}
}

func (s *Server) store(r Resource, o map[string]any) {
	s.version++
	meta := o["metadata"].(map[string]any)
	meta["resourceVersion"] = strconv.Itoa(s.version)
	if meta["uid"] == nil {
		meta["uid"] = fmt.Sprintf("uid-%d", s.version)
	}
	s.objects[r.name()] = append(s.objects[r.name()], o)
}

// Fail has the next requests to a path fail, one after the other.
func (s *Server) Fail(method, path string, f ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[method+" "+path] = append(s.failures[method+" "+path], f...)
}

// Forbid refuses a verb on a resource: Forbid("list", "secrets").
func (s *Server) Forbid(verb, name string) { s.forbidden[verb+" "+name] = true }

// Objects are those of a resource, in their order.
func (s *Server) Objects(name string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.objects[name])
}

func (r Resource) apiVersion() string {
	if r.Group == "" {
		return r.Version
	}
	return r.Group + "/" + r.Version
}

func (r Resource) name() string {
	if r.Group == "" {
		return r.Plural
	}
	return r.Plural + "." + r.Group
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Asked = append(s.Asked, r.Method+" "+r.URL.RequestURI())
	if f := s.failures[r.Method+" "+r.URL.Path]; len(f) > 0 {
		s.failures[r.Method+" "+r.URL.Path] = f[1:]
		f[0].write(w)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/api":
		answer(w, 200, map[string]any{"kind": "APIVersions", "versions": []string{"v1"}})
	case r.URL.Path == "/apis":
		answer(w, 200, s.groups())
	case len(parts) == 2 && parts[0] == "api":
		s.list(w, "", parts[1])
	case len(parts) == 3 && parts[0] == "apis":
		s.list(w, parts[1], parts[2])
	case parts[0] == "api" && len(parts) > 2:
		s.resource(w, r, "", parts[1], parts[2:])
	case parts[0] == "apis" && len(parts) > 3:
		s.resource(w, r, parts[1], parts[2], parts[3:])
	default:
		status(w, 404, "the server could not find the requested resource")
	}
}

func (f Failure) write(w http.ResponseWriter) {
	if f.Broken {
		w.Write([]byte(`{"kind":"List","items":[{"metadata":{"name":"half"}},{"metada`))
		return
	}
	if f.After != "" {
		w.Header().Set("Retry-After", f.After)
	}
	body := map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": f.Code, "message": fmt.Sprintf("told to answer %d", f.Code)}
	if f.Continue != "" {
		body["metadata"] = map[string]any{"continue": f.Continue}
		body["reason"] = "Expired"
	}
	answer(w, f.Code, body)
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body)
}

var reasons = map[int]string{403: "Forbidden", 404: "NotFound", 409: "AlreadyExists"}

func status(w http.ResponseWriter, code int, message string) {
	answer(w, code, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reasons[code], "message": message})
}

// Permit takes Forbid back.
func (s *Server) Permit(verb, name string) { delete(s.forbidden, verb+" "+name) }

// Remove takes an object away.
func (s *Server) Remove(name, namespace, called string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = slices.DeleteFunc(slices.Clone(s.objects[name]), func(o map[string]any) bool {
		return text(o, "name") == called && text(o, "namespace") == namespace
	})
}
