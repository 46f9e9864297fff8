package realtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Cluster is a control plane that a test started: the real API server on etcd, without
// nodes. webhook/e2e has one of its own, by envtest, which module this one does not need.
type Cluster struct {
	URL        string // "https://127.0.0.1:…"
	CA         []byte // PEM
	Token      string // of an administrator
	Kubeconfig string // a file of the administrator's
	SignerKey  string // the file of the key that signs service accounts' tokens

	client *http.Client
}

// StartCluster takes some five seconds and 300 MB; it ends with the test. controllers
// are those of kube-controller-manager to run beside it; none: it is not started.
func StartCluster(t testing.TB, controllers string) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("a control plane takes seconds")
	}
	server, store := Find(t, "kube-apiserver"), Find(t, "etcd")
	dir := t.TempDir()
	client, peer, port := freePort(t), freePort(t), freePort(t)
	start(t, dir, store, "--data-dir="+filepath.Join(dir, "etcd"), "--listen-client-urls=http://127.0.0.1:"+client, "--advertise-client-urls=http://127.0.0.1:"+client,
		"--listen-peer-urls=http://127.0.0.1:"+peer, "--initial-advertise-peer-urls=http://127.0.0.1:"+peer, "--initial-cluster=default=http://127.0.0.1:"+peer)
	c := &Cluster{URL: "https://127.0.0.1:" + port, Token: rand.Text() + rand.Text(), SignerKey: filepath.Join(dir, "sa.key"), Kubeconfig: filepath.Join(dir, "kubeconfig")}
	public := filepath.Join(dir, "sa.pub")
	writeSigner(t, c.SignerKey, public)
	tokens := filepath.Join(dir, "tokens.csv")
	writeFile(t, tokens, []byte(c.Token+`,admin,1,"system:masters"`+"\n"))
	start(t, dir, server, "--etcd-servers=http://127.0.0.1:"+client, "--bind-address=127.0.0.1", "--secure-port="+port, "--cert-dir="+dir,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local", "--service-account-key-file="+public, "--service-account-signing-key-file="+c.SignerKey,
		"--token-auth-file="+tokens, "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount")
	c.await(t, dir)
	writeFile(t, c.Kubeconfig, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"test",
 "contexts":[{"name":"test","context":{"cluster":"test","user":"admin"}}],
 "clusters":[{"name":"test","cluster":{"server":%q,"certificate-authority":%q}}],
 "users":[{"name":"admin","user":{"token":%q}}]}`, c.URL, filepath.Join(dir, "apiserver.crt"), c.Token))
	if controllers != "" {
		start(t, dir, Find(t, "kube-controller-manager"), "--kubeconfig="+c.Kubeconfig, "--authentication-kubeconfig="+c.Kubeconfig, "--authorization-kubeconfig="+c.Kubeconfig,
			"--service-account-private-key-file="+c.SignerKey, "--controllers="+controllers, "--leader-elect=false", "--secure-port=0", "--kube-api-qps=500", "--kube-api-burst=500")
	}
	return c
}

// await waits until the API server is ready, and trusts the certificate that it made.
func (c *Cluster) await(t testing.TB, dir string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if ca, err := os.ReadFile(filepath.Join(dir, "apiserver.crt")); err == nil {
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(ca)
			c.CA, c.client = ca, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
			if code, _ := c.Do(t, http.MethodGet, "readyz", "", nil); code == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(dir, "kube-apiserver.log"))
			t.Fatalf("the API server is not ready:\n%s", log[max(0, len(log)-4000):])
		}
	}
}

// Do asks the API server as its administrator. kind is the body's type, "" for JSON. A
// server that does not answer has the status 0.
func (c *Cluster) Do(t testing.TB, method, path, kind string, body []byte) (int, []byte) {
	t.Helper()
	r, err := http.NewRequest(method, c.URL+"/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "" {
		kind = "application/json"
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+c.Token)
	answer, err := c.client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, text
}

// start runs a program until the test ends, with its output in a file beside its data.
func start(t testing.TB, dir, program string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, filepath.Base(program)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// writeSigner makes the key pair of service accounts' tokens.
func writeSigner(t testing.TB, private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, private, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	writeFile(t, public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}))
}

func writeFile(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
