package main

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A server that stops for a while makes the open loop's latencies grow, and hardly the
// closed one's: that is why both are there.
func TestLoops(t *testing.T) {
	body, err := review(4000, false)
	if err != nil || len(body) < 3500 || len(body) > 4500 {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	answer := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"` + uid + `","allowed":true}}`
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, _ := io.Copy(io.Discard, r.Body); got != int64(len(body)) {
			t.Errorf("%d bytes came", got)
		}
		time.Sleep(5 * time.Millisecond)
		io.WriteString(w, answer)
	}))
	server.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
	server.StartTLS()
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	target, err := newTarget(server.URL, ca, 2)
	if err != nil {
		t.Fatal(err)
	}
	target.client.Transport.(*http.Transport).TLSClientConfig.ServerName = "example.com" // the test certificate's
	often := closed(t.Context(), target, body, 2, 300*time.Millisecond)
	if often.err() != nil || len(often.latencies) == 0 {
		t.Fatal(often.err(), len(often.latencies))
	}
	// Two connections of five milliseconds answer 400 a second; asked 4,000 times, the
	// last one waits for most of the time that it takes.
	late := open(t.Context(), target, body, 2, 4000, 100*time.Millisecond)
	if late.err() != nil || late.quantile(0.99) < 10*often.quantile(0.5) {
		t.Errorf("%v, %v behind %v", late.err(), late.quantile(0.99), often.quantile(0.5))
	}
}

// The sizes that are measured are those that are named.
func TestReviews(t *testing.T) {
	for _, size := range sizes {
		body, err := review(size.bytes, false)
		if err != nil || len(body) < size.bytes*95/100 || len(body) > size.bytes*105/100 {
			t.Errorf("%s: %d bytes, %v", size.name, len(body), err)
		}
	}
}
