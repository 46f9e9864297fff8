package vaultlogin_test

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
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/vaultlogin"
)

func environment(of map[string]string) func(string) string {
	return func(name string) string { return of[name] }
}

// server is an OpenBao with a way to log in mounted, and root's client.
func server(t *testing.T, method string) *api.Client {
	t.Helper()
	bao := realtest.StartOpenBao(t, "")
	root, err := vaultlogin.Open(t.Context(), url.Values{}, environment(map[string]string{"VAULT_ADDR": bao.Address, "VAULT_TOKEN": bao.Token}))
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Sys().EnableAuthWithOptionsWithContext(t.Context(), method, &api.EnableAuthOptions{Type: method}); err != nil {
		t.Fatal(err)
	}
	return root
}

func write(t *testing.T, c *api.Client, path string, fields map[string]any) map[string]any {
	t.Helper()
	s, err := c.Logical().WriteWithContext(t.Context(), path, fields)
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		return nil
	}
	return s.Data
}

// policies are those of the token that a login ended with.
func policies(t *testing.T, c *api.Client) string {
	t.Helper()
	s, err := c.Auth().Token().LookupSelfWithContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.TokenPolicies()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(p, " ")
}

func TestAppRole(t *testing.T) {
	root := server(t, "approle")
	write(t, root, "auth/approle/role/orders", map[string]any{"token_policies": "orders"})
	role, err := root.Logical().ReadWithContext(t.Context(), "auth/approle/role/orders/role-id")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"VAULT_ADDR": root.Address(), "VAULT_ROLE_ID": role.Data["role_id"].(string),
		"VAULT_SECRET_ID": write(t, root, "auth/approle/role/orders/secret-id", nil)["secret_id"].(string)}
	c, err := vaultlogin.Open(t.Context(), url.Values{"auth": {"approle"}}, environment(env))
	if err != nil {
		t.Fatal(err)
	}
	if got := policies(t, c); got != "default orders" {
		t.Errorf("the policies are %q", got)
	}
	wrong := env["VAULT_SECRET_ID"][:8] + "-no"
	env["VAULT_SECRET_ID"] = wrong
	_, err = vaultlogin.Open(t.Context(), url.Values{"auth": {"approle"}}, environment(env))
	if err == nil || strings.Contains(err.Error(), wrong) || vaultlogin.CodeOf(err) == store.Unknown {
		t.Errorf("a wrong secret id: %v, code %v", err, vaultlogin.CodeOf(err))
	}
}

// signed is a JWT (RFC 7519) with RS256.
func signed(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(sig)
}

// TestJWT is what a pipeline does: its platform signs a token, and Vault trusts the key.
func TestJWT(t *testing.T) {
	root := server(t, "jwt")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	write(t, root, "auth/jwt/config", map[string]any{"jwt_validation_pubkeys": []string{public}, "bound_issuer": "https://ci.example"})
	write(t, root, "auth/jwt/role/deploy", map[string]any{"role_type": "jwt", "bound_audiences": []string{"vault"}, "user_claim": "sub",
		"bound_claims": map[string]any{"project": "shop"}, "token_policies": "deploy"})
	file := filepath.Join(t.TempDir(), "token")
	for project, ok := range map[string]bool{"shop": true, "other": false} {
		token := signed(t, key, map[string]any{"iss": "https://ci.example", "aud": "vault", "sub": "job", "project": project, "exp": time.Now().Add(time.Minute).Unix()})
		if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := vaultlogin.Open(t.Context(), url.Values{"auth": {"jwt"}, "role": {"deploy"}, "token-file": {file}, "address": {root.Address()}}, environment(nil))
		if ok != (err == nil) {
			t.Fatalf("project %s: %v", project, err)
		}
		if ok && policies(t, c) != "default deploy" {
			t.Errorf("the policies are %q", policies(t, c))
		}
	}
}

// recorded is a Vault that takes every login of one method and keeps what it was sent;
// written from Vault's API documentation.
func recorded(t *testing.T, method string) (address string, sent *map[string]string) {
	t.Helper()
	sent = &map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/auth/"+method+"/login" || json.NewDecoder(r.Body).Decode(sent) != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Write([]byte(`{"auth": {"client_token": "t"}}`))
	}))
	t.Cleanup(s.Close)
	return s.URL, sent
}

func TestAWS(t *testing.T) {
	address, sent := recorded(t, "aws")
	pair := strings.Fields(leaktest.Must(1, `{{awsID "123456789012"}} {{awsSecret}}`))
	t.Setenv("AWS_ACCESS_KEY_ID", pair[0])
	t.Setenv("AWS_SECRET_ACCESS_KEY", pair[len(pair)-1])
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	if _, err := vaultlogin.Open(t.Context(), url.Values{"auth": {"aws"}, "role": {"api"}, "address": {address}, "aws-server-id": {"vault.example"}}, environment(nil)); err != nil {
		t.Fatal(err)
	}
	got := *sent
	text := func(field string) string {
		b, err := base64.StdEncoding.DecodeString(got[field])
		if err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		return string(b)
	}
	if got["role"] != "api" || got["iam_http_request_method"] != "POST" || text("iam_request_url") != "https://sts.eu-west-1.amazonaws.com/" ||
		text("iam_request_body") != "Action=GetCallerIdentity&Version=2011-06-15" {
		t.Errorf("the login is %v", got)
	}
	var headers map[string][]string
	if err := json.Unmarshal([]byte(text("iam_request_headers")), &headers); err != nil {
		t.Fatal(err)
	}
	signature := headers["Authorization"][0]
	if !strings.Contains(signature, "Credential="+pair[0]+"/") || !strings.Contains(signature, "/eu-west-1/sts/aws4_request") || !strings.Contains(signature, "x-vault-aws-iam-server-id") {
		t.Errorf("the signature covers too little: %s", strings.Join(strings.Split(signature, ",")[:2], ","))
	}
	if strings.Contains(text("iam_request_headers"), pair[len(pair)-1]) {
		t.Error("the secret key is sent")
	}
}

// metadata is a cloud's metadata service, written from its documentation: it answers
// who sends its header.
func metadata(t *testing.T, header, value string, answers map[string]string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if !ok || r.Header.Get(header) != value {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Write([]byte(strings.ReplaceAll(answer, "AUDIENCE", r.URL.Query().Get("audience"))))
	}))
	t.Cleanup(s.Close)
	return s
}

func TestGCP(t *testing.T) {
	address, sent := recorded(t, "gcp")
	m := metadata(t, "Metadata-Flavor", "Google", map[string]string{"/computeMetadata/v1/instance/service-accounts/default/identity": "signed for AUDIENCE"})
	env := environment(map[string]string{"GCE_METADATA_HOST": strings.TrimPrefix(m.URL, "http://")})
	if _, err := vaultlogin.Open(t.Context(), url.Values{"auth": {"gcp"}, "role": {"job"}, "address": {address}}, env); err != nil {
		t.Fatal(err)
	}
	if got := *sent; got["role"] != "job" || got["jwt"] != "signed for vault/job" {
		t.Errorf("the login is %v", got)
	}
}

func TestAzure(t *testing.T) {
	address, sent := recorded(t, "azure")
	m := metadata(t, "Metadata", "true", map[string]string{
		"/metadata/identity/oauth2/token": `{"access_token": "signed"}`,
		"/metadata/instance/compute":      `{"subscriptionId": "sub", "resourceGroupName": "group", "name": "vm", "vmScaleSetName": ""}`,
	})
	env := environment(map[string]string{"AZURE_POD_IDENTITY_AUTHORITY_HOST": m.URL})
	if _, err := vaultlogin.Open(t.Context(), url.Values{"auth": {"azure"}, "role": {"api"}, "address": {address}}, env); err != nil {
		t.Fatal(err)
	}
	if got := *sent; got["jwt"] != "signed" || got["subscription_id"] != "sub" || got["resource_group_name"] != "group" || got["vm_name"] != "vm" {
		t.Errorf("the login is %v", got)
	}
}

// What is missing is said together with how to give it.
func TestUsage(t *testing.T) {
	for want, c := range map[string]struct{ query, env string }{
		"VAULT_ADDR":       {"", ""},
		"VAULT_TOKEN":      {"address=http://127.0.0.1:1", ""},
		"approle, aws":     {"address=http://127.0.0.1:1&auth=ldap", ""},
		"VAULT_ROLE_ID":    {"address=http://127.0.0.1:1&auth=approle", ""},
		"?role=NAME":       {"address=http://127.0.0.1:1&auth=kubernetes", ""},
		"VAULT_JWT":        {"address=http://127.0.0.1:1&auth=jwt&role=x", ""},
		"metadata service": {"address=http://127.0.0.1:1&auth=gcp&role=x", "127.0.0.1:1"},
	} {
		query, _ := url.ParseQuery(c.query)
		_, err := vaultlogin.Open(context.Background(), query, environment(map[string]string{"GCE_METADATA_HOST": c.env, "HOME": t.TempDir()}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q in it", c.query, err, want)
		}
	}
}
