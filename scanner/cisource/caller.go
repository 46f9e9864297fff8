package cisource

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

const (
	// maxWaiting bounds what a scan waits in all: GitHub's limit is by the hour
	// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
	maxWaiting = time.Hour + 5*time.Minute
	// unsaid is the wait where a limit is reached and no header says for how long:
	// GitHub's page asks for a minute at least.
	unsaid = time.Minute
	// maxTries bounds how often a server may fail to answer one request: one that is
	// down for longer than 1+2+4 seconds is down.
	maxTries = 4
	// answerWithin bounds one request: an API that takes longer for a page hangs.
	answerWithin = 2 * time.Minute
	// maxBody bounds an answer in bytes: a page of 100 variables of GitLab's 10,000
	// characters, or of GitHub's 48 kB, is a tenth of it.
	maxBody = 64 << 20
	// fileWithin and maxFile bound a file: GitHub's largest artifact is 10 GB, and of
	// what comes slower than 6 MB in a second the rest is told to be missing.
	fileWithin = 30 * time.Minute
	maxFile    = 10 << 30
)

// caller is the transport of an API's client. It adds the token, tries again what a
// server could not answer, and waits where it is told to.
type caller struct {
	next          http.RoundTripper
	scheme, host  string
	header, value string
	wait          func(ctx context.Context, d time.Duration, why string) error

	mu       sync.Mutex // one request is made after the other; files are read side by side
	answered bool       // it was there once
	waited   time.Duration
	over     error // why nothing more is asked, or nil
}

// unusualError is an answer that is none of the API's.
type unusualError struct{ what string }

func (e *unusualError) Error() string { return e.what }

// overError ends the whole walk: every further request would be answered the same.
type overError struct {
	code string // of the Gap
	why  string
}

func (e *overError) Error() string { return e.why }

func isFile(r *http.Request) bool { return r.Context().Value(asFile{}) != nil }

func (c *caller) mine(u *url.URL) bool { return u.Scheme == c.scheme && u.Host == c.host }

// RoundTrip asks, until there is an answer to give.
func (c *caller) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over != nil {
		return nil, c.over
	}
	mine := c.mine(r.URL)
	if !mine && !isFile(r) { // client's CheckRedirect and the lists that we ask for see to that
		return nil, &unusualError{"it leads to " + r.URL.Host}
	}
	for failed := 1; ; {
		answer, err := c.once(r)
		d, why := time.Duration(0), ""
		switch {
		case err != nil && r.Context().Err() != nil:
			return nil, err
		case err != nil && !mine && failed == maxTries:
			return nil, &unusualError{r.URL.Host + ", where it is, cannot be reached"}
		case err != nil && (failed == maxTries || !c.answered):
			c.over = &overError{leak.GapUnreadable, fmt.Sprintf("%s cannot be reached: %v", c.host, err)}
			return nil, c.over
		case err != nil:
			d, why = backoff(failed), r.URL.Host+" does not answer"
		default:
			c.answered = true
			if d, why = pause(answer, failed); why == "" {
				return answer, nil
			}
			answer.Body.Close()
		}
		if err != nil || answer.StatusCode >= 500 {
			failed++
		}
		if err := c.pause(r.Context(), d, why); err != nil {
			return nil, err
		}
	}
}

// once asks once, with the token. The answer's body ends answerWithin from now.
func (c *caller) once(r *http.Request) (*http.Response, error) {
	within, most := answerWithin, int64(maxBody)
	if isFile(r) {
		within, most = fileWithin, maxFile
	}
	ctx, cancel := context.WithTimeout(r.Context(), within)
	r = r.Clone(ctx)
	if c.mine(r.URL) {
		r.Header.Set(c.header, c.value)
	}
	answer, err := c.next.RoundTrip(r)
	if err != nil {
		cancel()
		return nil, err
	}
	answer.Body = &bounded{ReadCloser: answer.Body, cancel: cancel, left: most}
	return answer, nil
}

// backoff is 1, 2, 4 … seconds.
func backoff(failed int) time.Duration { return time.Second << (failed - 1) }

func (c *caller) pause(ctx context.Context, d time.Duration, why string) error {
	if c.waited += d; c.waited > maxWaiting {
		c.over = &overError{leak.GapLimit, fmt.Sprintf("%s; that would be longer than oakum waits in one scan (%s): scan the rest later, or with another token", why, maxWaiting)}
		return c.over
	}
	return c.wait(ctx, d, why)
}

// pause tells how long to wait before a request is made again, of which the server
// failed to answer so many, and why; "" where there is an answer.
func pause(answer *http.Response, failed int) (d time.Duration, why string) {
	host := answer.Request.URL.Host
	after, said := retryAfter(answer.Header)
	switch code := answer.StatusCode; {
	case code == http.StatusTooManyRequests || code == http.StatusForbidden && (said || exhausted(answer.Header) || secondary(answer)):
		if !said {
			after = reset(answer.Header)
		}
		return max(time.Second, after), host + " limits how often it may be asked"
	case code >= 500 && failed < maxTries:
		if !said {
			after = backoff(failed)
		}
		return after, fmt.Sprintf("%s answers %d", host, code)
	}
	return 0, ""
}

// retryAfter reads the header of RFC 9110, 10.2.3: seconds, or a date.
func retryAfter(h http.Header) (d time.Duration, said bool) {
	text := h.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// The headers of GitHub's limits and, without the X, of GitLab's
// (https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/).
func exhausted(h http.Header) bool {
	return h.Get("X-Ratelimit-Remaining") == "0" || h.Get("Ratelimit-Remaining") == "0"
}

// secondary tells whether a refusal is one of GitHub's secondary limits, which may come
// with no header at all (the page named at maxWaiting).
func secondary(answer *http.Response) bool {
	head, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	answer.Body = &again{answer.Body, io.MultiReader(bytes.NewReader(head), answer.Body)}
	return bytes.Contains(head, []byte("secondary rate limit"))
}

// again is a body of which something was read already.
type again struct {
	io.Closer
	io.Reader
}

// reset is how long it is until a limit ends, to the second after, by its time in
// seconds since 1970.
func reset(h http.Header) time.Duration {
	for _, name := range []string{"X-Ratelimit-Reset", "Ratelimit-Reset"} {
		if at, err := strconv.ParseInt(h.Get(name), 10, 64); err == nil {
			return min(max(0, time.Until(time.Unix(at, 0))), 2*maxWaiting).Truncate(time.Second) + time.Second
		}
	}
	return unsaid
}

// bounded is a body of which no more is read than an answer can have.
type bounded struct {
	io.ReadCloser
	cancel context.CancelFunc
	left   int64
}

func (b *bounded) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("it is too long")
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
