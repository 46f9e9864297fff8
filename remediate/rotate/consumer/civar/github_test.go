package civar_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/nacl/box"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/civar"
)

// github answers as docs.github.com has it: /rest/actions/secrets, /rest/actions/variables,
// /rest/deployments/environments, /rest/repos/repos. It can open what it is sent.
type github struct {
	*server
	public, private *[32]byte
	keyID           string
	secrets         map[string]*githubEntry // by path
	variables       map[string]string       // by path
	lists           map[string]any          // by path
	clock           time.Time
}

type githubEntry struct {
	value, visibility string
	selected          []int64
	updated           time.Time
}

func newGitHub(t *testing.T) *github {
	g := &github{secrets: map[string]*githubEntry{}, variables: map[string]string{}, lists: map[string]any{}, keyID: "1", clock: time.Now().Add(-time.Hour).Truncate(time.Second)}
	g.rekey(t)
	g.server = serve(t, "Authorization", "Bearer "+testToken, g.answer)
	return g
}

func (g *github) rekey(t *testing.T) {
	t.Helper()
	var err error
	if g.public, g.private, err = box.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
}

func (g *github) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	g.clock = g.clock.Add(5 * time.Second)
	w.Header().Set("Date", g.clock.UTC().Format(http.TimeFormat))
	path := strings.TrimPrefix(r.URL.Path, "/")
	e, v := g.secrets[path], path
	switch {
	case r.Method == "GET" && strings.HasSuffix(path, "/secrets/public-key"):
		say(w, 200, map[string]any{"key_id": g.keyID, "key": base64.StdEncoding.EncodeToString(g.public[:])})
	case r.Method == "GET" && g.lists[path] != nil:
		say(w, 200, g.lists[path])
	case r.Method == "PUT" && strings.Contains(path, "/secrets/"):
		g.put(w, path, body)
	case r.Method == "GET" && e != nil:
		m := map[string]any{"name": path[strings.LastIndex(path, "/")+1:], "created_at": e.updated, "updated_at": e.updated.UTC()}
		if e.visibility != "" {
			m["visibility"] = e.visibility
		}
		say(w, 200, m)
	case r.Method == "GET" && g.variables[v] != "":
		say(w, 200, map[string]any{"name": v[strings.LastIndex(v, "/")+1:], "value": g.variables[v], "updated_at": g.clock.UTC()})
	case r.Method == "PATCH" && g.variables[v] != "":
		var in struct{ Value string }
		json.Unmarshal(body, &in)
		g.variables[v] = in.Value
		say(w, 204, nil)
	default:
		say(w, 404, map[string]any{"message": "Not Found"})
	}
}

func (g *github) put(w http.ResponseWriter, path string, body []byte) {
	var in struct {
		Value      string  `json:"encrypted_value"`
		Key        string  `json:"key_id"`
		Visibility string  `json:"visibility"`
		Selected   []int64 `json:"selected_repository_ids"`
	}
	sealed := []byte(nil)
	if json.Unmarshal(body, &in) == nil {
		sealed, _ = base64.StdEncoding.DecodeString(in.Value)
	}
	plain, ok := box.OpenAnonymous(nil, sealed, g.public, g.private)
	if !ok || in.Key != g.keyID || strings.HasPrefix(path, "orgs/") && in.Visibility == "" {
		say(w, 422, map[string]any{"message": "Validation Failed"})
		return
	}
	e := g.secrets[path]
	status := http.StatusNoContent
	if e == nil {
		e, status = &githubEntry{}, http.StatusCreated
		g.secrets[path] = e
	}
	*e = githubEntry{value: string(plain), visibility: in.Visibility, selected: in.Selected, updated: g.clock}
	say(w, status, nil)
}

const shop = "repos/acme/shop/"

func TestGitHubSecret(t *testing.T) {
	g, u := newGitHub(t), update(t, 1)
	for path, text := range map[string]string{
		shop + "actions/secrets/DB_PASSWORD":               "repository: acme/shop",
		shop + "environments/pre prod/secrets/DB_PASSWORD": "repository: acme/shop\nenvironment: pre prod",
		shop + "dependabot/secrets/DB_PASSWORD":            "repository: acme/shop\napp: dependabot",
		shop + "codespaces/secrets/DB_PASSWORD":            "repository: acme/shop\napp: codespaces",
		"orgs/acme/actions/secrets/DB_PASSWORD":            "organization: acme",
	} {
		g.secrets[path] = &githubEntry{value: old(u), updated: g.clock}
		if strings.HasPrefix(path, "orgs/") {
			g.secrets[path].visibility = "private"
		}
		text = "kind: github-secret\nsecret: db_password\nvalue: password\n" + text
		c := g.parse(civar.ParseGitHubSecret, text)
		done(t, c, u, false)
		g.faults = bad("PUT")
		must(t, c.Do(t.Context(), u))
		done(t, c, u, true)
		n := g.count("PUT")
		must(t, c.Do(t.Context(), u))
		if e := g.secrets[path]; e.value != fresh(u) || g.count("PUT") != n || len(g.faults) != 0 {
			t.Errorf("%s holds what it should: %v; %d writes more", path, e.value == fresh(u), g.count("PUT")-n)
		}
		// Another process cannot know, and sets the same value again.
		other := g.parse(civar.ParseGitHubSecret, text)
		done(t, other, u, false)
		must(t, other.Do(t.Context(), u))
		done(t, other, u, true)
		must(t, other.Undo(t.Context(), u))
		if e := g.secrets[path]; e.value != old(u) {
			t.Errorf("%s is not as it was", path)
		}
		unknown := u
		unknown.Old = nil
		if err := other.Undo(t.Context(), unknown); !errors.Is(err, consumer.ErrNoWayBack) {
			t.Error(err)
		}
	}
	if !slices.Contains(g.waits, 7*time.Second) {
		t.Errorf("waits %v", g.waits)
	}
}

// FM-36: somebody else sets the secret between our look and our write, or right after it.
func TestGitHubSecretOfSomebodyElse(t *testing.T) {
	g, u := newGitHub(t), update(t, 2)
	const path = shop + "actions/secrets/KEY"
	g.secrets[path] = &githubEntry{value: old(u), updated: g.clock}
	text := "kind: x\nrepository: acme/shop\nsecret: KEY\nvalue: password"
	c := g.parse(civar.ParseGitHubSecret, text)
	done(t, c, u, false)
	g.secrets[path] = &githubEntry{value: "somebody's", updated: g.clock.Add(time.Second)}
	refused(t, c, u, consumer.ErrChanged, "between our look and our change")
	if g.secrets[path].value != "somebody's" || g.count("PUT") != 0 {
		t.Error("it was overwritten")
	}
	must(t, c.Do(t.Context(), u)) // after a person has looked
	g.before = func(r *http.Request) {
		if r.Method == "GET" && g.secrets[path].value == fresh(u) {
			g.secrets[path] = &githubEntry{value: "somebody's", updated: g.clock.Add(time.Minute)}
		}
	}
	g.secrets[path].value = old(u)
	refused(t, g.parse(civar.ParseGitHubSecret, text), u, consumer.ErrChanged, "KEY")
}

// The key is changed between our reading it and our sending what it sealed.
func TestGitHubKeyIsChanged(t *testing.T) {
	g, u := newGitHub(t), update(t, 3)
	g.secrets[shop+"actions/secrets/KEY"] = &githubEntry{value: old(u), updated: g.clock}
	n := 0
	g.before = func(r *http.Request) {
		if n++; r.Method == "PUT" && g.keyID == "1" {
			g.keyID = "2"
			g.rekey(t)
		}
	}
	must(t, g.parse(civar.ParseGitHubSecret, "kind: x\nrepository: acme/shop\nsecret: KEY\nvalue: password").Do(t.Context(), u))
	if g.secrets[shop+"actions/secrets/KEY"].value != fresh(u) {
		t.Error("it does not hold what it should")
	}
}

// FM-37, and who may see an organization's secret stays.
func TestGitHubOrganization(t *testing.T) {
	g, u := newGitHub(t), update(t, 4)
	const path = "orgs/acme/actions/secrets/KEY"
	repos := []map[string]any{{"id": 11, "full_name": "acme/shop"}, {"id": 12, "full_name": "acme/web"}}
	g.secrets[path] = &githubEntry{value: old(u), visibility: "selected", selected: []int64{11, 12}, updated: g.clock}
	g.lists[path+"/repositories"] = map[string]any{"total_count": 2, "repositories": repos}
	g.secrets[shop+"actions/secrets/KEY"] = &githubEntry{value: "own", updated: g.clock}
	c := g.parse(civar.ParseGitHubSecret, "kind: x\norganization: acme\nsecret: KEY\nvalue: password")
	if got := notes(t, c, u); !strings.Contains(got, "acme/shop has a secret KEY of its own") || strings.Contains(got, "acme/web") {
		t.Error(got)
	}
	must(t, c.Do(t.Context(), u))
	if e := g.secrets[path]; e.value != fresh(u) || e.visibility != "selected" || !slices.Equal(e.selected, []int64{11, 12}) {
		t.Errorf("%s %v", e.visibility, e.selected)
	}
	g.secrets[path].visibility = "all"
	g.lists["orgs/acme/repos"] = repos
	if got := notes(t, c, u); !strings.Contains(got, "acme/shop has") {
		t.Error(got)
	}
	g.lists[shop+"environments"] = map[string]any{"total_count": 1, "environments": []map[string]any{{"name": "pre prod"}, {"name": "prod"}}}
	g.secrets[shop+"environments/pre prod/secrets/KEY"] = &githubEntry{value: "own", updated: g.clock}
	c = g.parse(civar.ParseGitHubSecret, "kind: x\nrepository: acme/shop\nsecret: KEY\nvalue: password")
	if got := notes(t, c, u); !strings.Contains(got, "the environment pre prod of acme/shop") || strings.Contains(got, "environment prod") {
		t.Error(got)
	}
}

func TestGitHubVariable(t *testing.T) {
	g, u := newGitHub(t), update(t, 5)
	const path = shop + "actions/variables/DB_USER"
	g.variables[path] = "app_a"
	c := g.parse(civar.ParseGitHubVariable, "kind: x\nrepository: acme/shop\nvariable: DB_USER\nvalue: username")
	done(t, c, u, false)
	g.faults = bad("PATCH")
	must(t, c.Do(t.Context(), u))
	done(t, c, u, true)
	must(t, c.Undo(t.Context(), u))
	if g.variables[path] != "app_a" {
		t.Error("it is not as it was")
	}
	g.variables[path] = "somebody"
	refused(t, c, u, consumer.ErrChanged, "DB_USER")
}

func TestGitHubRefusals(t *testing.T) {
	g, u := newGitHub(t), update(t, 6)
	c := g.parse(civar.ParseGitHubSecret, "kind: x\nrepository: acme/shop\nsecret: NONE\nvalue: password")
	refused(t, c, u, consumer.ErrUnfit, "is not there")
	g.secrets[shop+"actions/secrets/NONE"] = &githubEntry{value: old(u), updated: g.clock}
	g.faults = []fault{{method: "PUT", status: 403}}
	refused(t, c, u, nil, "the token may not")
	g.value = "another"
	refused(t, c, u, nil, "the token is not accepted")
	refuses(t, civar.ParseGitHubSecret, map[string]string{
		"secret: X\nvalue: password": "OWNER/REPO", "repository: a/b/c\nsecret: X\nvalue: password": "repository", "repository: ../b\nsecret: X\nvalue: password": "no name",
		"repository: a/b\nsecret: X": "value", "repository: a/b\nsecret: X/Y\nvalue: password": "secret", "repository: a/b\nsecret: X\nvalue: password\napp: y": "actions, dependabot",
		"organization: a\nenvironment: e\nsecret: X\nvalue: password": "environment", "repository: a/b\norganization: c\nsecret: X\nvalue: password": "OWNER/REPO",
	})
}
