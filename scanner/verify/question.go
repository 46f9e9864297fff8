package verify

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// question is a check about to be filled in.
type question struct {
	check *rules.Verify
	at    *url.URL // whom to ask in the place of the check's host; nil: that one
	agent string
	now   time.Time
}

// values are what a question is filled in with.
type values struct {
	value   string
	parts   map[string]string // by rule
	session string            // AWS session token, "" where there is none
}

var errUnfit = errors.New("the value has characters that no request can hold")

// request fills the question in. key is a hash of all of it. why is not empty
// where it can't be asked.
func (q *question) request(ctx context.Context, f *leak.Finding, pair pair) (req *http.Request, key [32]byte, why string) {
	err := reveal(f, pair, func(v values) error {
		made, err := q.make(ctx, v)
		if err != nil {
			return err
		}
		req, key = made, v.hash(f.Rule)
		return nil
	})
	if err != nil {
		return nil, key, errUnfit.Error() // the error itself may quote the value
	}
	return req, key, ""
}

// reveal takes the values out of their Secrets: a request needs them as text.
func reveal(f *leak.Finding, p pair, use func(values) error) error {
	v := values{parts: map[string]string{}}
	keep := func(to *string) func([]byte) error {
		return func(b []byte) error { *to = string(b); return nil }
	}
	if err := f.Secret.Reveal(keep(&v.value)); err != nil {
		return err
	}
	for rule, s := range p.parts {
		part := ""
		if err := s.Reveal(keep(&part)); err != nil {
			return err
		}
		v.parts[rule] = part
	}
	if err := p.session.Reveal(keep(&v.session)); err != nil {
		return err
	}
	return use(v)
}

func (v values) hash(rule string) [32]byte {
	h := sha256.New()
	for _, part := range []string{rule, v.value, v.session} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	for name, part := range v.parts { // one at most: a pair
		fmt.Fprintf(h, "%s=%s", name, part)
	}
	return [32]byte(h.Sum(nil))
}

// fill puts the values into a template, each written by escape.
func (v values) fill(template string, escape func(string) string) string {
	old := []string{"{value}", escape(v.value)}
	for rule, part := range v.parts {
		old = append(old, "{part:"+rule+"}", escape(part))
	}
	return strings.NewReplacer(old...).Replace(template)
}

func plain(s string) string { return s }

// make builds the request. Its errors may hold a value.
func (q *question) make(ctx context.Context, v values) (*http.Request, error) {
	address, query, hasQuery := strings.Cut(q.check.URL, "?")
	address = v.fill(address, url.PathEscape)
	if hasQuery {
		address += "?" + v.fill(query, url.QueryEscape)
	}
	body, kind := q.check.Body, "application/json"
	if len(q.check.Form) > 0 {
		body, kind = v.form(q.check.Form), "application/x-www-form-urlencoded"
	}
	method := q.check.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if q.at != nil {
		base, asked := *q.at, req.URL
		base.Path = strings.TrimSuffix(base.Path, "/") + "/"
		req.URL = base.JoinPath(asked.EscapedPath())
		req.URL.RawQuery, req.Host = asked.RawQuery, base.Host
	}
	req.Header.Set("User-Agent", q.agent)
	if body != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, q.headers(req, v, body)
}

func (v values) form(pairs []string) string {
	form := url.Values{}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		form.Set(name, v.fill(value, plain))
	}
	return form.Encode()
}

func (q *question) headers(req *http.Request, v values, body string) error {
	for _, h := range q.check.Headers {
		name, value, _ := strings.Cut(h, ": ")
		value = v.fill(value, plain)
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return errUnfit
		}
		req.Header.Set(name, value)
	}
	if q.check.Basic != "" {
		login := v.fill(q.check.Basic, plain)
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(login)))
	}
	if q.check.Sign == "aws-sigv4" {
		return signV4(req, body, v, q.now)
	}
	return nil
}
