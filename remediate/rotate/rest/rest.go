// Package rest asks the JSON APIs of vendors: with a token that goes to one host alone,
// again where a server is busy or does not answer, and with errors that say what was
// asked and hold no value.
//
// The vendors' own client libraries, of which we would use three calls each, are not
// linked (docs/design/023-ci-apis.md has the numbers).
//
// A call that is not idempotent is made with Once: it is sent again only where the server
// has said that it did not do it (429). Where its answer is lost the error is an
// [ErrUnanswered], and whoever asked looks what has become of it.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
	"github.com/oakum-sec/oakum/remediate/scrub"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Options say how an API is asked.
type Options struct {
	URL    string      // https://HOST/PATH; http for this machine alone
	Header http.Header // what every request has
	// Auth is the header that holds the token, "Authorization" if empty, and Scheme
	// what stands before it: "Bearer ".
	Auth, Scheme string
	// Token gets the token; nil: the API is asked without one.
	Token func(context.Context) (leak.Secret, error)
	// Transport is how requests leave; nil is http.DefaultTransport.
	Transport http.RoundTripper
	// Pause waits; nil is real time.
	Pause func(ctx context.Context, d time.Duration) error
}

const (
	attempts = 5                // how often a call is made in all
	longest  = 15 * time.Minute // what a server may have us wait in one call
	within   = time.Minute      // one answer
	maxBody  = 8 << 20          // bytes of an answer
)

// Client asks one API.
type Client struct {
	o    Options
	base *url.URL
	http *http.Client
}

// New makes one. An address without TLS that is not this machine's is refused: the
// token and the values would be read on the way.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("write the API's address as https://HOST or https://HOST/PATH")
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return nil, fmt.Errorf("%s is not asked without TLS, since the token would be seen on the way: write https://", u.Host)
	}
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	if o.Pause == nil {
		o.Pause = pause.For
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	return &Client{o: o, base: u, http: &http.Client{
		Transport: o.Transport, Timeout: within,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func loopback(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.IsLoopback()
}

// Host is where the API is.
func (c *Client) Host() string { return c.base.Host }

// Call is one request.
type Call struct {
	Method string
	Path   string // escaped, relative to the API's address; may have a query
	Body   any    // sent as JSON; nil: nothing
	Type   string // of the body; "" is application/json
	Form   url.Values
	Into   any  // the answer's JSON is read into it; nil: it is not read
	Once   bool // it does something else when it is done twice
	// As is the token of this call, in the place of the client's own.
	As leak.Secret
	// Hide are values that the answer may quote.
	Hide []leak.Secret
}

// Answer is what came back beside the body.
type Answer struct {
	Status int
	Header http.Header
}

// Do makes a call. An answer that is no success is an *Error.
func (c *Client) Do(ctx context.Context, call Call) (Answer, error) {
	body, kind, err := call.body()
	if err != nil {
		return Answer{}, err
	}
	token := call.As
	if c.o.Token != nil && token.IsZero() {
		if token, err = c.o.Token(ctx); err != nil {
			return Answer{}, err
		}
	}
	hide := append([]leak.Secret{token}, call.Hide...)
	waited := time.Duration(0)
	for try := 1; ; try++ {
		a, err := c.once(ctx, call, body, kind, token, hide)
		d, again := retry(call, err, try)
		if !again || ctx.Err() != nil {
			return a, err
		}
		if waited += d; waited > longest {
			return a, fmt.Errorf("%w; that is longer than oakum waits here (%s): resume later", err, longest)
		}
		if werr := c.o.Pause(ctx, d); werr != nil {
			return a, werr
		}
	}
}

func (call Call) body() ([]byte, string, error) {
	switch {
	case call.Form != nil:
		return []byte(call.Form.Encode()), "application/x-www-form-urlencoded", nil
	case call.Body == nil:
		return nil, "", nil
	}
	b, err := json.Marshal(call.Body)
	if call.Type != "" {
		return b, call.Type, err
	}
	return b, "application/json", err
}

func (c *Client) once(ctx context.Context, call Call, body []byte, kind string, token leak.Secret, hide []leak.Secret) (Answer, error) {
	u, err := c.base.Parse(call.Path)
	if err != nil || u.Host != c.base.Host || u.Scheme != c.base.Scheme {
		return Answer{}, fmt.Errorf("%s leads away from %s", call.what(hide), c.base.Host)
	}
	r, err := http.NewRequestWithContext(ctx, call.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for name, values := range c.o.Header {
		r.Header[name] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if !token.IsZero() {
		name := c.o.Auth
		if name == "" {
			name = "Authorization"
		}
		r.Header.Set(name, c.o.Scheme+store.Plain(token))
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return Answer{}, &unanswered{what: call.what(hide), host: c.base.Host, err: err, ended: ctx.Err()}
	}
	defer answer.Body.Close()
	return c.read(ctx, call, answer, hide)
}

// read takes an answer apart.
func (c *Client) read(ctx context.Context, call Call, answer *http.Response, hide []leak.Secret) (Answer, error) {
	a := Answer{answer.StatusCode, answer.Header}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	switch {
	case answer.StatusCode/100 != 2:
		return a, failed(call, c.base.Host, answer, text, hide)
	case err != nil:
		return a, &unanswered{what: call.what(hide), host: c.base.Host, err: err, ended: ctx.Err()}
	case len(text) > maxBody:
		return a, fmt.Errorf("%s answers %s with more than %d MB", c.base.Host, call.what(hide), maxBody>>20)
	case call.Into == nil || len(bytes.TrimSpace(text)) == 0:
		return a, nil
	}
	if json.Unmarshal(text, call.Into) != nil { // its words may quote the answer
		return a, fmt.Errorf("what %s answers to %s is not the API's: is the address right?", c.base.Host, call.what(hide))
	}
	return a, nil
}

// what is a call as people are told it: without its query, and without a value that is
// part of its path.
func (call Call) what(hide []leak.Secret) string {
	path, _, _ := strings.Cut(call.Path, "?")
	return call.Method + " " + scrub.Text(path, hide...)
}
