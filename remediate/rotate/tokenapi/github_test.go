package tokenapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
)

// github answers as docs.github.com has it: /rest/users/users, /rest/rate-limit/rate-limit,
// /rest/credentials/revoke (github.com's refuses what is authenticated; a server's wants
// it), /rest/apps/installations.
func github(server bool) func(i *issuer, w http.ResponseWriter, r *http.Request, who string, body []byte) {
	return func(i *issuer, w http.ResponseWriter, r *http.Request, who string, body []byte) {
		if strings.HasPrefix(who, "ghp_") {
			w.Header().Set("X-OAuth-Scopes", "workflow, repo")
		}
		if who != "" {
			w.Header().Set("GitHub-Authentication-Token-Expiration", "2027-01-31 10:00:00 UTC")
		}
		authenticated := r.Header.Get("Authorization") != ""
		switch request := r.Method + " " + r.URL.Path; {
		case request == "POST /credentials/revoke" && !server && authenticated:
			say(w, 403, map[string]any{"message": "Forbidden"})
		case request == "POST /credentials/revoke" && (!server || who != ""):
			var in struct{ Credentials []string }
			if json.Unmarshal(body, &in) != nil || len(in.Credentials) == 0 || len(in.Credentials) > 1000 {
				say(w, 422, map[string]any{"message": "Validation failed, or the endpoint has been spammed."})
				return
			}
			for _, c := range in.Credentials {
				i.end(c)
			}
			say(w, 202, nil)
		case who == "":
			say(w, 401, map[string]any{"message": "Bad credentials"})
		case request == "GET /rate_limit":
			say(w, 200, map[string]any{"rate": map[string]any{"limit": 5000}})
		case request == "GET /user" && strings.HasPrefix(who, "ghs_"):
			say(w, 403, map[string]any{"message": "Resource not accessible by integration"})
		case request == "GET /user":
			say(w, 200, map[string]any{"id": 1234, "login": "octo"})
		case request == "DELETE /installation/token" && strings.HasPrefix(who, "ghs_"):
			i.end(who)
			say(w, 204, nil)
		default:
			say(w, 404, map[string]any{"message": "Not Found"})
		}
	}
}

func newGitHub(t *testing.T, server bool) (*issuer, *tokenapi.GitHub) {
	t.Helper()
	i := serve(t, github(server))
	var admin leak.Secret
	if server {
		admin = i.token(99, `{{github "ghp_"}}`)
	}
	g, err := tokenapi.NewGitHub(i.options(), admin)
	must(t, err)
	return i, g
}

func TestGitHub(t *testing.T) {
	until := time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC)
	for _, server := range []bool{false, true} {
		i, g := newGitHub(t, server)
		conforms(t, i, g, i.token(1, `{{github "ghp_"}}`), tokenapi.Identity{ID: "user 1234", Name: "octo", Scopes: []string{"repo", "workflow"}, Expires: until}, "POST /credentials/revoke")
		i, g = newGitHub(t, server)
		conforms(t, i, g, i.token(2, `{{githubPAT}}`), tokenapi.Identity{ID: "user 1234", Name: "octo", Expires: until}, "POST /credentials/revoke")
	}
	// A revocation is accepted first, and in force later (FM-24).
	i, g := newGitHub(t, false)
	token := i.token(3, `{{github "ghp_"}}`)
	i.slow = 4
	must(t, g.Revoke(t.Context(), token))
	if len(i.waits) != 4 || i.slow != 0 {
		t.Errorf("waits %v", i.waits)
	}
	token = i.token(4, `{{github "ghp_"}}`)
	i.slow = 1000
	if err := g.Revoke(t.Context(), token); err == nil || !strings.Contains(err.Error(), "still works") {
		t.Error(err)
	}
}

// An app's token may not ask whose it is, and ends itself.
func TestGitHubInstallation(t *testing.T) {
	i, g := newGitHub(t, false)
	token := i.token(5, `{{github "ghs_"}}`)
	if _, err := g.Identify(t.Context(), token); !errors.Is(err, tokenapi.ErrUntold) || errors.Is(err, tokenapi.ErrDead) {
		t.Error(err)
	}
	i.faults = []fault{{method: "DELETE", lost: true}}
	must(t, g.Revoke(t.Context(), token))
	if alive, err := g.Alive(t.Context(), token); alive || err != nil {
		t.Error(err)
	}
}

func TestGitHubManyAtOnce(t *testing.T) {
	i, g := newGitHub(t, false)
	var all []leak.Secret
	for n := range 1001 {
		text := fmt.Sprintf("ghp_%d", n)
		i.live[text] = true
		all = append(all, leak.NewSecret([]byte(text)))
	}
	must(t, g.RevokeAll(t.Context(), all))
	if len(i.live) != 0 || i.count("POST") != 2 {
		t.Errorf("%d are left after %d requests", len(i.live), i.count("POST"))
	}
	odd := i.token(6, `{{alnum 40}}`)
	if _, human := errors.AsType[*tokenapi.Human](g.Revoke(t.Context(), odd)); !human {
		t.Error("a token that GitHub's API does not revoke")
	}
	if _, err := tokenapi.NewGitHub(tokenapi.Options{}, odd); err == nil {
		t.Error("github.com is asked with a token")
	}
}

func TestLacks(t *testing.T) {
	old := tokenapi.Identity{Scopes: []string{"read:org", "repo"}}
	for _, c := range []struct {
		now  []string
		want string
	}{{[]string{"repo"}, "[read:org]"}, {[]string{"read:org", "repo", "user"}, "[]"}, {nil, "[]"}, {[]string{}, "[read:org repo]"}} {
		if got := fmt.Sprint(tokenapi.Identity{Scopes: c.now}.Lacks(old)); got != c.want {
			t.Errorf("%v lacks %s", c.now, got)
		}
	}
}
