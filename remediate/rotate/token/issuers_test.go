package token

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// issuer is a server that knows tokens, and answers as its vendor's documentation says.
type issuer struct {
	*httptest.Server
	lock sync.Mutex
	all  []*issued
	seed uint64
	lose int // answers to a POST that never arrive
}

type issued struct {
	id     int
	name   string
	user   int
	scopes []string
	value  string
	live   bool
}

func serve(t testing.TB, answer func(i *issuer, w http.ResponseWriter, r *http.Request, who *issued)) *issuer {
	i := &issuer{}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.lock.Lock()
		defer i.lock.Unlock()
		var to http.ResponseWriter = w
		lost := r.Method == http.MethodPost && i.lose > 0
		if lost {
			i.lose--
			to = httptest.NewRecorder()
		}
		answer(i, to, r, i.find(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		if lost {
			panic(http.ErrAbortHandler) // it is done, and the connection ends without an answer
		}
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) find(value string) *issued {
	for _, t := range i.all {
		if t.value == value && t.live {
			return t
		}
	}
	return nil
}

func (i *issuer) issue(template, name string, user int, scopes ...string) *issued {
	i.seed++
	t := &issued{id: 100 + len(i.all), name: name, user: user, scopes: scopes, value: leaktest.Must(i.seed, template), live: true}
	i.all = append(i.all, t)
	return t
}

// count is how many tokens work that are not an administrator's.
func (i *issuer) count() (n int, err error) {
	i.lock.Lock()
	defer i.lock.Unlock()
	for _, t := range i.all {
		if t.live && t.name != "admin" {
			n++
		}
	}
	return n, nil
}

func (i *issuer) works(v leak.Secret) (is bool, err error) {
	i.lock.Lock()
	defer i.lock.Unlock()
	for _, t := range i.all {
		is = is || t.live && v.Equal(leak.NewSecret([]byte(t.value)))
	}
	return is, nil
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if v != nil {
		json.NewEncoder(w).Encode(v)
	}
}

// gitlab answers as docs.gitlab.com/api/personal_access_tokens and
// project_access_tokens have it.
func gitlab(i *issuer, w http.ResponseWriter, r *http.Request, who *issued) {
	const own, project = "/api/v4/personal_access_tokens/self", "/api/v4/projects/7/access_tokens"
	told := func(t *issued) map[string]any {
		return map[string]any{"id": t.id, "name": t.name, "user_id": t.user, "scopes": t.scopes, "expires_at": "2099-01-01", "active": t.live, "revoked": !t.live, "access_level": 30}
	}
	one := strings.TrimPrefix(r.URL.Path, project+"/")
	switch {
	case who == nil:
		say(w, 401, map[string]any{"message": "401 Unauthorized"})
	case r.URL.Path == own && r.Method == "GET":
		say(w, 200, told(who))
	case r.URL.Path == own && r.Method == "DELETE":
		who.live = false
		say(w, 204, nil)
	case r.URL.Path == own+"/rotate" && r.Method == "POST":
		who.live = false
		fresh := i.issue(`{{gitlab "glpat-"}}`, who.name, who.user, who.scopes...)
		out := told(fresh)
		out["token"] = fresh.value
		say(w, 200, out)
	case r.URL.Path == "/api/v4/user":
		say(w, 200, map[string]any{"id": who.user, "username": fmt.Sprintf("bot_%d", who.user)})
	case r.URL.Path == project && r.Method == "GET":
		page := []any{}
		for _, t := range i.all {
			if t.live && strings.Contains(t.name, r.URL.Query().Get("search")) && r.URL.Query().Get("page") == "1" {
				page = append(page, told(t))
			}
		}
		say(w, 200, page)
	case r.URL.Path == project && r.Method == "POST":
		var in struct {
			Name   string
			Scopes []string
		}
		json.NewDecoder(r.Body).Decode(&in)
		fresh := i.issue(`{{gitlab "glpat-"}}`, in.Name, 900+len(i.all), in.Scopes...)
		out := told(fresh)
		out["token"] = fresh.value
		say(w, 201, out)
	case one != r.URL.Path:
		for _, t := range i.all {
			if fmt.Sprint(t.id) == one && (t.live || r.Method == "GET") {
				if r.Method == "DELETE" {
					t.live = false
				}
				say(w, 200, told(t))
				return
			}
		}
		say(w, 404, map[string]any{"message": "404 Not Found"})
	default:
		say(w, 404, map[string]any{"message": "404 Not Found"})
	}
}

// github answers as docs.github.com/rest/users, rest/rate-limit and
// rest/credentials/revoke have it.
func github(i *issuer, w http.ResponseWriter, r *http.Request, who *issued) {
	switch {
	case r.URL.Path == "/credentials/revoke" && r.Header.Get("Authorization") != "":
		say(w, 403, map[string]any{"message": "Forbidden"})
	case r.URL.Path == "/credentials/revoke":
		var in struct{ Credentials []string }
		json.NewDecoder(r.Body).Decode(&in)
		for _, c := range in.Credentials {
			if t := i.find(c); t != nil {
				t.live = false
			}
		}
		say(w, 202, nil)
	case who == nil:
		say(w, 401, map[string]any{"message": "Bad credentials"})
	case r.URL.Path == "/user":
		w.Header().Set("X-Oauth-Scopes", strings.Join(who.scopes, ", "))
		say(w, 200, map[string]any{"id": who.user, "login": fmt.Sprintf("user-%d", who.user)})
	case r.URL.Path == "/rate_limit":
		say(w, 200, map[string]any{"resources": map[string]any{}})
	default:
		say(w, 404, map[string]any{"message": "Not Found"})
	}
}
