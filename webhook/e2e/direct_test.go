package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	admission "k8s.io/api/admission/v1"
)

// client asks a webhook as an API server does, but for what it sends.
func (w *Webhook) client() *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(w.CA)
	return &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost"}}}
}

// asked sends a body and tells whether there was an answer.
func (w *Webhook) asked(body []byte) error {
	_, _, err := w.post("/pods", body)
	return err
}

func (w *Webhook) post(path string, body []byte) (status int, answer []byte, err error) {
	client := w.client()
	defer client.CloseIdleConnections()
	r, err := client.Post("https://"+w.Address+path+"?timeout=3s", "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	defer r.Body.Close()
	answer, err = io.ReadAll(r.Body)
	return r.StatusCode, answer, err
}

// reviewUID is that of reviews that are made here.
const reviewUID = "7c0b5a1e-3f0f-4a7e-8a55-5f3f1de2a001"

// reviewOf is a review of a new object.
func reviewOf(t *testing.T, object map[string]any) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": map[string]any{
		"uid": reviewUID, "operation": "CREATE", "kind": map[string]any{"group": "", "version": "v1", "kind": object["kind"]},
		"namespace": "shop", "userInfo": map[string]any{"username": "jane"}, "object": object}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// read takes an answer apart.
func read(t *testing.T, answer []byte) *admission.AdmissionResponse {
	t.Helper()
	var review admission.AdmissionReview
	if err := json.Unmarshal(answer, &review); err != nil || review.Response == nil {
		t.Fatalf("%v: %.300s", err, answer)
	}
	return review.Response
}

// admittedUnseen tells whether an answer is failure mode open's.
func admittedUnseen(t *testing.T, answer []byte) bool {
	r := read(t, answer)
	return r.Allowed && r.UID == reviewUID && r.AuditAnnotations["error"] != "" && len(r.Warnings) > 0
}

// Bodies that no API server sends, and clients that are none: each gets an answer or an
// end, what is counted is what could not be decided, and the webhook goes on deciding.
func TestHostileCallers(t *testing.T) {
	c := start(t, PlaneOptions{})
	leaky, clean := reviewOf(t, pod("shop", "leaky", leakyEnv(1))), reviewOf(t, pod("shop", "clean", nil))
	for _, mode := range []string{"open", "closed"} {
		w := c.webhook(t, WebhookOptions{Config: "failureMode: " + mode})
		for _, h := range hostile(t) {
			status, answer, err := w.post("/pods", h.body)
			switch {
			case h.cut && err != nil: // it may be closed before all was sent
			case err != nil:
				t.Errorf("%s, %s: %v", mode, h.name, err)
			case h.denied && (status != 200 || read(t, answer).Allowed):
				t.Errorf("%s, %s: status %d, %.300s", mode, h.name, status, answer)
			case h.denied:
			case mode == "closed" && status/100 == 2:
				t.Errorf("closed, %s: %.300s", h.name, answer)
			case mode == "open" && h.uid && (status != 200 || !admittedUnseen(t, answer)):
				t.Errorf("open, %s: status %d, %.300s", h.name, status, answer)
			}
		}
		slow(t, w)
		counted, err := w.Metric("oakum_admission_failed_total")
		if err != nil || counted < 5 {
			t.Errorf("%s: %v faults are counted, %v", mode, counted, err)
		}
		status, answer, err := w.post("/pods", leaky)
		if err != nil || status != 200 || read(t, answer).Allowed {
			t.Errorf("%s, behind it a key: %d %.300s %v", mode, status, answer, err)
		}
		status, answer, err = w.post("/pods", clean)
		if err != nil || status != 200 || !read(t, answer).Allowed {
			t.Errorf("%s, behind it no key: %d %.300s %v", mode, status, answer, err)
		}
		if bugs, err := w.Metric("oakum_admission_panics_total"); err != nil || bugs != 0 {
			t.Errorf("%s: %v panics, %v", mode, bugs, err)
		}
	}
}

// body is one that a caller sends.
type body struct {
	name   string
	body   []byte
	uid    bool // it can be read
	denied bool // what was found denies, whatever else
	cut    bool // the connection may end first
}

func hostile(t *testing.T) []body {
	t.Helper()
	leaky := string(reviewOf(t, pod("shop", "leaky", leakyEnv(1))))
	deep := strings.Repeat(`{"a":`, 200_000) + `1` + strings.Repeat("}", 200_000)
	many := `[` + strings.Repeat(`"a",`, 400_000) + `"a"]`
	within := func(object string) []byte {
		return []byte(fmt.Sprintf(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":%q,"operation":"CREATE","kind":{"version":"v1","kind":"Pod"},"object":%s}}`, reviewUID, object))
	}
	padded := func(n int) []byte { return within(`{"pad":"` + strings.Repeat("x", n) + `"}`) }
	return []body{
		{name: "nothing", body: nil},
		{name: "no JSON", body: []byte("hello")},
		{name: "no review", body: []byte(`{"kind":"Pod"}`)},
		{name: "a review that is cut", body: []byte(leaky[:len(leaky)-20]), uid: true},
		{name: "more than 7 MB", body: padded(7 << 20), uid: true, cut: true},
		{name: "much more", body: padded(40 << 20), cut: true},
		{name: "deep", body: within(`{"apiVersion":"v1","kind":"Pod","spec":` + deep + `}`), uid: true},
		{name: "many values", body: within(`{"apiVersion":"v1","kind":"Pod","spec":` + many + `}`), uid: true},
		{name: "deep, with a key", denied: true, body: within(`{"apiVersion":"v1","kind":"Pod","a":` + deep + `,"spec":` + specOf(t) + `}`)},
	}
}

// specOf is a pod's with a key.
func specOf(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(podSpec(leakyEnv(3)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// slow sends a review byte by byte, from many connections at once: they are cut off in
// time, and others are answered meanwhile.
func slow(t *testing.T, w *Webhook) {
	t.Helper()
	const callers = 40
	began := time.Now()
	ended := make(chan time.Duration, callers)
	for range callers {
		go func() {
			client := w.client()
			r, err := client.Post("https://"+w.Address+"/pods?timeout=3s", "application/json", &drip{pause: 100 * time.Millisecond})
			if err == nil {
				r.Body.Close()
			}
			client.CloseIdleConnections()
			ended <- time.Since(began)
		}()
	}
	time.Sleep(500 * time.Millisecond)
	asked := time.Now()
	status, _, err := w.post("/pods", reviewOf(t, pod("shop", "clean", nil)))
	if err != nil || status != 200 && status != 500 {
		t.Errorf("beside slow callers: %d, %v", status, err)
	}
	if took := time.Since(asked); took > 5*time.Second {
		t.Errorf("beside slow callers: an answer after %v", took)
	}
	for range callers {
		if took := <-ended; took > 20*time.Second {
			t.Errorf("a slow caller was served for %v", took)
		}
	}
}

// drip never ends.
type drip struct{ pause time.Duration }

func (d *drip) Read(p []byte) (int, error) {
	time.Sleep(d.pause)
	p[0] = ' '
	return 1, nil
}
