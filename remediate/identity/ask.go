package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Call is a request to AWS, before it is made and after it was answered.
type Call struct {
	Service string // "ECS"
	Action  string // "UpdateService"
	Done    bool
}

var errOpen = errors.New("is not asked without TLS, since values would be seen on the way: write https:// in AWS_ENDPOINT_URL")

// watched is the one way on which AWS is asked. What it answers can hold the values of
// variables, so that nothing is asked without TLS but this machine.
type watched struct {
	next  aws.HTTPClient
	watch func(Call) error // nil: nobody is told
}

func (w watched) Do(r *http.Request) (*http.Response, error) {
	host := r.URL.Hostname()
	if at, err := netip.ParseAddr(host); r.URL.Scheme != "https" && host != "localhost" && (err != nil || !at.IsLoopback()) {
		return nil, fmt.Errorf("%s %w", r.URL.Host, errOpen)
	}
	c := Call{Service: middleware.GetServiceID(r.Context()), Action: middleware.GetOperationName(r.Context())}
	if err := w.tell(c); err != nil {
		return nil, err
	}
	resp, err := w.next.Do(r)
	if err == nil {
		c.Done = true
		if err = w.tell(c); err != nil {
			resp.Body.Close()
			return nil, err
		}
	}
	return resp, err
}

func (w watched) tell(c Call) error {
	if w.watch == nil {
		return nil
	}
	return w.watch(c)
}

const (
	// maxTries bounds how often one request is made where AWS fails to answer, and
	// maxThrottled where it is asked too often: its buckets fill within seconds.
	maxTries, maxThrottled = 5, 10
	// maxUnknown bounds how often a service is asked to use a role that was made just
	// now: IAM's changes reach the others within seconds, at times a minute (IAM User
	// Guide, "Changes that I make are not always immediately visible").
	maxUnknown = 12
	longest    = 20 * time.Second
)

var (
	throttles  = retry.IsErrorThrottles(retry.DefaultThrottles)
	retryables = retry.IsErrorRetryables(retry.DefaultRetryables)
)

// ask makes a request until there is an answer to give. A request whose reply was lost
// is made again: each caller knows its own work when it meets it.
func ask[T any](ctx context.Context, t *Tools, call func() (T, error)) (T, error) {
	for tries := 1; ; tries++ {
		out, err := call()
		if err == nil || ctx.Err() != nil || errors.Is(err, errOpen) {
			return out, err
		}
		response, _ := errors.AsType[*awshttp.ResponseError](err)
		often := throttles.IsErrorThrottle(err) == aws.TrueTernary || response != nil && response.HTTPStatusCode() == http.StatusTooManyRequests
		again, why := false, ""
		switch {
		case often:
			again, why = tries < maxThrottled, "AWS limits how often it is asked"
		case notYet(err):
			again, why = tries < maxUnknown, "AWS does not know the new role everywhere yet"
		case retryables.IsErrorRetryable(err) == aws.TrueTernary:
			again, why = tries < maxTries, "AWS does not answer"
		}
		if !again {
			return out, err
		}
		if err := t.wait(ctx, min(longest, time.Second<<min(tries-1, 5)), why); err != nil {
			return out, err
		}
	}
}

// notYet tells that a service has not heard of a role or profile that was made just now.
func notYet(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	words := e.ErrorMessage()
	return e.ErrorCode() == "InvalidParameterValueException" && strings.Contains(words, "cannot be assumed by Lambda") ||
		e.ErrorCode() == "InvalidParameterValue" && strings.Contains(words, "Invalid IAM Instance Profile") ||
		strings.Contains(words, "Role provided in the request does not exist") // EKS
}

// codeOf is AWS' code of an error, "" of others.
func codeOf(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// is tells an error by its code.
func is(err error, codes ...string) bool {
	for _, c := range codes {
		if err != nil && codeOf(err) == c {
			return true
		}
	}
	return false
}

// denied tells that a policy does not allow the caller something.
func denied(err error) bool {
	return is(err, "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
}
