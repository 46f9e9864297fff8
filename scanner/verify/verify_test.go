package verify_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
	"github.com/oakum-sec/oakum/scanner/verify"
)

// checks are the live checks of oakum's own rules.
var checks = sync.OnceValue(func() map[string]*rules.Verify {
	all := map[string]*rules.Verify{}
	for _, r := range builtin.Set().Rules() {
		if r.Verify != nil {
			all[r.ID] = r.Verify
		}
	}
	return all
})

// scan finds what stands in a text.
func scan(t *testing.T, text string) (found []*leak.Finding) {
	t.Helper()
	src := sourcetest.Memory{{Name: "app.env", Content: []byte(text)}}
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), src.Plain(), func(e scanner.Event) error {
		if e.Finding != nil {
			found = append(found, e.Finding)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// of makes the vendor's text with so many values.
func (v vendor) of(n int) (text string, values []string) {
	for i := range n {
		values = append(values, leaktest.Must(uint64(i+1), v.value))
		text += fmt.Sprintf(v.text, values[i]) + "\n" + strings.Repeat("#\n", 20) // far apart: no pair is unclear
	}
	return text, values
}

// serve starts a server in the place of the check's host.
func serve(t *testing.T, check *rules.Verify, h http.HandlerFunc) verify.Options {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return verify.Options{Endpoints: map[string]*url.URL{check.Host(): at}, Pause: time.Nanosecond, Timeout: time.Minute}
}

// ask scans, verifies and gives the findings of the vendor's rule.
func ask(t *testing.T, v vendor, text string, opt verify.Options) []*leak.Finding {
	t.Helper()
	all := scan(t, text)
	verify.New(checks(), opt).Verify(t.Context(), all, nil)
	mine := slices.DeleteFunc(all, func(f *leak.Finding) bool { return f.Rule != v.rule })
	if len(mine) == 0 {
		t.Fatalf("%s finds nothing in its text", v.rule)
	}
	return mine
}

// TestVendors: every documented answer of every vendor, to a request that is as
// its page says.
func TestVendors(t *testing.T) {
	answers := 0
	for _, v := range vendors {
		check := checks()[v.rule]
		if check == nil {
			t.Errorf("%s has no live check", v.rule)
			continue
		}
		for i, want := range v.replies {
			text, values := v.of(1)
			opt := serve(t, check, func(w http.ResponseWriter, r *http.Request) {
				line := r.Method + " " + r.URL.RequestURI()
				if wanted := strings.ReplaceAll(v.request, "%s", url.PathEscape(values[0])); line != wanted {
					t.Errorf("%s asks %s", v.rule, strings.ReplaceAll(line, values[0], "…"))
				}
				if v.auth != nil && !v.auth(r, values[0]) {
					t.Errorf("%s does not show its value as documented", v.rule)
				}
				w.WriteHeader(want.status)
				fmt.Fprint(w, want.body)
			})
			got := ask(t, v, text, opt)[0].Live
			if got == nil || got.State != want.state || !strings.HasPrefix(got.Reason, want.reason) || want.reason == "" && got.Reason != "" {
				t.Errorf("%s, answer %d: %+v, want %v %q", v.rule, i+1, got, want.state, want.reason)
				continue
			}
			if i == 0 && v.identity != "" && !slices.Contains(got.Identity, v.identity) {
				t.Errorf("%s: identity %q, want %q", v.rule, got.Identity, v.identity)
			}
			answers++
		}
	}
	if len(vendors) < 35 || answers < 2*len(vendors) {
		t.Errorf("%d answers of %d vendors", answers, len(vendors))
	}
}

// TestEveryHostIsTried: no rule asks a host whose answers are not in this package's
// tests.
func TestEveryHostIsTried(t *testing.T) {
	tried := map[string]bool{checks()[aws.rule].Host(): true}
	for _, v := range vendors {
		tried[checks()[v.rule].Host()] = true
	}
	for rule, check := range checks() {
		if !tried[check.Host()] {
			t.Errorf("%s asks %s, of which no answer is tried", rule, check.Host())
		}
	}
	if len(checks()) < 45 || len(tried) < 35 {
		t.Errorf("%d checks of %d hosts", len(checks()), len(tried))
	}
}

// adversity is what every check has to bear.
var adversity = []struct {
	name   string
	reason string
	answer func(w http.ResponseWriter, r *http.Request, elsewhere string)
}{
	{"5xx", "it answered 503, which tells nothing", func(w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(503) }},
	{"redirect", "it redirects elsewhere, which is not followed", func(w http.ResponseWriter, r *http.Request, elsewhere string) {
		http.Redirect(w, r, elsewhere, http.StatusFound)
	}},
	{"slow", "no answer within ", func(_ http.ResponseWriter, r *http.Request, _ string) { <-r.Context().Done() }},
	{"huge", "its answer has more than 256 KB", func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Type", "application/json")
		for range 300 {
			fmt.Fprint(w, strings.Repeat(" ", 1024))
		}
	}},
	{"cut", "it could not be reached", func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "{")
	}},
}

func TestAdversity(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	cases := 0
	for _, v := range vendors {
		for _, a := range adversity {
			opt := serve(t, checks()[v.rule], func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client go
				a.answer(w, r, other.URL)
			})
			if a.name == "slow" {
				opt.Timeout = 20 * time.Millisecond
			}
			text, values := v.of(1)
			got := ask(t, v, text, opt)[0].Live
			if got.State != leak.Unknown || !strings.HasPrefix(got.Reason, a.reason) {
				t.Errorf("%s, %s: %+v", v.rule, a.name, got)
			}
			if strings.Contains(fmt.Sprintf("%+v", got), values[0]) {
				t.Errorf("%s, %s: the value is told", v.rule, a.name)
			}
			cases++
		}
	}
	if cases != len(vendors)*len(adversity) || elsewhere.Load() != 0 {
		t.Errorf("%d cases, %d requests went elsewhere", cases, elsewhere.Load())
	}
}

// A host that answers 429 is left alone: the second value is not sent.
func TestPatience(t *testing.T) {
	cases := 0
	for _, v := range vendors {
		asked := 0
		opt := serve(t, checks()[v.rule], func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		text, _ := v.of(2)
		found := ask(t, v, text, opt)
		if len(found) != 2 || asked != 1 || found[0].Live.Reason != "rate limited: ask again in 7s" ||
			!strings.HasSuffix(found[1].Live.Reason, "wants to be left alone for 7s") {
			t.Errorf("%s: %d findings, asked %d times, %+v", v.rule, len(found), asked, found[len(found)-1].Live)
		}
		cases++
	}
	if cases != len(vendors) {
		t.Errorf("%d cases", cases)
	}
}

// No check dials an address of this machine, unless the user named it.
func TestPrivateAddresses(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer s.Close()
	at, _ := url.Parse(s.URL)
	cases := 0
	for _, v := range vendors {
		check := *checks()[v.rule]
		check.URL = strings.Replace(check.URL, check.Host(), at.Host, 1)
		text, _ := v.of(1)
		all := scan(t, text)
		noProxy := func(*http.Request) (*url.URL, error) { return nil, nil }
		verify.New(map[string]*rules.Verify{v.rule: &check}, verify.Options{Proxy: noProxy}).Verify(t.Context(), all, nil)
		for _, f := range all {
			if f.Rule != v.rule {
				continue
			}
			if f.Live.State != leak.Unknown || !strings.HasPrefix(f.Live.Reason, "not asked: its address is private") {
				t.Errorf("%s: %+v", v.rule, f.Live)
			}
			cases++
		}
	}
	if cases != len(vendors) || asked.Load() != 0 {
		t.Errorf("%d cases, asked %d times", cases, asked.Load())
	}
}

// The same value is asked about once, wherever it stands; a suppressed one never.
func TestAskedOnce(t *testing.T) {
	v := vendors[0]
	asked := 0
	opt := serve(t, checks()[v.rule], func(w http.ResponseWriter, _ *http.Request) {
		asked++
		fmt.Fprint(w, `{"login": "octocat"}`)
	})
	text, _ := v.of(2)
	found := ask(t, v, text, opt)
	again := *found[0]
	again.Live = nil
	allowed := *found[1]
	allowed.Live, allowed.Suppressed = nil, &leak.Suppression{Kind: leak.SuppressAllowFile}
	asked = 0
	verify.New(checks(), opt).Verify(t.Context(), []*leak.Finding{found[0], &again, &allowed}, nil)
	if asked != 1 || again.Live == nil || again.Live.State != leak.Valid || allowed.Live != nil {
		t.Errorf("asked %d times, %+v, %+v", asked, again.Live, allowed.Live)
	}
}

// A proxy that the user has is used, though its address is private.
func TestProxy(t *testing.T) {
	var lines []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lines = append(lines, r.Method+" "+r.Host)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	at, _ := url.Parse(proxy.URL)
	text, _ := vendors[0].of(1)
	got := ask(t, vendors[0], text, verify.Options{Proxy: func(*http.Request) (*url.URL, error) { return at, nil }})[0].Live
	if !slices.Equal(lines, []string{"CONNECT api.github.com:443"}) || got.State != leak.Unknown {
		t.Errorf("%q, %+v", lines, got)
	}
}

// Where the context ends, what was not asked says so.
func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	v := vendors[0]
	opt := serve(t, checks()[v.rule], func(w http.ResponseWriter, _ *http.Request) { stop(); w.WriteHeader(503) })
	opt.Pause = time.Minute
	text, _ := v.of(2)
	all := scan(t, text)
	verify.New(checks(), opt).Verify(ctx, all, nil)
	if len(all) != 2 || all[1].Live.Reason != "stopped before it was asked" {
		t.Errorf("%+v", all[1].Live)
	}
}
