package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

// server answers with one handler after the other, the last for ever.
func server(t *testing.T, waits *[]time.Duration, handlers ...http.HandlerFunc) (*rest.Client, *int) {
	t.Helper()
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := handlers[min(n, len(handlers)-1)]
		n++
		h(w, r)
	}))
	t.Cleanup(s.Close)
	c, err := rest.New(rest.Options{URL: s.URL + "/api", Scheme: "Bearer ",
		Token: func(context.Context) (leak.Secret, error) {
			return leak.NewSecret([]byte("the-token-of-this-test")), nil
		},
		Pause: func(_ context.Context, d time.Duration) error { *waits = append(*waits, d); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c, &n
}

func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestWaitsWhereItIsTold(t *testing.T) {
	var waits []time.Duration
	c, n := server(t, &waits,
		says(429, `{}`, "Retry-After", "7"), says(403, `{"message":"You have exceeded a secondary rate limit"}`),
		says(502, ``), says(200, `{"a":"b"}`))
	var out struct{ A string }
	if _, err := c.Do(t.Context(), rest.Call{Method: "GET", Path: "x", Into: &out}); err != nil || out.A != "b" {
		t.Fatal(err)
	}
	if want := []time.Duration{7 * time.Second, time.Minute, 4 * time.Second}; *n != 4 || fmt.Sprint(waits) != fmt.Sprint(want) {
		t.Errorf("%d requests, waits %v", *n, waits)
	}
	waits = nil
	c, n = server(t, &waits, says(429, ``, "Retry-After", "86400"))
	_, err := c.Do(t.Context(), rest.Call{Method: "GET", Path: "x"})
	if e, ok := errors.AsType[*rest.Error](err); !ok || !e.Limited() || *n != 1 || len(waits) > 0 {
		t.Errorf("a day's wait: %v, %d requests, %v", err, *n, waits)
	}
}

// A call that must be made once is not made again where nobody knows whether it was done.
func TestOnce(t *testing.T) {
	var waits []time.Duration
	for _, c := range []struct {
		first http.HandlerFunc
		want  int
	}{{lost, 1}, {says(500, ``), 1}, {says(429, ``, "Retry-After", "1"), 2}} {
		client, n := server(t, &waits, c.first, says(200, `{}`))
		_, err := client.Do(t.Context(), rest.Call{Method: "POST", Path: "x", Once: true})
		if *n != c.want || (c.want == 1) != (err != nil) {
			t.Errorf("%d requests, %v", *n, err)
		}
	}
	client, n := server(t, &waits, lost, says(200, `{}`))
	if _, err := client.Do(t.Context(), rest.Call{Method: "PUT", Path: "x"}); err != nil || *n != 2 {
		t.Errorf("a PUT whose answer is lost: %d requests, %v", *n, err)
	}
	client, _ = server(t, &waits, lost)
	if _, err := client.Do(t.Context(), rest.Call{Method: "POST", Path: "x", Once: true}); !errors.Is(err, rest.ErrUnanswered) {
		t.Errorf("%v", err)
	}
}

// What a server answers may quote what it was sent.
func TestErrorsHoldNoValue(t *testing.T) {
	var waits []time.Duration
	value := leaktest.Must(3, `{{randomPassword 20}}`)
	c, _ := server(t, &waits, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"message":"bad %s of %s"}`, value, r.Header.Get("Authorization"))
	})
	_, err := c.Do(t.Context(), rest.Call{Method: "PUT", Path: "x/" + value + "?y=" + value, Body: map[string]string{"v": value}, Hide: []leak.Secret{leak.NewSecret([]byte(value))}})
	if err == nil || strings.Contains(err.Error(), value) || strings.Contains(err.Error(), "the-token") || !strings.Contains(err.Error(), "400") {
		t.Error(err)
	}
}

func TestGoesNowhereElse(t *testing.T) {
	for _, bad := range []string{"http://example.com", "ftp://example.com", "https://user@example.com", "example.com", ""} {
		if _, err := rest.New(rest.Options{URL: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	var waits []time.Duration
	c, n := server(t, &waits, says(307, ``, "Location", "http://127.0.0.1:1/"))
	if _, err := c.Do(t.Context(), rest.Call{Method: "GET", Path: "x"}); rest.StatusOf(err) != 307 || *n != 1 {
		t.Errorf("%v", err)
	}
	if _, err := c.Do(t.Context(), rest.Call{Method: "GET", Path: "https://example.com/x"}); err == nil {
		t.Error("another host is asked")
	}
}
