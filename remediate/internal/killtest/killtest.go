// Package killtest ends what is tested in the middle, as a crash, a full disk or a lost
// reply does, at each step that can be its last.
package killtest

import (
	"net/http"
	"os"
)

// All tells whether every step is tried as the last, which takes hours (`make kill`).
func All() bool { return os.Getenv("OAKUM_KILL") == "all" }

// Every is of how many steps one is tried as the last.
func Every(some int) int {
	if All() {
		return 1
	}
	return some
}

// killed is how a process ends in a test: nothing after it happens.
type killed struct{}

// Die ends the process that Alive calls.
func Die() { panic(killed{}) }

// Alive calls do and tells whether the process outlived it.
func Alive(do func() error) (err error, lived bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(killed); !ours {
				panic(r)
			}
		}
	}()
	err = do()
	return err, true
}

// At is what happens at steps, by their number: the process ends at step n.
func At(n int) func(int) error {
	return func(count int) error {
		if count == n {
			Die()
		}
		return nil
	}
}

// FailAt has step n fail.
func FailAt(n int, err error) func(int) error {
	return func(count int) error {
		if count == n {
			return err
		}
		return nil
	}
}

// Transport calls Step before and after each request. An error of it is a connection's
// that was lost: before the request arrived, or on the way back.
type Transport struct{ Step func() error } // nil does nothing

// RoundTrip makes an http.RoundTripper of it.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.step(); err != nil {
		return nil, err
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if lost := t.step(); lost != nil {
		resp.Body.Close()
		return nil, lost
	}
	return resp, nil
}

func (t Transport) step() error {
	if t.Step == nil {
		return nil
	}
	return t.Step()
}
