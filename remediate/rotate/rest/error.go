package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/scrub"
)

// Error is an answer that is no success.
type Error struct {
	Status int
	Host   string
	What   string        // "PUT repos/a/b/actions/secrets/X"
	Words  string        // the vendor's, without values; may be ""
	After  time.Duration // how long the server asks to wait
	said   bool          // it does ask
	limit  bool          // of requests
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s answers %d to %s", e.Host, e.Status, e.What)
	if e.Words != "" {
		s += ": " + e.Words
	}
	switch {
	case e.limit:
		s += " (it limits how often it may be asked)"
	case e.Status == http.StatusUnauthorized:
		s += " (the token is not accepted: it expired, was revoked, or is not this server's)"
	case e.Status == http.StatusForbidden:
		s += " (the token may not)"
	}
	return s
}

// Limited tells whether the answer says to come back later.
func (e *Error) Limited() bool { return e.limit }

// StatusOf is the status of an answer that was no success, 0 for any other error.
func StatusOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return 0
}

// ErrUnanswered is that nobody knows whether a call was done: its answer was lost.
var ErrUnanswered = errors.New("no answer came")

type unanswered struct {
	what, host string
	err, ended error
}

func (u *unanswered) Error() string {
	last := u.err
	for next := errors.Unwrap(last); next != nil; next = errors.Unwrap(last) { // url.Error quotes the whole address
		last = next
	}
	return fmt.Sprintf("%s: no answer of %s came: %v", u.what, u.host, last)
}

func (u *unanswered) Is(target error) bool {
	return target == ErrUnanswered || u.ended != nil && errors.Is(u.ended, target)
}

// failed makes an Error of an answer.
func failed(call Call, host string, answer *http.Response, text []byte, hide []leak.Secret) error {
	e := &Error{Status: answer.StatusCode, Host: host, What: call.what(hide), Words: scrub.Text(words(text), hide...)}
	e.After, e.said = retryAfter(answer.Header)
	h := answer.Header
	exhausted := h.Get("X-Ratelimit-Remaining") == "0" || h.Get("Ratelimit-Remaining") == "0"
	secondary := strings.Contains(e.Words, "secondary rate limit")
	e.limit = e.Status == http.StatusTooManyRequests || e.Status == http.StatusForbidden && (e.said || exhausted || secondary)
	if e.limit && !e.said {
		e.After, e.said = reset(h)
	}
	if e.Status/100 == 3 {
		e.Words = "it was moved or renamed: write its new name or address"
	}
	return e
}

// words are what an answer says went wrong, in the shapes that vendors have for it.
func words(text []byte) string {
	var m struct {
		Message any    `json:"message"` // GitHub, GitLab, Azure DevOps, Kubernetes
		Error   any    `json:"error"`   // GitLab, Slack, npm; Stripe has an object
		Reason  string `json:"reason"`
		// Description says more than a code in error does (RFC 6749, 5.2).
		Description string `json:"error_description"`
	}
	if json.Unmarshal(text, &m) != nil {
		return ""
	}
	for _, v := range []any{m.Message, m.Error} {
		switch v := v.(type) {
		case string:
			if m.Description != "" {
				v += ": " + m.Description
			}
			return short(v)
		case map[string]any:
			if s, ok := v["message"].(string); ok {
				return short(s)
			}
			b, _ := json.Marshal(v) // it was JSON before
			return short(string(b))
		}
	}
	return short(m.Reason)
}

// short bounds what is told of a vendor's words.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// retry tells whether a call that ended so is made again, and after which wait.
func retry(call Call, err error, try int) (time.Duration, bool) {
	if err == nil || try >= attempts {
		return 0, false
	}
	backoff := time.Second << (try - 1)
	if e, ok := errors.AsType[*Error](err); ok {
		switch {
		case e.limit && e.said:
			return max(time.Second, e.After), true
		case e.limit:
			return time.Minute, true // what GitHub's page on rate limits asks for where no header says more
		case e.Status >= 500 && !call.Once:
			return max(backoff, e.After), true
		}
		return 0, false
	}
	return backoff, errors.Is(err, ErrUnanswered) && !call.Once
}

// retryAfter reads the header of RFC 9110, 10.2.3: seconds, or a date.
func retryAfter(h http.Header) (time.Duration, bool) {
	text := h.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// reset is when a limit ends, by its time in seconds since 1970: GitHub's header and
// GitLab's.
func reset(h http.Header) (time.Duration, bool) {
	for _, name := range []string{"X-Ratelimit-Reset", "Ratelimit-Reset"} {
		if at, err := strconv.ParseInt(h.Get(name), 10, 64); err == nil {
			return max(0, time.Until(time.Unix(at, 0))) + time.Second, true
		}
	}
	return 0, false
}
