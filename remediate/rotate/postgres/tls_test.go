package postgres_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser/dbusertest"
	"github.com/oakum-sec/oakum/remediate/rotate/postgres"
	"github.com/oakum-sec/oakum/remediate/store"
)

// certificate is one that vouches for itself and for 127.0.0.1, with its key.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "db"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})
}

// give writes a file that the server can read, and nobody else.
func (s *stage) give(t *testing.T, name string, text []byte) {
	t.Helper()
	data := s.ask(t, "SELECT current_setting('data_directory')")
	file := filepath.Join(data, name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sameOwner(file, data); err != nil {
		t.Fatal(err)
	}
}

// TestTLS: the server's certificate is looked at, by the certificates that the settings
// name, and by its name.
func TestTLS(t *testing.T) {
	s := newStage(t)
	cert, key := certificate(t)
	other, _ := certificate(t)
	s.give(t, "server.crt", cert)
	s.give(t, "server.key", key)
	s.do(t, "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
	for end := time.Now().Add(20 * time.Second); s.ask(t, "SELECT current_setting('ssl')") != "on"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the server does not speak TLS:\n%s", s.pg.Log())
		}
	}
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.pem"), filepath.Join(dir, "bad.pem")
	if err := os.WriteFile(good, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, other, 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.pg.Address)
	for _, x := range []struct{ mode, ca, host, fails string }{
		{"verify-full", good, "127.0.0.1", ""}, {"verify-full", bad, "127.0.0.1", "certificate"}, {"verify-full", "", "127.0.0.1", "certificate"}, {"verify-full", good, "localhost", "certificate"},
		{"verify-ca", good, "localhost", ""}, {"verify-ca", bad, "localhost", "certificate"}, {"require", "", "localhost", ""}, {"verify-full", filepath.Join(dir, "none"), "127.0.0.1", "read the certificates"},
	} {
		a, b, old := s.app(t)
		text := fmt.Sprintf(`rotations: [{name: app, kind: postgres, store: "memory:", entry: prod/app, with: {addresses: ["%s:%s"], database: shop, sslmode: %s, ca: %q, admin: {username: %s, password: "env:ADMIN"}, users: [%s, %s]}}]`,
			x.host, port, x.mode, x.ca, s.pg.User, a, b)
		all, err := rotate.ReadSettings(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := postgres.New(t.Context(), all[0], s.options(nil))
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Inspect(t.Context(), old)
		if x.fails == "" && err != nil || x.fails != "" && (err == nil || !strings.Contains(err.Error(), x.fails)) {
			t.Errorf("%s of %s by %s: %v", x.mode, x.host, filepath.Base(x.ca), err)
		}
	}
}

// TestTwoAddresses: each address is tried and asked; here both are of one server.
func TestTwoAddresses(t *testing.T) {
	s := newStage(t)
	a, b, old := s.app(t)
	set := s.settings(t, users(a, b))
	_, port, _ := net.SplitHostPort(s.pg.Address)
	for i, n := range set.With.Content {
		if n.Value == "addresses" {
			second := *set.With.Content[i+1].Content[0]
			second.Value = "localhost:" + port
			set.With.Content[i+1].Content = append(set.With.Content[i+1].Content, &second)
		}
	}
	r, err := postgres.New(t.Context(), set, s.options(nil))
	if err != nil {
		t.Fatal(err)
	}
	end := s.as(t, a, store.Plain(old[rotate.Password]), "shop")
	defer end.Close(t.Context())
	if uses, err := r.Uses(t.Context(), old, time.Now()); err != nil || len(uses) != 2 {
		t.Errorf("%v %v", uses, err)
	}
	dbusertest.Turn(t, r, old, op(9))
	if err := r.Verify(t.Context(), old); err == nil || strings.Count(err.Error(), rotate.ErrNotYet.Error()) != 2 {
		t.Errorf("a credential that is refused at both: %v", err)
	}
}
