//go:build unix

package main

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// toll stands before a store's server. It counts what passes, each request once on its way
// there and once on its way back, and can kill the asking program in between.
type toll struct {
	*httptest.Server
	to   string
	lock sync.Mutex
	seen int
	at   int // where it kills; 0: nowhere
	kill func()
}

func newToll(t *testing.T, to string) *toll {
	x := &toll{to: to}
	x.Server = httptest.NewServer(http.HandlerFunc(x.serve))
	t.Cleanup(x.Close)
	return x
}

func (x *toll) pass() {
	x.lock.Lock()
	defer x.lock.Unlock()
	if x.seen++; x.seen == x.at {
		x.kill()
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
}

// set begins a count anew.
func (x *toll) set(at int, kill func()) {
	x.lock.Lock()
	defer x.lock.Unlock()
	x.seen, x.at, x.kill = 0, at, kill
}

func (x *toll) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	x.pass()
	out, err := http.NewRequest(r.Method, x.to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x.pass()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	w.Write(answer)
}
