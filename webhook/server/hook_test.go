package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

const uid = "0b0ffb0e-57f1-4b8e-9a1a-0a5c7a5f2c33"

// review is one of a new pod with these variables.
func review(env string) string {
	return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"` + uid + `","kind":{"group":"","version":"v1","kind":"Pod"},` +
		`"namespace":"shop","operation":"CREATE","userInfo":{"username":"jane"},"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"app","namespace":"shop"},` +
		`"spec":{"containers":[{"name":"app","env":[` + env + `]}]}}}}`
}

func leaky() string {
	return review(leaktest.Must(1, `{"name":"AWS_ACCESS_KEY_ID","value":"{{awsID "AKIA"}}"},{"name":"AWS_SECRET_ACCESS_KEY","value":"{{awsSecret}}"}`))
}

// hooked is a hook with the built-in policy or p, and a configuration.
func hooked(t *testing.T, config string, p admit.Policy) *hook {
	t.Helper()
	c, err := ParseConfig([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	if p == nil {
		if p, err = policy.Load(policy.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	l := &live{}
	j := &judge{config: c}
	if j.admitter, err = admit.New(l.options(c, builtin.Set(), p)); err != nil {
		t.Fatal(err)
	}
	l.current.Store(j)
	limits := Options{}
	limits.Limits = Limits{InFlight: 4, BodyBytes: DefaultBodyBytes}
	return &hook{name: "pods", live: l, gate: newGate(limits.Limits), bodies: &bodies{}, metrics: newMetrics(prometheus.NewRegistry()), log: slog.New(slog.DiscardHandler)}
}

// post has the hook answer a body.
func post(t *testing.T, h *hook, query string, body io.Reader) (status int, r *admissionv1.AdmissionResponse) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/pods"+query, body))
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return w.Code, nil
	}
	return w.Code, answer.Response
}

func TestHookDecides(t *testing.T) {
	for _, mode := range []string{"open", "closed"} {
		h := hooked(t, "failureMode: "+mode, nil)
		if status, r := post(t, h, "?timeout=3s", strings.NewReader(leaky())); status != 200 || r.Allowed || r.UID != uid {
			t.Errorf("%s, a key: %d %+v", mode, status, r)
		}
		if status, r := post(t, h, "", strings.NewReader(review(""))); status != 200 || !r.Allowed || len(r.AuditAnnotations) > 0 {
			t.Errorf("%s, no key: %d %+v", mode, status, r)
		}
		if n := testutil.ToFloat64(h.metrics.requests.WithLabelValues("pods", "Pod", "create", "deny")); n != 1 {
			t.Errorf("%s: %v denials are counted", mode, n)
		}
		if n := testutil.CollectAndCount(h.metrics.failed); n != 0 {
			t.Errorf("%s: faults are counted", mode)
		}
	}
	w := httptest.NewRecorder()
	hooked(t, "", nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/pods", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

// policies of which one breaks, one is slow and one panics.
type decides func(ctx context.Context) (policy.Result, error)

func (d decides) Decide(ctx context.Context, _ policy.Context, _ []*leak.Finding, _ []*leak.Gap) (policy.Result, error) {
	return d(ctx)
}

// Each fault of ours is an admission that is told and counted, or a 500.
func TestHookFaults(t *testing.T) {
	slow := decides(func(ctx context.Context) (policy.Result, error) { <-ctx.Done(); return policy.Result{}, ctx.Err() })
	stuck := decides(func(context.Context) (policy.Result, error) { time.Sleep(2 * time.Second); return policy.Result{}, nil })
	broken := decides(func(context.Context) (policy.Result, error) {
		return policy.Result{Broken: &policy.BrokenError{}}, nil
	})
	panics := decides(func(context.Context) (policy.Result, error) { panic("a bug") })
	for _, c := range []struct {
		name, reason string
		policy       admit.Policy
		ready        error
		body         string
		noUID        bool
	}{
		{name: "over the deadline", reason: "deadline", policy: slow},
		{name: "over it, and deaf", reason: "deadline", policy: stuck},
		{name: "a broken policy", reason: "policy", policy: broken},
		{name: "a bug", reason: "panic", policy: panics},
		{name: "not ready", reason: "not-ready", ready: errors.New("not listed yet")},
		{name: "too large", reason: "too-large", body: leaky() + strings.Repeat(" ", maxBody)},
		{name: "no JSON", reason: "corrupt", body: "hello", noUID: true},
		{name: "nothing", reason: "corrupt", body: " ", noUID: true},
	} {
		for _, mode := range []string{"open", "closed"} {
			h := hooked(t, "failureMode: "+mode, c.policy)
			if c.ready != nil {
				h.ready = func() error { return c.ready }
			}
			body := c.body
			if body == "" {
				body = leaky()
			}
			began := time.Now()
			status, r := post(t, h, "?timeout=500ms", strings.NewReader(body))
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s, %s: took %v", mode, c.name, took)
			}
			if mode == "open" && !c.noUID {
				if status != 200 || !r.Allowed || r.UID != uid || r.AuditAnnotations[admit.AuditError] == "" || len(r.Warnings) == 0 {
					t.Errorf("open, %s: %d %+v", c.name, status, r)
				}
			} else if status != 500 || r != nil {
				t.Errorf("%s, %s: %d %+v", mode, c.name, status, r)
			}
			counted := mode
			if c.noUID {
				counted = "closed"
			}
			if n := testutil.ToFloat64(h.metrics.failed.WithLabelValues(counted, c.reason)); n != 1 {
				t.Errorf("%s, %s: %v are counted", mode, c.name, n)
			}
			if n := testutil.ToFloat64(h.metrics.panics); n != map[bool]float64{true: 1}[c.reason == "panic"] {
				t.Errorf("%s, %s: %v panics", mode, c.name, n)
			}
		}
	}
}

// More reviews than are taken at once are sent away, unread.
func TestHookOverload(t *testing.T) {
	hold := make(chan struct{})
	h := hooked(t, "", decides(func(context.Context) (policy.Result, error) { <-hold; return policy.Result{}, nil }))
	ended := make(chan int, h.gate.most)
	for range h.gate.most {
		go func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/pods?timeout=10s", strings.NewReader(leaky())))
			ended <- w.Code
		}()
	}
	for h.gate.inFlight.Load() < h.gate.most {
		time.Sleep(time.Millisecond)
	}
	if status, _ := post(t, h, "", iotestErr{t}); status != http.StatusServiceUnavailable {
		t.Errorf("one more: %d", status)
	}
	if n := testutil.ToFloat64(h.metrics.refused); n != 1 {
		t.Errorf("%v are counted", n)
	}
	close(hold)
	for range h.gate.most {
		<-ended
	}
	if n := h.gate.inFlight.Load(); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// iotestErr is a body that nobody is to read.
type iotestErr struct{ t *testing.T }

func (e iotestErr) Read([]byte) (int, error) {
	e.t.Error("the body is read")
	return 0, io.EOF
}

func TestDeadline(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"?timeout=10s": 8 * time.Second, "?timeout=1s": 800 * time.Millisecond, "": 8 * time.Second, "?timeout=x": 8 * time.Second,
		"?timeout=-1s": 8 * time.Second, "?timeout=1h": 8 * time.Second,
	} {
		if got := deadline(httptest.NewRequest(http.MethodPost, "/pods"+query, nil)); got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
}

// Who asks about a thousand kinds makes a hundred time series.
func TestBounded(t *testing.T) {
	b := bounded{most: 100, seen: map[string]bool{}}
	got := map[string]bool{}
	for i := range 1000 {
		got[b.bound(strings.Repeat("k", i%200)+time.Duration(i).String())] = true
	}
	if len(got) != 101 || !got["other"] {
		t.Errorf("%d words", len(got))
	}
}
