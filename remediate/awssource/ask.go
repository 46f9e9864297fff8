package awssource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/oakum-sec/oakum/remediate/internal/awscall"
)

// Waiting waits for d or until ctx ends, with ctx's error.
type Waiting = func(ctx context.Context, d time.Duration, why string) error

const (
	// maxTries bounds how often one request is made where AWS fails to answer, and
	// maxThrottled where it is asked too often: its buckets fill within seconds
	// (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
	maxTries, maxThrottled = 4, 10
	// longest is what one wait takes at most, as the SDK's own have it.
	longest = 20 * time.Second
	// maxWaiting bounds what a scan waits in all.
	maxWaiting = time.Hour
)

// asker makes requests, again where AWS could not answer them.
type asker struct {
	wait   Waiting
	waited time.Duration
}

// ask calls a method of a client until there is an answer to give. What stands for
// the action in what users are told is IAM's name of it.
func ask[T any](ctx context.Context, a *asker, action string, call func() (T, error)) (T, error) {
	for tries := 1; ; tries++ {
		out, err := call()
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		d, why := pause(action, err, tries)
		if why == "" {
			return out, err
		}
		if a.waited += d; a.waited > maxWaiting {
			return out, fmt.Errorf("%s; that would be longer than oakum waits in one scan (%s): scan fewer regions or services at once: %w", why, maxWaiting, errTooLong)
		}
		if werr := a.wait(ctx, d, why); werr != nil {
			return out, werr
		}
	}
}

// maxPages bounds a list: at ten things a page, which is the fewest that any of these
// lists has, more than an account's quotas allow.
const maxPages = 10_000

// each calls use for the pages of a list, as one of the SDK's paginators has them.
func each[Page, O any](ctx context.Context, w *walk, action string, more func() bool, next func(context.Context, ...func(*O)) (Page, error), use func(Page)) error {
	for n := 0; more() && !w.done; n++ {
		if n == maxPages {
			return fmt.Errorf("more than %d pages; the rest was not looked at", maxPages)
		}
		page, err := ask(ctx, &w.asker, action, func() (Page, error) { return next(ctx) })
		if err != nil {
			return err
		}
		use(page)
	}
	return nil
}

// errTooLong ends the whole walk.
var errTooLong = errors.New("AWS has us wait too long")

var (
	throttles  = retry.IsErrorThrottles(retry.DefaultThrottles)
	retryables = retry.IsErrorRetryables(retry.DefaultRetryables)
)

// pause tells how long to wait before a request is made again that failed so many
// times, and why; "" where it is not to be.
func pause(action string, err error, tries int) (d time.Duration, why string) {
	d = min(longest, time.Second<<min(tries-1, 10))
	response, _ := errors.AsType[*awshttp.ResponseError](err)
	if response != nil && response.Response != nil {
		if n, err := strconv.ParseUint(response.Response.Header.Get("Retry-After"), 10, 16); err == nil {
			d = time.Duration(n) * time.Second
		}
	}
	if _, open := errors.AsType[*openError](err); open {
		return 0, ""
	}
	tooOften := throttles.IsErrorThrottle(err) == aws.TrueTernary || response != nil && response.HTTPStatusCode() == http.StatusTooManyRequests
	switch {
	case tooOften && tries < maxThrottled:
		return d, "AWS limits how often " + action + " may be asked"
	case !tooOften && tries < maxTries && retryables.IsErrorRetryable(err) == aws.TrueTernary:
		return d, "AWS does not answer " + action
	}
	return 0, ""
}

func sleep(ctx context.Context, d time.Duration, _ string) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// private makes requests without TLS to this machine alone: what AWS answers are the
// values. Credentials are asked for by other clients, which the SDK made before.
func private(next aws.HTTPClient) aws.HTTPClient {
	next = awscall.Whole(next)
	return doer(func(r *http.Request) (*http.Response, error) {
		host := r.URL.Hostname()
		at, err := netip.ParseAddr(host)
		if r.URL.Scheme != "https" && host != "localhost" && (err != nil || !at.IsLoopback()) {
			return nil, &openError{r.URL.Host}
		}
		return next.Do(r)
	})
}

// openError is about an address that anybody on the way could read.
type openError struct{ host string }

func (e *openError) Error() string {
	return e.host + " is not asked without TLS, since the values would be seen on the way: write https:// in AWS_ENDPOINT_URL"
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }
