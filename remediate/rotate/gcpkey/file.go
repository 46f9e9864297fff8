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
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// keyIDField is the field of a key file that names the key.
const keyIDField = "private_key_id"

// file is a key file, as far as it is needed here
// (https://cloud.google.com/iam/docs/keys-create-delete).
type file struct {
	id, email, project, tokens string
	key                        leak.Secret // PEM
}

// read takes a credential's key file apart. Its errors quote nothing of it.
func read(c rotate.Credential) (f file, err error) {
	fields, ok := store.Fields(c[rotate.KeyFile])
	if !ok {
		return f, errors.New("the entry holds no key file of a service account: it is a JSON document with private_key, as Google gives it; say `fields: {key_file: NAME}` where it stands in a field")
	}
	text := func(name string) string { return store.Plain(fields[name]) }
	f = file{text(keyIDField), text("client_email"), text("project_id"), text("token_uri"), fields[rotate.PrivateKey]}
	if text("type") != "service_account" || f.id == "" || f.email == "" || f.project == "" || f.key.IsZero() {
		return file{}, errors.New("the key file is not that of a service account, or lacks one of private_key_id, client_email, project_id and private_key")
	}
	return f, nil
}

// apart is the old key, which must not be the one that is in use now.
func apart(old, now rotate.Credential) (file, error) {
	f, err := read(old)
	if err != nil || len(now) == 0 {
		return f, err
	}
	if n, err := read(now); err != nil || n.id == f.id {
		return f, errors.Join(fmt.Errorf("the old key %s is the new one: nothing is done to it", f.id), err)
	}
	return f, nil
}

// account is the path of the service account.
func (f file) account() string {
	return "v1/projects/" + url.PathEscape(f.project) + "/serviceAccounts/" + url.PathEscape(f.email)
}

// key is one of the account's, as IAM tells it.
type key struct {
	Name     string `json:"name"` // projects/P/serviceAccounts/E/keys/ID
	Disabled bool   `json:"disabled"`
	Reason   string `json:"disableReason"`
}

func (k key) id() string { return k.Name[strings.LastIndexByte(k.Name, '/')+1:] }

func (k key) status() rotate.Status {
	if k.Disabled {
		return rotate.Inactive
	}
	return rotate.Live
}

// why is what Google says of a key that is disabled.
func (k key) why() string {
	if strings.HasSuffix(k.Reason, "EXPOSED") {
		return ", by Google, which found it in public: say `exposure: public`, and look what was done with it (audit logs)"
	}
	return ""
}

// keys are the account's that users made; Google's own rotate by themselves.
func (r *Rotator) keys(ctx context.Context, f file) ([]key, error) {
	var list struct {
		Keys []key `json:"keys"`
	}
	if _, err := r.iam.Do(ctx, rest.Call{Method: http.MethodGet, Path: f.account() + "/keys?keyTypes=USER_MANAGED", Into: &list}); err != nil {
		return nil, fmt.Errorf("list the keys of %s: %w", f.email, err)
	}
	return list.Keys, nil
}

func ids(all []key) (names []string) {
	for _, k := range all {
		names = append(names, k.id())
	}
	return names
}

func find(all []key, id string) (key, bool) {
	for _, k := range all {
		if k.id() == id {
			return k, true
		}
	}
	return key{}, false
}

// Verify gets a token with the key, as Google's client libraries do (RFC 7523).
func (r *Rotator) Verify(ctx context.Context, c rotate.Credential) error {
	f, err := read(c)
	if err != nil {
		return err
	}
	u, err := url.Parse(f.tokens)
	if err != nil || u.Host == "" || u.RawQuery != "" {
		return errors.New("the key file's token_uri is no address")
	}
	assertion, err := f.sign(time.Now())
	if err != nil {
		return err
	}
	base := *u
	base.Path = ""
	tokens, err := rest.New(rest.Options{URL: base.String(), Transport: r.o.Transport, Pause: r.o.Pause})
	if err != nil {
		return err
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	_, err = tokens.Do(ctx, rest.Call{Method: http.MethodPost, Path: strings.TrimPrefix(u.EscapedPath(), "/"), Into: &answer, Hide: []leak.Secret{leak.NewSecret([]byte(assertion))},
		Form: url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}})
	e, refused := errors.AsType[*rest.Error](err)
	switch {
	case refused && (e.Status == http.StatusBadRequest || e.Status == http.StatusUnauthorized) && strings.HasPrefix(e.Words, "invalid_grant"):
		return fmt.Errorf("it is not accepted by Google: key %s (%s): %w", f.id, e.Words, rotate.ErrNotYet)
	case err != nil:
		return fmt.Errorf("try key %s: %w", f.id, err)
	case answer.Token == "":
		return fmt.Errorf("no token in Google's answer to key %s", f.id)
	}
	return nil
}

// sign makes the assertion that is exchanged for a token
// (https://developers.google.com/identity/protocols/oauth2/service-account#httprest).
func (f file) sign(now time.Time) (string, error) {
	block, _ := pem.Decode([]byte(store.Plain(f.key)))
	if block == nil {
		return "", errors.New("the key file's private_key is no PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	k, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return "", errors.New("the key file's private_key is no RSA key in PKCS #8")
	}
	part := func(v any) string {
		text, _ := json.Marshal(v) // maps of texts and numbers
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := part(map[string]any{"alg": "RS256", "typ": "JWT", "kid": f.id}) + "." +
		part(map[string]any{"iss": f.email, "scope": scope, "aud": f.tokens, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(sig), err
}
