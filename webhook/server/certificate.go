package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// The names of a certificate's files, as kubernetes.io/tls Secrets have them.
const (
	certFile = "tls.crt"
	keyFile  = "tls.key"
)

// certificate is the server's, read from files again whenever they change: a new one
// holds for the next connection, without a restart.
type certificate struct {
	dir     string
	watcher atomic.Pointer[certwatcher.CertWatcher] // nil: there are no files yet
	metrics *metrics
}

// Start waits for the files, and follows them until ctx ends.
func (c *certificate) Start(ctx context.Context) error {
	for {
		w, err := certwatcher.New(filepath.Join(c.dir, certFile), filepath.Join(c.dir, keyFile))
		if err == nil {
			c.watcher.Store(w)
			return c.follow(ctx, w)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(100 * time.Millisecond): // they come soon, or not at all: ready tells which
		}
	}
}

func (c *certificate) follow(ctx context.Context, w *certwatcher.CertWatcher) error {
	w.RegisterCallback(c.note) // which is called at once, too
	if err := w.Start(ctx); err != nil {
		return fmt.Errorf("follow the certificate in %s: %w", c.dir, err)
	}
	return nil
}

// NeedLeaderElection: every replica serves.
func (c *certificate) NeedLeaderElection() bool { return false }

// note has the metric tell when a certificate ends. The watcher holds its lock meanwhile.
func (c *certificate) note(pair tls.Certificate) {
	if leaf, err := leafOf(&pair); err == nil {
		c.metrics.expiry.Set(float64(leaf.NotAfter.Unix()))
	}
}

// get is a tls.Config's GetCertificate.
func (c *certificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	w := c.watcher.Load()
	if w == nil {
		return nil, errors.New("there is no certificate yet")
	}
	return w.GetCertificate(hello)
}

func leafOf(pair *tls.Certificate) (*x509.Certificate, error) {
	if pair.Leaf != nil {
		return pair.Leaf, nil
	}
	return x509.ParseCertificate(pair.Certificate[0])
}

// ready tells what is wrong with the certificate: no API server takes one that is over.
func (c *certificate) ready() error {
	pair, err := c.get(nil)
	if err != nil {
		return fmt.Errorf("certificate in %s: %w", c.dir, err)
	}
	leaf, err := leafOf(pair)
	if err != nil {
		return fmt.Errorf("certificate in %s: %w", c.dir, err)
	}
	if now := time.Now(); now.After(leaf.NotAfter) {
		return fmt.Errorf("the certificate in %s ended %s", c.dir, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

// config is how connections are taken. HTTP/1.1 alone: that is what API servers speak with
// webhooks (kubernetes #75791), and HTTP/2's ways to keep a server busy are left out.
func (c *certificate) config(clientCA string) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: c.get}
	if clientCA == "" {
		return t, nil
	}
	bundle, err := os.ReadFile(clientCA)
	if err != nil {
		return nil, fmt.Errorf("read who may ask: %w", err)
	}
	t.ClientCAs, t.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !t.ClientCAs.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("read who may ask: %s holds no certificate", clientCA)
	}
	return t, nil
}
