package civar_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
)

// testToken is what the servers ask for: no token of any vendor looks so.
const testToken = "the-token-of-this-test"

// server answers as a vendor's documentation says, by a handler, behind what befalls
// requests: a status in the place of the answer, or an answer that is lost.
type server struct {
	*httptest.Server
	t      *testing.T
	auth   string // header
	value  string // of it
	lock   sync.Mutex
	faults []fault
	before func(r *http.Request)
	asked  []string // METHOD path
	n, cut int      // requests since cut was set; from that one on nobody answers
	lost   bool     // that one is done, and its answer lost
	waits  []time.Duration
}

// fault befalls the next request of a method.
type fault struct {
	method string
	status int
	lost   bool
	after  string // Retry-After
}

func serve(t *testing.T, auth, value string, h func(w http.ResponseWriter, r *http.Request, body []byte)) *server {
	s := &server{t: t, auth: auth, value: value}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.lock.Lock()
		defer s.lock.Unlock()
		s.asked = append(s.asked, r.Method+" "+r.URL.Path)
		f := s.next(r)
		s.n++
		switch {
		case s.cut > 0 && s.n == s.cut && s.lost:
			h(httptest.NewRecorder(), r, body)
			panic(http.ErrAbortHandler)
		case s.cut > 0 && s.n >= s.cut:
			panic(http.ErrAbortHandler)
		case r.Header.Get(s.auth) != s.value:
			say(w, http.StatusUnauthorized, map[string]any{"message": "Bad credentials"})
		case f.status != 0:
			if f.after != "" {
				w.Header().Set("Retry-After", f.after)
			}
			say(w, f.status, map[string]any{"message": "told so by a test: " + string(body)})
		default:
			if s.before != nil {
				s.before(r)
			}
			if f.lost {
				h(httptest.NewRecorder(), r, body)
				panic(http.ErrAbortHandler)
			}
			h(w, r, body)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) next(r *http.Request) (f fault) {
	if len(s.faults) > 0 && s.faults[0].method == r.Method {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	return f
}

// cutOff is consumertest's.
func (s *server) cutOff(n int, lost bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.n, s.cut, s.lost = 0, n, lost
}

// count is how many requests were made of a method.
func (s *server) count(method string) (n int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, a := range s.asked {
		if strings.HasPrefix(a, method+" ") {
			n++
		}
	}
	return n
}

// bad is all that may befall a write: a limit, a server that is down, a lost answer.
func bad(method string) []fault {
	return []fault{{method: method, status: 429, after: "7"}, {method: method, status: 502}, {method: method, lost: true}}
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if v != nil {
		json.NewEncoder(w).Encode(v)
	}
}

func (s *server) parse(parse func(*yaml.Node, consumer.Options) (consumer.Consumer, error), text string) consumer.Consumer {
	s.t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text+"\nurl: "+s.URL+"\ntoken: env:TOKEN"), &n); err != nil {
		s.t.Fatal(err)
	}
	c, err := parse(n.Content[0], consumer.Options{
		Getenv: func(name string) string { return map[string]string{"TOKEN": testToken}[name] },
		Pause:  func(ctx context.Context, d time.Duration) error { s.waits = append(s.waits, d); return ctx.Err() },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func done(t *testing.T, c consumer.Consumer, u consumer.Update, want bool) {
	t.Helper()
	if got, err := c.Done(t.Context(), u); err != nil || got != want {
		t.Errorf("%s is done: %v, %v", c, got, err)
	}
}

// refused holds that Do refuses, and that no value is told.
func refused(t *testing.T, c consumer.Consumer, u consumer.Update, why error, word string) {
	t.Helper()
	err := c.Do(t.Context(), u)
	if err == nil || why != nil && !errors.Is(err, why) || !strings.Contains(err.Error(), word) {
		t.Errorf("%s: %v, expected %q", c, err, word)
		return
	}
	for _, v := range u.Secrets() {
		if v.Len() > 8 && strings.Contains(err.Error(), store.Plain(v)) || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: the error holds a value", c)
		}
	}
}

// notes are what Check tells, as one text.
func notes(t *testing.T, c consumer.Consumer, u consumer.Update) string {
	t.Helper()
	all, err := c.(consumer.Checker).Check(t.Context(), u)
	must(t, err)
	return strings.Join(all, "\n")
}

func update(t *testing.T, seed uint64) consumer.Update {
	t.Helper()
	words := strings.Fields(leaktest.Must(seed, `{{uuid}} {{alnum 24}} {{alnum 24}}`))
	s := func(v string) leak.Secret { return leak.NewSecret([]byte(v)) }
	return consumer.Update{Op: words[0],
		New: map[string]leak.Secret{"username": s("app_b"), "password": s(words[1])},
		Old: map[string]leak.Secret{"username": s("app_a"), "password": s(words[2])}}
}

func old(u consumer.Update) string   { return store.Plain(u.Old["password"]) }
func fresh(u consumer.Update) string { return store.Plain(u.New["password"]) }

// settings that are refused, before anything is asked.
func refuses(t *testing.T, parse func(*yaml.Node, consumer.Options) (consumer.Consumer, error), cases map[string]string) {
	t.Helper()
	for text, word := range cases {
		var n yaml.Node
		must(t, yaml.Unmarshal([]byte("kind: x\n"+text), &n))
		if _, err := parse(n.Content[0], consumer.Options{}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v, expected %q", strings.ReplaceAll(text, "\n", "; "), err, word)
		}
	}
}

func itoa(n int) string { return fmt.Sprint(n) }
