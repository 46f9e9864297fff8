package tokenapi_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
	"github.com/oakum-sec/oakum/remediate/store"
)

// slack answers as docs.slack.dev has it: /reference/methods/auth.test,
// /reference/methods/auth.revoke. Its refusals have the status 200.
func slack(i *issuer, w http.ResponseWriter, r *http.Request, who string, _ []byte) {
	switch {
	case r.Method != "POST":
		say(w, 200, map[string]any{"ok": false, "error": "unknown_method"})
	case who == "":
		say(w, 200, map[string]any{"ok": false, "error": "invalid_auth"})
	case r.URL.Path == "/auth.test":
		w.Header().Set("X-OAuth-Scopes", "chat:write,channels:read")
		say(w, 200, map[string]any{"ok": true, "team": "Acme", "team_id": "T1", "user": "deploy", "user_id": "U1", "bot_id": "B1"})
	case r.URL.Path == "/auth.revoke":
		i.end(who)
		say(w, 200, map[string]any{"ok": true, "revoked": true})
	default:
		say(w, 200, map[string]any{"ok": false, "error": "unknown_method"})
	}
}

func TestSlack(t *testing.T) {
	i := serve(t, slack)
	api, err := tokenapi.NewSlack(i.options())
	must(t, err)
	conforms(t, i, api, i.token(1, `{{slackBot}}`), tokenapi.Identity{ID: "T1/U1", Name: "deploy of Acme", Scopes: []string{"channels:read", "chat:write"}}, "POST /auth.revoke")
	// An answer that is neither yes nor no.
	i = serve(t, func(_ *issuer, w http.ResponseWriter, _ *http.Request, _ string, _ []byte) {
		say(w, 200, map[string]any{"ok": false, "error": "fatal_error"})
	})
	api, err = tokenapi.NewSlack(i.options())
	must(t, err)
	token := i.token(2, `{{slackBot}}`)
	if alive, err := api.Alive(t.Context(), token); alive || err == nil {
		t.Errorf("%v, %v", alive, err)
	}
	if err := api.Revoke(t.Context(), token); err == nil {
		t.Error("revoked")
	}
}

// npm answers as npm's own command line expects: `npm whoami`, `npm token list`, `npm
// token revoke` (github.com/npm/cli, lib/commands/token.js).
type npm struct {
	*issuer
	keys map[string]string // by token
	list bool              // tokens may be listed
	otp  bool              // a one-time password is wanted
	beg  int               // how many characters of a token the list shows
}

func (n *npm) answer(i *issuer, w http.ResponseWriter, r *http.Request, who string, _ []byte) {
	key, revoke := strings.CutPrefix(r.URL.EscapedPath(), "/-/npm/v1/tokens/token/")
	switch {
	case who == "":
		say(w, 401, map[string]any{"error": "Unauthorized"})
	case r.URL.Path == "/-/whoami":
		say(w, 200, map[string]any{"username": "acme-ci"})
	case r.URL.Path == "/-/npm/v1/tokens" && n.list:
		objects, next := []map[string]any{}, ""
		for _, t := range slices.SortedFunc(maps.Keys(n.keys), func(a, b string) int { return strings.Compare(n.keys[a], n.keys[b]) }) { // ours is the last
			objects = append(objects, map[string]any{"key": n.keys[t], "token": t[:n.beg] + "…"})
		}
		if r.URL.Query().Get("page") == "" {
			objects, next = objects[:0], "/-/npm/v1/tokens?page=1"
		}
		say(w, 200, map[string]any{"objects": objects, "urls": map[string]any{"next": next}})
	case revoke && r.Method == "DELETE":
		if n.otp {
			w.Header().Set("Www-Authenticate", "OTP")
			say(w, 401, map[string]any{"error": "You must provide a one-time pass."})
			return
		}
		key, _ = url.PathUnescape(key)
		for t, k := range n.keys {
			if k == key || t == key {
				i.end(t)
				delete(n.keys, t)
				say(w, 204, nil)
				return
			}
		}
		say(w, 404, map[string]any{"error": "unknown token"})
	default:
		say(w, 403, map[string]any{"error": "Forbidden"})
	}
}

func newNPM(t *testing.T) (*npm, *tokenapi.NPM) {
	t.Helper()
	n := &npm{keys: map[string]string{}, list: true, beg: 10}
	n.issuer = serve(t, n.answer)
	api, err := tokenapi.NewNPM(n.options())
	must(t, err)
	return n, api
}

func TestNPM(t *testing.T) {
	want := tokenapi.Identity{ID: "acme-ci", Name: "acme-ci"}
	for _, way := range []string{"by its key", "by itself", "the list shows too little", "another begins alike"} {
		n, api := newNPM(t)
		token := n.token(1, `{{npm}}`)
		for seed := range uint64(5) {
			n.keys[store.Plain(n.token(seed+2, `{{npm}}`))] = fmt.Sprintf("key%d", seed)
		}
		n.keys[store.Plain(token)] = "mine"
		if way == "another begins alike" {
			for text, key := range n.keys {
				if key == "key0" {
					delete(n.keys, text)
				}
			}
			n.keys[store.Plain(token)[:12]+store.Plain(n.token(2, `{{npm}}`))[12:]] = "key0"
		}
		n.list = way != "by itself"
		if way == "the list shows too little" {
			n.beg = 6
		}
		conforms(t, n.issuer, api, token, want, "DELETE /-/npm/v1/tokens/token/")
		if len(n.keys) != 5 {
			t.Errorf("%s: %d tokens are left", way, len(n.keys))
		}
	}
	// The list does not have ours, and another one begins alike as far as it is shown.
	n, api := newNPM(t)
	ours := n.token(1, `{{npm}}`)
	other := store.Plain(ours)[:8] + store.Plain(n.token(2, `{{npm}}`))[8:]
	n.live[other], n.keys[other], n.beg = true, "other", 6
	if err := api.Revoke(t.Context(), ours); err == nil || !n.live[other] {
		t.Errorf("another token was revoked: %v", err)
	}
	n, api = newNPM(t)
	n.list, n.otp = false, true
	token := n.token(1, `{{npm}}`)
	err := api.Revoke(t.Context(), token)
	if _, human := errors.AsType[*tokenapi.Human](err); !human || strings.Contains(err.Error(), store.Plain(token)) {
		t.Errorf("a one-time password is wanted: %v", err)
	}
	n.otp = false
	n.faults = []fault{{method: "DELETE", status: 400}} // its path, the token's value, is in no error
	if err = api.Revoke(t.Context(), token); err == nil || strings.Contains(err.Error(), store.Plain(token)) || !strings.Contains(err.Error(), "400") {
		t.Error(err)
	}
}

// stripe answers as docs.stripe.com has it: /api/accounts/retrieve, /api/errors.
func stripe(i *issuer, w http.ResponseWriter, r *http.Request, who string, _ []byte) {
	switch {
	case who == "":
		say(w, 401, map[string]any{"error": map[string]any{"type": "invalid_request_error", "message": "Invalid API Key provided: " + r.Header.Get("Authorization")}})
	case strings.HasPrefix(who, "rk_"):
		say(w, 403, map[string]any{"error": map[string]any{"type": "invalid_request_error", "message": "The provided key '" + who + "' does not have the required permissions for this endpoint."}})
	case r.Method == "GET" && r.URL.Path == "/v1/account":
		say(w, 200, map[string]any{"id": "acct_1", "settings": map[string]any{"dashboard": map[string]any{"display_name": "Acme"}}})
	default:
		say(w, 404, nil)
	}
}

func TestStripe(t *testing.T) {
	i := serve(t, stripe)
	api, err := tokenapi.NewStripe(i.options())
	must(t, err)
	conforms(t, i, api, i.token(1, `{{stripe "sk_live_"}}`), tokenapi.Identity{ID: "acct_1 live", Name: "Acme"}, "")
	restricted := i.token(2, `{{stripe "rk_test_"}}`)
	_, err = api.Identify(t.Context(), restricted)
	if !errors.Is(err, tokenapi.ErrUntold) || strings.Contains(err.Error(), store.Plain(restricted)) {
		t.Error(err)
	}
	if alive, err := api.Alive(t.Context(), restricted); !alive || err != nil {
		t.Errorf("%v, %v", alive, err)
	}
}
