package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// maxAnswer is how much of an answer is read, in bytes. The largest that a check
// looks into, OpenAI's list of models, has about 20 KB.
const maxAnswer = 256 << 10

// patience is how long a host that says nothing of it is left alone after 429.
const patience = time.Minute

// send asks and reads the answer. patience is more than 0 where the host wants to
// be left alone for so long.
func (v *Verifier) send(req *http.Request, check *rules.Verify) (*leak.Verification, time.Duration) {
	res, err := v.client.Do(req)
	if err != nil {
		return unknown(whyUnanswered(err, v.opt.Timeout)), 0
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return unknown(whyUnanswered(err, v.opt.Timeout)), 0
	case len(body) > maxAnswer:
		return unknown(fmt.Sprintf("its answer has more than %d KB", maxAnswer>>10)), 0
	}
	return read(check, res, body)
}

// whyUnanswered tells no more than the kind of failure: errors of net/http quote
// the address, which may hold the value.
func whyUnanswered(err error, timeout time.Duration) string {
	netErr, isNet := errors.AsType[net.Error](err)
	_, noSuchHost := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, errPrivate):
		return "not asked: " + errPrivate.Error() + " (--verify-endpoint names a host of your own)"
	case errors.Is(err, context.Canceled):
		return "stopped before it answered"
	case errors.Is(err, context.DeadlineExceeded), isNet && netErr.Timeout():
		return fmt.Sprintf("no answer within %s", timeout)
	case noSuchHost:
		return "its name was not found"
	}
	return "it could not be reached"
}

// read says what an answer means: by the check's own list first, then by what
// every server means by a status.
func read(check *rules.Verify, res *http.Response, body []byte) (*leak.Verification, time.Duration) {
	fields := parse(body)
	for _, a := range check.Answers {
		if !fits(a, res.StatusCode, fields) {
			continue
		}
		if a.Means == rules.MeansLimited {
			return limited(res)
		}
		return meaning(a, check, fields), 0
	}
	switch status := res.StatusCode; {
	case status == http.StatusTooManyRequests:
		return limited(res)
	case status >= 300 && status < 400:
		return unknown("it redirects elsewhere, which is not followed"), 0
	}
	return unknown(fmt.Sprintf("it answered %d, which tells nothing", res.StatusCode)), 0
}

func fits(a rules.Answer, status int, fields document) bool {
	if len(a.Status) > 0 && !slices.Contains(a.Status, status) {
		return false
	}
	if a.Field == "" {
		return true
	}
	value, ok := fields.at(a.Field)
	return ok && (len(a.Is) == 0 || slices.Contains(a.Is, value))
}

func meaning(a rules.Answer, check *rules.Verify, fields document) *leak.Verification {
	v := &leak.Verification{Reason: a.Why}
	switch a.Means {
	case rules.MeansValid:
		v.State = leak.Valid
		v.Identity = identity(check.Identity, fields)
	case rules.MeansRevoked, rules.MeansExpired:
		v.State = leak.Invalid
		v.Reason = strings.TrimSuffix(a.Means+": "+a.Why, ": ")
	case rules.MeansInvalid:
		v.State = leak.Invalid
	}
	return v
}

// maxIdentity bounds what is told of a field, in bytes.
const maxIdentity = 100

// identity names the fields by their last word: "data.user.login" is "login octocat".
func identity(names []string, fields document) (told []string) {
	for _, name := range names {
		value, ok := fields.at(name)
		value = strings.TrimSpace(value)
		if !ok || value == "" || len(value) > maxIdentity || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			continue
		}
		told = append(told, name[strings.LastIndex(name, ".")+1:]+" "+value)
	}
	return told
}

// limited reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date.
func limited(res *http.Response) (*leak.Verification, time.Duration) {
	after := patience
	said := res.Header.Get("Retry-After")
	if n, err := strconv.Atoi(said); err == nil && n > 0 && n < 1<<20 {
		after = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(said); err == nil && time.Until(at) > 0 {
		after = time.Until(at)
	}
	return unknown(fmt.Sprintf("rate limited: ask again in %s", after.Round(time.Second))), after
}
