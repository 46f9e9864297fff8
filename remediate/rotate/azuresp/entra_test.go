package azuresp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
)

const (
	tenant = "0a0a0a0a-1111-2222-3333-444444444444"
	client = "0b0b0b0b-1111-2222-3333-444444444444"
	admin  = "the-administrator"
	path   = "/v1.0/applications(appId='" + client + "')"
)

// entra knows one application's secrets, and answers as
// https://learn.microsoft.com/graph/api/application-addpassword, application-removepassword
// and https://learn.microsoft.com/entra/identity-platform/reference-error-codes have it.
type entra struct {
	*httptest.Server
	lock sync.Mutex
	all  []secret
	n    uint64
	same int  // how many new secrets begin as the first does
	hide bool // the newest secret is not listed yet
}

func serve(t testing.TB) *entra {
	s := &entra{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *entra) add(name string) secret {
	s.n++
	text := leaktest.Must(s.n, `{{entraSecret}}`)
	if s.same > 0 && len(s.all) > 0 {
		s.same--
		text = s.all[0].Text[:3] + text[3:]
	}
	k := secret{ID: fmt.Sprintf("%08x-0000-0000-0000-000000000000", s.n), Name: name, Hint: text[:3], End: time.Now().Add(time.Hour), Text: text}
	s.all = append(s.all, k)
	return k
}

func credential(k secret) rotate.Credential {
	return rotate.Credential{rotate.Token: leak.NewSecret([]byte(k.Text))}
}

func (s *entra) works(c rotate.Credential) (bool, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return slices.ContainsFunc(s.all, func(k secret) bool { return k.Text == store.Plain(c[rotate.Token]) }), nil
}

func (s *entra) count() (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.all), nil
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if v != nil {
		json.NewEncoder(w).Encode(v)
	}
}

func fail(w http.ResponseWriter, status int, code, words string) {
	say(w, status, map[string]any{"error": map[string]any{"code": code, "message": words}})
}

func (s *entra) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	var in struct {
		KeyID              string `json:"keyId"`
		PasswordCredential struct{ DisplayName, EndDateTime string }
	}
	switch {
	case r.URL.Path == "/"+tenant+"/oauth2/v2.0/token" && r.Method == "POST":
		s.token(w, r)
		return
	case r.Header.Get("Authorization") != "Bearer "+admin:
		fail(w, 401, "InvalidAuthenticationToken", "Access token validation failure.")
		return
	case r.Method == "POST" && json.NewDecoder(r.Body).Decode(&in) != nil:
		fail(w, 400, "BadRequest", "Unable to read JSON request payload.")
		return
	}
	switch at := slices.IndexFunc(s.all, func(k secret) bool { return k.ID == in.KeyID }); {
	case r.URL.Path == path && r.Method == "GET":
		s.tell(w)
	case r.URL.Path == path+"/addPassword" && in.PasswordCredential.EndDateTime != "":
		k := s.add(in.PasswordCredential.DisplayName)
		say(w, 200, map[string]any{"keyId": k.ID, "displayName": k.Name, "hint": k.Hint, "endDateTime": k.End, "secretText": k.Text})
	case r.URL.Path == path+"/removePassword" && at < 0:
		fail(w, 404, "Request_ResourceNotFound", "No password credential found with keyId "+in.KeyID+".")
	case r.URL.Path == path+"/removePassword":
		s.all = slices.Delete(s.all, at, at+1)
		say(w, 204, nil)
	default:
		fail(w, 404, "Request_ResourceNotFound", "Resource not found.")
	}
}

func (s *entra) tell(w http.ResponseWriter) {
	list := []map[string]any{}
	for i, k := range s.all {
		if s.hide && i == len(s.all)-1 {
			s.hide = false
			continue
		}
		list = append(list, map[string]any{"keyId": k.ID, "displayName": k.Name, "hint": k.Hint, "endDateTime": k.End, "secretText": nil})
	}
	say(w, 200, map[string]any{"appId": client, "displayName": "reports", "passwordCredentials": list})
}

func (s *entra) token(w http.ResponseWriter, r *http.Request) {
	given := r.FormValue("client_secret")
	known := slices.ContainsFunc(s.all, func(k secret) bool { return k.Text == given })
	if r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != client || !known {
		say(w, 401, map[string]any{"error": "invalid_client", "error_codes": []int{7000215},
			"error_description": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value. It was '" + given + "'."})
		return
	}
	say(w, 200, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": "one"})
}

// rotator asks the server, with hook around each request.
func (s *entra) rotator(t testing.TB, hook func() error, set Settings) *Rotator {
	set.Tenant, set.ClientID, set.Login, set.Graph = tenant, client, s.URL, s.URL
	r, err := With(set, Options{Transport: killtest.Transport{Step: hook}, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Token: func(context.Context) (leak.Secret, error) { return leak.NewSecret([]byte(admin)), nil }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
