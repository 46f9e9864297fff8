package gcpkey

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
)

// iamServer knows one service account's keys, and answers as
// https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys and
// https://developers.google.com/identity/protocols/oauth2/service-account have it.
type iamServer struct {
	*httptest.Server
	lock sync.Mutex
	all  []*made
	n    int
	pool []*rsa.PrivateKey
	hide bool // the newest key is not listed yet
}

type made struct {
	id       string
	key      *rsa.PrivateKey
	disabled bool
	reason   string
}

const (
	email   = "reports@shop-prod.iam.gserviceaccount.com"
	account = "/v1/projects/shop-prod/serviceAccounts/" + email + "/keys"
	admin   = "ya29.the-administrator"
)

// pool are RSA keys, which take a while to make.
func pool(t testing.TB) (all []*rsa.PrivateKey) {
	for range 4 {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	return all
}

func serve(t testing.TB, pool []*rsa.PrivateKey) *iamServer {
	s := &iamServer{pool: pool}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// add makes a key, and its file.
func (s *iamServer) add() (*made, []byte) {
	s.n++
	m := &made{id: fmt.Sprintf("%040x", s.n), key: s.pool[s.n%len(s.pool)]}
	s.all = append(s.all, m)
	der, _ := x509.MarshalPKCS8PrivateKey(m.key)
	text, _ := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "shop-prod", "private_key_id": m.id, "client_email": email, "client_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": s.URL + "/token", "universe_domain": "googleapis.com",
	}, "", "  ")
	return m, text
}

func (s *iamServer) credential() (*made, rotate.Credential) {
	m, text := s.add()
	return m, rotate.Credential{rotate.KeyFile: leak.NewSecret(text)}
}

func (s *iamServer) find(id string) *made {
	for _, m := range s.all {
		if m.id == id {
			return m
		}
	}
	return nil
}

func (s *iamServer) live() (n int, _ error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, m := range s.all {
		if !m.disabled {
			n++
		}
	}
	return n, nil
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, status int, code, words string) {
	say(w, status, map[string]any{"error": map[string]any{"code": status, "message": words, "status": code}})
}

func (s *iamServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	one, verb, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, account+"/"), ":")
	m := s.find(one)
	switch {
	case r.URL.Path == "/token" && r.Method == "POST":
		s.token(w, r)
	case r.Header.Get("Authorization") != "Bearer "+admin:
		fail(w, 401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
	case r.URL.Path == account && r.Method == "GET" && r.URL.Query().Get("keyTypes") == "USER_MANAGED":
		s.list(w)
	case r.URL.Path == account && r.Method == "POST" && len(s.all) >= 10:
		fail(w, 429, "RESOURCE_EXHAUSTED", "Maximum number of keys on account reached.")
	case r.URL.Path == account && r.Method == "POST":
		m, text := s.add()
		say(w, 200, map[string]any{"name": strings.TrimPrefix(account, "/v1/") + "/" + m.id, "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "privateKeyData": base64.StdEncoding.EncodeToString(text)})
	case m == nil:
		fail(w, 404, "NOT_FOUND", "Service account key "+one+" does not exist.")
	case r.Method == "DELETE":
		s.all = without(s.all, m)
		say(w, 200, struct{}{})
	case r.Method == "POST" && (verb == "disable" || verb == "enable"):
		m.disabled = verb == "disable"
		say(w, 200, struct{}{})
	default:
		fail(w, 404, "NOT_FOUND", "Not found.")
	}
}

func without(all []*made, m *made) (rest []*made) {
	for _, k := range all {
		if k != m {
			rest = append(rest, k)
		}
	}
	return rest
}

func (s *iamServer) list(w http.ResponseWriter) {
	keys := []map[string]any{}
	for i, m := range s.all {
		if s.hide && i == len(s.all)-1 {
			s.hide = false
			continue
		}
		k := map[string]any{"name": strings.TrimPrefix(account, "/v1/") + "/" + m.id, "keyType": "USER_MANAGED"}
		if m.disabled {
			k["disabled"], k["disableReason"] = true, m.reason
		}
		keys = append(keys, k)
	}
	say(w, 200, map[string]any{"keys": keys})
}

// token checks an assertion's signature against the key that it names.
func (s *iamServer) token(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.FormValue("assertion"), ".")
	var head struct{ Kid, Alg string }
	var claims struct {
		Iss, Aud string
		Exp      int64
	}
	if len(parts) != 3 || r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		say(w, 400, map[string]any{"error": "invalid_request"})
		return
	}
	for i, v := range []any{&head, &claims} {
		text, _ := base64.RawURLEncoding.DecodeString(parts[i])
		json.Unmarshal(text, v)
	}
	sig, _ := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	m := s.find(head.Kid)
	ok := m != nil && !m.disabled && head.Alg == "RS256" && claims.Iss == email && claims.Aud == s.URL+"/token" && claims.Exp > time.Now().Unix() &&
		rsa.VerifyPKCS1v15(&m.key.PublicKey, crypto.SHA256, sum[:], sig) == nil
	if !ok {
		say(w, 400, map[string]any{"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
		return
	}
	say(w, 200, map[string]any{"access_token": "ya29.one", "expires_in": 3599, "token_type": "Bearer"})
}

// rotator asks the server, with hook around each request.
func (s *iamServer) rotator(t testing.TB, hook func() error) *Rotator {
	r, err := With(Options{URL: s.URL, Transport: killtest.Transport{Step: hook}, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Token: func(context.Context) (leak.Secret, error) { return leak.NewSecret([]byte(admin)), nil }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
