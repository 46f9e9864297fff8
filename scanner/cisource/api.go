package cisource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// API is how a CI system is asked.
type API struct {
	URL   string // where it is; "" is the vendor's own
	Token string // goes to that host alone
	// Wait waits for d or until ctx ends, and may tell whom it concerns why. nil
	// waits in silence.
	Wait func(ctx context.Context, d time.Duration, why string) error
}

// base reads the API's address. What is not of this machine has to be https: the
// token would be read on the way.
func (a API) base(vendor string) (*url.URL, error) {
	text := a.URL
	if text == "" {
		text = vendor
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is no URL: write it as https://HOST")
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("write it as https://HOST, or https://HOST/PATH")
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return nil, fmt.Errorf("%s is not asked without TLS, since the token would be seen on the way: write https://", u.Host)
	case a.Token == "":
		return nil, errors.New("there is no token")
	}
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	return u, nil
}

func loopback(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.IsLoopback()
}

// asker asks at base with the token in a header, which goes to that host alone.
func (a API) asker(base *url.URL, header, value string, others http.Header) *asker {
	c := &caller{next: http.DefaultTransport, scheme: base.Scheme, host: base.Host, header: header, value: value, wait: a.Wait}
	if c.wait == nil {
		c.wait = wait
	}
	return &asker{
		base: base, header: others,
		// Redirects are followed to the host itself: GitHub answers so for what was renamed.
		client: &http.Client{Transport: c, CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) >= maxRedirects || !c.mine(r.URL) {
				return &unusualError{fmt.Sprintf("it leads on to %s, and the token is not for that", r.URL.Host)}
			}
			return nil
		}},
		files: &http.Client{Transport: c, CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) >= maxRedirects || r.URL.Scheme != "https" && !loopback(r.URL.Hostname()) {
				return &unusualError{fmt.Sprintf("it leads on to %s, which is not asked without TLS", r.URL.Host)}
			}
			return nil
		}},
	}
}

// maxRedirects is what a renamed repository of a renamed owner needs, and some.
const maxRedirects = 4

func wait(ctx context.Context, d time.Duration, _ string) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
