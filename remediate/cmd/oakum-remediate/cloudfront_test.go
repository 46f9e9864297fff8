//go:build !windows

package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/oakum-sec/oakum/internal/realtest"
)

// cloudFront stands before OpenBao, which has no auth methods aws, azure and gcp, and
// answers for these as HashiCorp documents them for Vault
// (developer.hashicorp.com/vault/api-docs/auth/{aws,azure,gcp}; for what the last two
// check, their plugins' sources). Who passes gets a real token of OpenBao with the role's
// policies. All else is OpenBao's.
type cloudFront struct {
	URL    string
	bao    realtest.OpenBao
	behind http.Handler

	// The clouds: whose signatures are good.
	aws    aws.Credentials
	arn    string // that the keys belong to, as STS tells it
	google *rsa.PrivateKey
	azure  *rsa.PrivateKey

	lock   sync.Mutex
	roles  map[string]map[string]any // by path
	logins []string                  // methods, in their order
}

func newCloudFront(t *testing.T, bao realtest.OpenBao, keys aws.Credentials, arn string) *cloudFront {
	t.Helper()
	at, err := url.Parse(bao.Address)
	if err != nil {
		t.Fatal(err)
	}
	f := &cloudFront{bao: bao, behind: httputil.NewSingleHostReverseProxy(at), aws: keys, arn: arn, roles: map[string]map[string]any{}}
	for _, key := range []**rsa.PrivateKey{&f.google, &f.azure} {
		if *key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			t.Fatal(err)
		}
	}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.URL = s.URL
	return f
}

// parameters are those that a role may have, by method, beside the tokens' own.
var parameters = map[string]string{
	"aws": "auth_type bound_ami_id bound_account_id bound_region bound_vpc_id bound_subnet_id bound_iam_role_arn bound_iam_instance_profile_arn bound_ec2_instance_id role_tag " +
		"bound_iam_principal_arn inferred_entity_type inferred_aws_region resolve_aws_unique_ids allow_instance_migration disallow_reauthentication",
	"azure": "bound_service_principal_ids bound_group_ids bound_locations bound_subscription_ids bound_resource_groups bound_scale_sets",
	"gcp":   "type bound_service_accounts bound_projects add_group_aliases max_jwt_exp allow_gce_inference bound_zones bound_regions bound_instance_groups bound_labels",
}

func (f *cloudFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	parts := strings.Split(path, "/")
	method := ""
	if len(parts) > 2 && parts[0] == "auth" && parameters[parts[1]] != "" {
		method = parts[1]
	}
	switch {
	case path == "sys/auth" && r.Method == http.MethodGet:
		f.mounts(w, r)
	case method != "" && parts[2] == "login":
		f.login(w, r, method)
	case method != "" && parts[2] == "role" && len(parts) == 4:
		f.role(w, r, method, path)
	default:
		f.behind.ServeHTTP(w, r)
	}
}

// mounts are OpenBao's with the three.
func (f *cloudFront) mounts(w http.ResponseWriter, r *http.Request) {
	var all map[string]any
	if code, err := f.ask(r, r.Header.Get("X-Vault-Token"), http.MethodGet, "sys/auth", nil, &all); err != nil || code != http.StatusOK {
		refuse(w, code, "permission denied")
		return
	}
	data, _ := all["data"].(map[string]any)
	for method := range parameters {
		data[method+"/"] = map[string]any{"type": method, "accessor": "auth_" + method}
	}
	answer(w, map[string]any{"data": data})
}

// role keeps what a role is written with, durations in seconds, as Vault gives them back.
func (f *cloudFront) role(w http.ResponseWriter, r *http.Request, method, path string) {
	if code, err := f.ask(r, r.Header.Get("X-Vault-Token"), http.MethodGet, "auth/token/lookup-self", nil, &map[string]any{}); err != nil || code != http.StatusOK {
		refuse(w, http.StatusForbidden, "permission denied")
		return
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	switch r.Method {
	case http.MethodPut, http.MethodPost:
		var data map[string]any
		if json.NewDecoder(r.Body).Decode(&data) != nil {
			refuse(w, http.StatusBadRequest, "no JSON")
			return
		}
		for name, value := range data {
			if !strings.HasPrefix(name, "token_") && !slices.Contains(strings.Fields(parameters[method]), name) {
				refuse(w, http.StatusBadRequest, "unknown parameter "+name)
				return
			}
			if text, ok := value.(string); ok {
				if d, err := time.ParseDuration(text); err == nil {
					data[name] = int(d.Seconds())
				}
			}
		}
		f.roles[path] = data
		w.WriteHeader(http.StatusNoContent)
	case http.MethodDelete:
		delete(f.roles, path)
		w.WriteHeader(http.StatusNoContent)
	default:
		if f.roles[path] == nil {
			refuse(w, http.StatusNotFound)
			return
		}
		answer(w, map[string]any{"data": f.roles[path]})
	}
}

// login gives a token to who proves to be whom the role is bound to.
func (f *cloudFront) login(w http.ResponseWriter, r *http.Request, method string) {
	var sent map[string]string
	if json.NewDecoder(r.Body).Decode(&sent) != nil {
		refuse(w, http.StatusBadRequest, "no JSON")
		return
	}
	f.lock.Lock()
	role := f.roles["auth/"+method+"/role/"+sent["role"]]
	f.lock.Unlock()
	if role == nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("role %q not found", sent["role"]))
		return
	}
	who, err := map[string]func(map[string]string, map[string]any) (string, error){"aws": f.fromAWS, "azure": f.fromAzure, "gcp": f.fromGCP}[method](sent, role)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	token := map[string]any{"policies": role["token_policies"], "ttl": fmt.Sprint(role["token_ttl"]), "explicit_max_ttl": fmt.Sprint(role["token_max_ttl"]), "no_parent": true, "display_name": method + "-" + who}
	var made map[string]any
	if code, err := f.ask(r, f.bao.Token, http.MethodPost, "auth/token/create", token, &made); err != nil || code != http.StatusOK {
		refuse(w, http.StatusInternalServerError, fmt.Sprint("no token: ", code, err, made))
		return
	}
	f.lock.Lock()
	f.logins = append(f.logins, method)
	f.lock.Unlock()
	answer(w, map[string]any{"auth": made["auth"]})
}

// fromAWS does what Vault has STS do: it is sent a signed request of GetCallerIdentity.
func (f *cloudFront) fromAWS(sent map[string]string, role map[string]any) (string, error) {
	decoded := map[string]string{}
	for _, name := range []string{"iam_request_url", "iam_request_body", "iam_request_headers"} {
		text, err := base64.StdEncoding.DecodeString(sent[name])
		if err != nil || len(text) == 0 {
			return "", fmt.Errorf("missing %s", name)
		}
		decoded[name] = string(text)
	}
	at, err := url.Parse(decoded["iam_request_url"])
	if err != nil || sent["iam_http_request_method"] != http.MethodPost || at.Path != "/" || !strings.HasPrefix(at.Host, "sts.") || !strings.HasSuffix(at.Host, "amazonaws.com") {
		return "", errors.New("the request is not one to STS")
	}
	if form, err := url.ParseQuery(decoded["iam_request_body"]); err != nil || form.Get("Action") != "GetCallerIdentity" || form.Get("Version") != "2011-06-15" || len(form) != 2 {
		return "", errors.New("iam_request_body is not GetCallerIdentity")
	}
	var headers http.Header
	if err := json.Unmarshal([]byte(decoded["iam_request_headers"]), &headers); err != nil {
		return "", errors.New("iam_request_headers is no JSON of lists")
	}
	if err := f.signed(at, decoded["iam_request_body"], headers); err != nil {
		return "", err
	}
	// arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION is arn:aws:iam::ACCOUNT:role/ROLE to Vault.
	parts := strings.Split(f.arn, ":")
	canonical := "arn:aws:iam::" + parts[4] + ":role/" + strings.Split(parts[5], "/")[1]
	if !slices.Contains(list(role["bound_iam_principal_arn"]), canonical) {
		return "", fmt.Errorf("IAM Principal %q does not belong to the role", f.arn)
	}
	return strings.Split(parts[5], "/")[1], nil
}

// signed makes the signature again, with the secret key that the cloud knows
// (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
func (f *cloudFront) signed(at *url.URL, body string, headers http.Header) error {
	req, err := http.NewRequest(http.MethodPost, at.String(), strings.NewReader(body))
	if err != nil {
		return err
	}
	authorization := headers.Get("Authorization")
	_, names, _ := strings.Cut(authorization, "SignedHeaders=")
	names, _, _ = strings.Cut(names, ",")
	for name := range strings.SplitSeq(names, ";") {
		if v := headers.Get(name); v != "" && name != "host" {
			req.Header.Set(name, v)
		}
	}
	when, err := time.Parse("20060102T150405Z", headers.Get("X-Amz-Date"))
	if err != nil || time.Since(when).Abs() > 15*time.Minute {
		return errors.New("SignatureDoesNotMatch: the time is another one")
	}
	_, scope, _ := strings.Cut(authorization, "Credential="+f.aws.AccessKeyID+"/")
	region := strings.Split(scope, "/")
	if len(region) < 3 || headers.Get("X-Amz-Security-Token") != f.aws.SessionToken {
		return errors.New("InvalidClientTokenId")
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(req.Context(), f.aws, req, hex.EncodeToString(sum[:]), "sts", region[1], when); err != nil {
		return err
	}
	if req.Header.Get("Authorization") != authorization {
		return errors.New("SignatureDoesNotMatch")
	}
	return nil
}

// fromGCP checks a token that Google signed.
func (f *cloudFront) fromGCP(sent map[string]string, role map[string]any) (string, error) {
	claims, err := verified(sent["jwt"], "google", &f.google.PublicKey)
	if err != nil {
		return "", err
	}
	if audience, _ := claims["aud"].(string); !strings.HasSuffix(audience, "vault/"+sent["role"]) {
		return "", fmt.Errorf("the JWT claim 'aud' must end in %q", "vault/"+sent["role"])
	}
	if exp := time.Unix(int64(claims["exp"].(float64)), 0); role["type"] != "iam" || exp.After(time.Now().Add(time.Duration(seconds(role["max_jwt_exp"], 900))*time.Second)) {
		return "", errors.New("role requires that service account JWTs expire earlier")
	}
	email, _ := claims["email"].(string) // Vault asks IAM for the account of the claim sub
	if !slices.Contains(list(role["bound_service_accounts"]), email) {
		return "", fmt.Errorf("service account %s is not authorized for role", email)
	}
	return email, nil
}

// fromAzure checks a token that Azure signed for a managed identity.
func (f *cloudFront) fromAzure(sent map[string]string, role map[string]any) (string, error) {
	claims, err := verified(sent["jwt"], "azure", &f.azure.PublicKey)
	if err != nil {
		return "", err
	}
	id, _ := claims["oid"].(string)
	machine, _ := claims["xms_mirid"].(string)
	switch {
	case claims["aud"] != "https://management.azure.com/": // the method's resource
		return "", errors.New("the token is for another audience")
	case !slices.Contains(list(role["bound_service_principal_ids"]), id):
		return "", errors.New("service principal not authorized: " + id)
	case len(list(role["bound_resource_groups"])) > 0 && !slices.Contains(list(role["bound_resource_groups"]), sent["resource_group_name"]):
		return "", errors.New("resource group not authorized")
	case len(list(role["bound_subscription_ids"])) > 0 && !slices.Contains(list(role["bound_subscription_ids"]), sent["subscription_id"]):
		return "", errors.New("subscription not authorized")
	case !strings.HasSuffix(machine, "/virtualMachines/"+sent["vm_name"]) || !strings.Contains(machine, "/resourcegroups/"+sent["resource_group_name"]+"/"):
		return "", errors.New("the token is of another machine")
	}
	return id, nil
}

// sign makes a JWT with RS256 (RFC 7519).
func sign(key *rsa.PrivateKey, kid string, claims map[string]any) string {
	body, _ := json.Marshal(claims) // texts and numbers alone
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(`{"alg":"RS256","kid":"`+kid+`"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + b64(signature)
}

// verified are the claims of a JWT that a key has signed and that has not ended.
func verified(token, kid string, key *rsa.PublicKey) (claims map[string]any, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("no JWT")
	}
	var head struct{ Alg, Kid string }
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	for i, into := range []any{&head, &claims} {
		text, e := base64.RawURLEncoding.DecodeString(parts[i])
		err = errors.Join(err, e, json.Unmarshal(text, into))
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || head.Alg != "RS256" || head.Kid != kid || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return nil, errors.New("the JWT's signature is not good")
	}
	if exp, ok := claims["exp"].(float64); !ok || time.Now().After(time.Unix(int64(exp), 0)) {
		return nil, errors.New("JWT is expired")
	}
	return claims, nil
}

// ask asks OpenBao.
func (f *cloudFront) ask(r *http.Request, token, method, path string, body, into any) (code int, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(r.Context(), method, f.bao.Address+"/v1/"+path, content)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Vault-Token", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return http.StatusBadGateway, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(into)
}

func answer(w http.ResponseWriter, body any) { json.NewEncoder(w).Encode(body) }

func refuse(w http.ResponseWriter, code int, words ...string) {
	w.WriteHeader(max(code, http.StatusBadRequest))
	answer(w, map[string]any{"errors": append([]string{}, words...)})
}

// list is a list of texts, as JSON has them.
func list(v any) (texts []string) {
	items, _ := v.([]any)
	for _, i := range items {
		texts = append(texts, fmt.Sprint(i))
	}
	return texts
}

func seconds(v any, otherwise int) int {
	if n, ok := v.(int); ok {
		return n
	}
	return otherwise
}
