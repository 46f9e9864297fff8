package tokenapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
	"github.com/oakum-sec/oakum/remediate/store"
)

// issuer is a server that knows tokens, and answers as a vendor's documentation says by
// its handler, which is told who asks ("" is nobody that it knows).
type issuer struct {
	*httptest.Server
	t      *testing.T
	lock   sync.Mutex
	live   map[string]bool // tokens that work
	slow   int             // looks for which a token that was revoked still works
	ending map[string]bool
	faults []fault
	asked  []string // METHOD path, done or not
	waits  []time.Duration
}

// fault befalls the next request of a method.
type fault struct {
	method string
	status int
	after  string // Retry-After
	lost   bool   // it is done, and its answer lost
	never  bool   // it never arrives
}

func serve(t *testing.T, answer func(i *issuer, w http.ResponseWriter, r *http.Request, who string, body []byte)) *issuer {
	i := &issuer{t: t, live: map[string]bool{}, ending: map[string]bool{}}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		i.lock.Lock()
		defer i.lock.Unlock()
		i.asked = append(i.asked, r.Method+" "+r.URL.Path)
		var f fault
		if len(i.faults) > 0 && i.faults[0].method == r.Method {
			f, i.faults = i.faults[0], i.faults[1:]
		}
		who := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !i.live[who] && !i.lingers(who) {
			who = ""
		}
		switch {
		case f.never:
			panic(http.ErrAbortHandler)
		case f.status != 0:
			if f.after != "" {
				w.Header().Set("Retry-After", f.after)
			}
			say(w, f.status, map[string]any{"message": "told so by a test, of " + r.Header.Get("Authorization") + string(body)})
		case f.lost:
			answer(i, httptest.NewRecorder(), r, who, body)
			panic(http.ErrAbortHandler)
		default:
			answer(i, w, r, who, body)
		}
	}))
	t.Cleanup(i.Close)
	return i
}

// lingers tells whether a token that was revoked is accepted once more.
func (i *issuer) lingers(token string) bool {
	if !i.ending[token] || i.slow <= 0 {
		return false
	}
	i.slow--
	return true
}

func (i *issuer) end(token string) {
	delete(i.live, token)
	i.ending[token] = true
}

func (i *issuer) options() tokenapi.Options {
	return tokenapi.Options{URL: i.URL, Pause: func(ctx context.Context, d time.Duration) error { i.waits = append(i.waits, d); return ctx.Err() }}
}

// token is a new one that works.
func (i *issuer) token(seed uint64, template string) leak.Secret {
	text := leaktest.Must(seed, template)
	i.live[text] = true
	return leak.NewSecret([]byte(text))
}

func (i *issuer) count(request string) (n int) {
	i.lock.Lock()
	defer i.lock.Unlock()
	for _, a := range i.asked {
		if strings.HasPrefix(a, request) {
			n++
		}
	}
	return n
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if v != nil {
		json.NewEncoder(w).Encode(v)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// conforms holds what is true of every issuer: a token that works is told whose it is,
// is revoked once and again, and then is dead; what is lost or limited is not taken for
// an answer; no error holds the token.
func conforms(t *testing.T, i *issuer, api tokenapi.API, token leak.Secret, want tokenapi.Identity, revoke string) {
	t.Helper()
	quiet := func(err error) {
		t.Helper()
		if err != nil && strings.Contains(err.Error(), store.Plain(token)) {
			t.Error("an error holds the token")
		}
	}
	got, err := api.Identify(t.Context(), token)
	must(t, err)
	if got.ID != want.ID || got.Name != want.Name || strings.Join(got.Scopes, " ") != strings.Join(want.Scopes, " ") || (got.Scopes == nil) != (want.Scopes == nil) || !got.Expires.Equal(want.Expires) || got.Token != want.Token {
		t.Errorf("identity %+v, expected %+v", got, want)
	}
	method := "GET"
	if _, slack := api.(*tokenapi.Slack); slack {
		method = "POST"
	}
	i.faults = []fault{{method: method, status: 429, after: "3"}, {method: method, never: true}, {method: method, status: 503}}
	if alive, err := api.Alive(t.Context(), token); err != nil || !alive || len(i.faults) != 0 {
		t.Errorf("alive: %v, %v", alive, err)
	}
	for range 5 { // which is how often one question is asked
		i.faults = append(i.faults, fault{method: method, status: 500})
	}
	alive, err := api.Alive(t.Context(), token)
	if quiet(err); err == nil || alive || errors.Is(err, tokenapi.ErrDead) {
		t.Errorf("a server that is down says of the token: %v, %v", alive, err)
	}
	i.faults = nil
	if revoke == "" {
		err := api.Revoke(t.Context(), token)
		if h, ok := errors.AsType[*tokenapi.Human](err); !ok || !strings.HasPrefix(h.Where, "https://") {
			t.Errorf("revoked: %v", err)
		}
		i.end(store.Plain(token))
	} else {
		method, _, _ := strings.Cut(revoke, " ")
		i.faults = []fault{{method: method, status: 429, after: "2"}, {method: method, lost: true}}
		before := i.count(revoke)
		err := api.Revoke(t.Context(), token)
		quiet(err)
		must(t, err)
		if i.live[store.Plain(token)] || i.count(revoke) == before {
			t.Error("it still works")
		}
	}
	must(t, api.Revoke(t.Context(), token))
	if alive, err := api.Alive(t.Context(), token); err != nil || alive {
		t.Errorf("a revoked token: %v, %v", alive, err)
	}
	_, err = api.Identify(t.Context(), token)
	if quiet(err); !errors.Is(err, tokenapi.ErrDead) {
		t.Errorf("a revoked token: %v", err)
	}
}
