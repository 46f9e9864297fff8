package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
)

// target is a webhook's path, and what a review of it must be answered with.
type target struct {
	url    string
	client *http.Client
	allow  bool
}

// newTarget keeps up to connections open, as a busy API server does. HTTP/1.1, so that
// each is a connection of its own.
func newTarget(url string, ca []byte, connections int) (*target, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("the CA bundle holds no certificate")
	}
	return &target{url: url, allow: true, client: &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: pool, ServerName: "localhost", NextProtos: []string{"http/1.1"}},
			TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // no HTTP/2
			MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		},
	}}, nil
}

// ask posts one review and checks the answer. 30 seconds are the most that an API server
// waits: five hundred connections that ask about 1.5 MB at once are seconds of work.
func (t *target) ask(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+"?timeout=30s", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer admissionv1.AdmissionReview
	switch err := json.Unmarshal(text, &answer); {
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d: %.200s", response.StatusCode, text)
	case err != nil:
		return fmt.Errorf("read the answer: %w", err)
	case answer.Response == nil || answer.Response.UID != uid:
		return errors.New("the answer is not to this review")
	case answer.Response.Allowed != t.allow:
		return fmt.Errorf("allowed is %v", answer.Response.Allowed)
	case answer.Response.AuditAnnotations["error"] != "":
		return fmt.Errorf("admitted unseen: %s", answer.Response.AuditAnnotations["error"])
	}
	return nil
}
