package awssource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/oakum-sec/oakum/leak"
)

// What AWS answers where the credentials themselves are not accepted
// (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
var notAccepted = []string{
	"AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId",
	"InvalidSignatureException", "MissingAuthenticationToken", "OptInRequired", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
}

// denied tells whether AWS would answer if a policy allowed the action. Codes differ
// by service; the status is the same in all.
func denied(err error) bool {
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && response.HTTPStatusCode() == http.StatusForbidden || slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation"}, code(err))
}

func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// reason says why something was not given. AWS's own words stay out: they name the
// caller, and are anything where the endpoint is not AWS's.
func reason(action string, err error) string {
	response, answered := errors.AsType[*awshttp.ResponseError](err)
	answered = answered && response.HTTPStatusCode() > 0 // else it was not even sent
	switch c := code(err); {
	case slices.Contains(notAccepted, c):
		return "the credentials are not accepted (" + c + "): they expired, were deleted, or the region is not enabled for the account"
	case denied(err):
		return "the credentials may not: a policy has to allow " + action
	case c != "" && c != "UnknownError":
		return "AWS answers " + c + " to " + action
	case answered && response.HTTPStatusCode() >= 400:
		return fmt.Sprintf("AWS answers %d to %s", response.HTTPStatusCode(), action)
	case answered:
		return "what is answered to " + action + " is none of AWS's answers, or is cut short: is AWS_ENDPOINT_URL right?"
	}
	return lastOf(err)
}

// lastOf is the innermost error's words, without the SDK's operation and client names.
func lastOf(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// refused tells that something of scope could not be read.
func (w *walk) refused(ctx context.Context, scope, what, action string, err error) {
	switch {
	case ctx.Err() != nil: // the scan's end, not ours to tell
		w.done = true
	case errors.Is(err, errTooLong):
		w.gap(all(scope), leak.Failure, leak.GapLimit, fmt.Errorf("%s: %w", what, err))
		w.done = true
	default:
		w.gap(all(scope), leak.Failure, leak.GapUnreadable, fmt.Errorf("%s: %s", what, reason(action, err)))
	}
}

// refusals are resources of one kind that could not be described. Where a policy does
// not allow it, that is the same for all of them, and told once.
type refusals struct {
	scope, what, action string
	names               []string
	first               error
}

// add takes a refusal, and tells it now where it is not one of many.
func (r *refusals) add(ctx context.Context, w *walk, name string, err error) {
	if ctx.Err() == nil && denied(err) {
		if r.names = append(r.names, name); r.first == nil {
			r.first = err
		}
		return
	}
	w.refused(ctx, r.scope+"/"+name, r.what, r.action, err)
}

// tell tells of those that were not told yet.
func (r *refusals) tell(ctx context.Context, w *walk) {
	if len(r.names) == 0 {
		return
	}
	named := r.names[:min(3, len(r.names))]
	what := fmt.Sprintf("%s of %s", r.what, strings.Join(named, ", "))
	if more := len(r.names) - len(named); more > 0 {
		what += fmt.Sprintf(" and %d more", more)
	}
	w.refused(ctx, r.scope, what, r.action, r.first)
}
