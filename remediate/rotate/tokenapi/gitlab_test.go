package tokenapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
	"github.com/oakum-sec/oakum/remediate/store"
)

// gitlab answers as docs.gitlab.com has it: /api/personal_access_tokens,
// /api/project_access_tokens, /api/users.
type gitlab struct {
	*issuer
	list  []map[string]any // a project's, in the order in which they were made
	value map[string]string
	may   bool // ask for the user, and revoke itself
	seed  uint64
}

func newGitLab(t *testing.T) (*gitlab, *tokenapi.GitLab) {
	t.Helper()
	g := &gitlab{value: map[string]string{}, may: true, seed: 100}
	g.issuer = serve(t, g.answer)
	api, err := tokenapi.NewGitLab(g.options())
	must(t, err)
	return g, api
}

func (g *gitlab) answer(i *issuer, w http.ResponseWriter, r *http.Request, who string, body []byte) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4/")
	const project = "projects/acme%2Fshop/access_tokens"
	self := map[string]any{"id": 42, "name": "ci", "user_id": 7, "scopes": []string{"read_api", "api"}, "expires_at": "2027-01-31", "active": true, "revoked": false}
	one, id := strings.CutPrefix(path, project+"/")
	switch request := r.Method + " " + path; {
	case who == "":
		say(w, 401, map[string]any{"message": "401 Unauthorized"})
	case request == "GET personal_access_tokens/self":
		say(w, 200, self)
	case request == "GET user" && g.may:
		say(w, 200, map[string]any{"id": 7, "username": "project_1_bot"})
	case request == "GET user", request == "DELETE personal_access_tokens/self" && !g.may:
		say(w, 403, map[string]any{"error": "insufficient_scope"})
	case request == "DELETE personal_access_tokens/self":
		i.end(who)
		say(w, 204, nil)
	case request == "POST personal_access_tokens/self/rotate":
		var in struct {
			Expires string `json:"expires_at"`
		}
		json.Unmarshal(body, &in)
		i.end(who)
		self["token"], self["expires_at"] = g.fresh(), in.Expires
		say(w, 200, self)
	case request == "GET "+project:
		page := []map[string]any{}
		for _, t := range g.list {
			if strings.Contains(t["name"].(string), r.URL.Query().Get("search")) && t["active"] == true {
				page = append(page, t)
			}
		}
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		from := min((n-1)*100, len(page))
		say(w, 200, page[from:min(from+100, len(page))])
	case request == "POST "+project:
		g.make(w, body)
	case id && r.Method == "GET":
		for _, t := range g.list {
			if fmt.Sprint(t["id"]) == one {
				say(w, 200, t)
				return
			}
		}
		say(w, 404, map[string]any{"message": "404 Not Found"})
	case id && r.Method == "DELETE":
		for _, t := range g.list {
			if fmt.Sprint(t["id"]) == one && t["active"] == true {
				t["active"], t["revoked"] = false, true
				i.end(g.value[one])
				say(w, 204, nil)
				return
			}
		}
		say(w, 404, map[string]any{"message": "404 Could not find project access token with token_id"})
	default:
		say(w, 404, map[string]any{"message": "404 Not Found"})
	}
}

func (g *gitlab) fresh() string {
	g.seed++
	text := leaktest.Must(g.seed, `{{gitlab "glpat-"}}`)
	g.live[text] = true
	return text
}

func (g *gitlab) make(w http.ResponseWriter, body []byte) {
	var in map[string]any
	if json.Unmarshal(body, &in) != nil || in["name"] == nil || in["scopes"] == nil || in["expires_at"] == nil {
		say(w, 400, map[string]any{"error": "scopes is missing, expires_at is missing"})
		return
	}
	id := 1000 + len(g.list)
	t := map[string]any{"id": id, "name": in["name"], "scopes": in["scopes"], "expires_at": in["expires_at"], "access_level": in["access_level"], "active": true, "revoked": false, "user_id": 8}
	g.list = append(g.list, t)
	g.value[fmt.Sprint(id)] = g.fresh()
	out := map[string]any{"token": g.value[fmt.Sprint(id)]}
	for k, v := range t {
		out[k] = v
	}
	say(w, 201, out)
}

func TestGitLab(t *testing.T) {
	g, api := newGitLab(t)
	want := tokenapi.Identity{ID: "user 7", Name: "project_1_bot", Token: "42", Scopes: []string{"api", "read_api"}, Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
	conforms(t, g.issuer, api, g.token(1, `{{gitlab "glpat-"}}`), want, "DELETE /api/v4/personal_access_tokens/self")
	g.may = false
	token := g.token(2, `{{gitlab "glpat-"}}`)
	if i, err := api.Identify(t.Context(), token); err != nil || i.Name != "ci" {
		t.Errorf("%+v, %v", i, err)
	}
	if _, human := errors.AsType[*tokenapi.Human](api.Revoke(t.Context(), token)); !human {
		t.Error("a token that may not revoke itself")
	}
}

// FM-23: the rotation is asked for once, whatever becomes of its answer.
func TestGitLabRotatesItselfOnce(t *testing.T) {
	expires := time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		faults  []fault
		asked   int
		made    bool
		lost    bool
		says    string
		oldGone bool
	}{
		"well":                   {nil, 1, true, false, "", true},
		"limited":                {[]fault{{method: "POST", status: 429, after: "1"}}, 2, true, false, "", true},
		"done, its answer lost":  {[]fault{{method: "POST", lost: true}}, 1, false, true, "LOST", true},
		"never arrived":          {[]fault{{method: "POST", never: true}}, 1, false, false, "still works", false},
		"a server that is down":  {[]fault{{method: "POST", status: 502}}, 1, false, false, "still works", false},
		"it may not":             {[]fault{{method: "POST", status: 403}}, 1, false, false, "403", false},
		"lost, and nobody there": {append([]fault{{method: "POST", lost: true}}, down(5)...), 1, false, true, "LOST", true},
	} {
		g, api := newGitLab(t)
		old := g.token(3, `{{gitlab "glpat-"}}`)
		g.faults = c.faults
		now, err := api.RotateSelf(t.Context(), old, expires)
		if g.count("POST") != c.asked || now.IsZero() == c.made || errors.Is(err, tokenapi.ErrLost) != c.lost || g.live[store.Plain(old)] == c.oldGone {
			t.Errorf("%s: asked %d times, %v", name, g.count("POST"), err)
		}
		if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), store.Plain(old))) {
			t.Errorf("%s: %v", name, err)
		}
		if c.made && !g.live[store.Plain(now)] {
			t.Errorf("%s: the new token does not work", name)
		}
	}
}

func down(n int) (all []fault) {
	for range n {
		all = append(all, fault{method: "GET", status: 500})
	}
	return all
}

// A second token beside the first: one whose value was lost is revoked before another is
// made, so that in the end there is one.
func TestGitLabSecondToken(t *testing.T) {
	g, api := newGitLab(t)
	o := tokenapi.Owner{Project: "acme/shop", Admin: g.token(4, `{{gitlab "glpat-"}}`)}
	for n := range 120 { // more than a page, with names that hold ours
		g.list = append(g.list, map[string]any{"id": 5000 + n, "name": fmt.Sprintf("oakum-x-%d", n), "scopes": []string{"api"}, "access_level": 40, "expires_at": "2027-01-31", "active": true, "revoked": false})
	}
	w, err := api.Like(t.Context(), o, "5000")
	must(t, err)
	if w.Level != 40 || len(w.Scopes) != 1 || w.Expires.IsZero() {
		t.Errorf("%+v", w)
	}
	w.Name = "oakum-x"
	g.faults = []fault{{method: "POST", lost: true}}
	if _, err := api.Create(t.Context(), o, w); err == nil {
		t.Error("a lost answer is taken for one")
	}
	made, err := api.Create(t.Context(), o, w)
	must(t, err)
	left, err := api.Named(t.Context(), o, "oakum-x")
	must(t, err)
	if len(left) != 1 || left[0].ID != made.ID || !g.live[store.Plain(made.Token)] || len(g.live) != 2 {
		t.Errorf("%d tokens are left, %d work", len(left), len(g.live))
	}
	g.faults = []fault{{method: "DELETE", lost: true}}
	must(t, api.RevokeID(t.Context(), o, made.ID))
	must(t, api.RevokeID(t.Context(), o, made.ID))
	must(t, api.Withdraw(t.Context(), o, "oakum-x"))
	if left, err := api.Named(t.Context(), o, "oakum-x"); err != nil || len(left) != 0 || g.live[store.Plain(made.Token)] {
		t.Errorf("%v, %v", left, err)
	}
	if n := len(g.list); n != 122 {
		t.Errorf("%d tokens", n)
	}
	for _, other := range g.list[:120] {
		if other["active"] != true {
			t.Errorf("%v was revoked", other["name"])
		}
	}
	o.Admin = leak.NewSecret([]byte("nobody"))
	if _, err := api.Create(t.Context(), o, w); err == nil || !strings.Contains(err.Error(), "not accepted") {
		t.Error(err)
	}
}
