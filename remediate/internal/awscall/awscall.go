// Package awscall is what the drivers of AWS's two stores have in common: how they find
// an identity, which account and region they reach, and what AWS's errors mean.
package awscall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/oakum-sec/oakum/remediate/store"
)

// Load finds credentials in the SDK's standard chain: environment, shared files,
// single sign-on, web identity, container, instance. Of query it takes region, profile
// and role, the ARN of one to assume.
func Load(ctx context.Context, query url.Values) (aws.Config, error) {
	opts := []func(*config.LoadOptions) error{config.WithRetryMaxAttempts(1)} // a Store retries, and looks before it does
	if r := query.Get("region"); r != "" {
		opts = append(opts, config.WithRegion(r))
	}
	if p := query.Get("profile"); p != "" {
		opts = append(opts, config.WithSharedConfigProfile(p))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return cfg, fmt.Errorf("find AWS's configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, errors.New("say which region: set AWS_REGION, or add ?region=eu-west-1")
	}
	cfg.HTTPClient = Whole(cfg.HTTPClient)
	if role := query.Get("role"); role != "" {
		p := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "oakum-remediate" })
		cfg.Credentials = aws.NewCredentialsCache(p)
	}
	return cfg, nil
}

// Account is an account in a region, whose number is asked for once.
type Account struct {
	Region string
	cfg    aws.Config
	lock   sync.Mutex
	number string
}

// In is the account that cfg's identity belongs to.
func In(cfg aws.Config) *Account { return &Account{Region: cfg.Region, cfg: cfg} }

// Identity names the account and region, as a plan is bound to them.
func (a *Account) Identity(ctx context.Context) (string, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.number == "" {
		who, err := sts.NewFromConfig(a.cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", Failed(err)
		}
		a.number = aws.ToString(who.Account)
	}
	return "AWS account " + a.number + " region " + a.Region, nil
}

// codes are AWS's error codes that both services have, by their API references
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html).
var codes = map[string]store.Code{
	"ResourceNotFoundException": store.NotFound, "ParameterNotFound": store.NotFound, "ParameterVersionNotFound": store.NotFound, "InvalidResourceId": store.NotFound,
	"ResourceExistsException": store.AlreadyExists, "ParameterAlreadyExists": store.AlreadyExists,
	"AccessDeniedException": store.PermissionDenied, "AccessDenied": store.PermissionDenied, "NotAuthorized": store.PermissionDenied, "OptInRequired": store.PermissionDenied,
	"EncryptionFailure": store.PermissionDenied, "DecryptionFailure": store.PermissionDenied, // KMS keys that this identity may not use, or that are disabled
	"UnrecognizedClientException": store.Unauthenticated, "InvalidClientTokenId": store.Unauthenticated, "IncompleteSignature": store.Unauthenticated,
	"SignatureDoesNotMatch": store.Unauthenticated, "ExpiredTokenException": store.Unauthenticated, "ExpiredToken": store.Unauthenticated,
	"MissingAuthenticationTokenException": store.Unauthenticated, "InvalidSignatureException": store.Unauthenticated,
	"ThrottlingException": store.Throttled, "Throttling": store.Throttled, "TooManyUpdates": store.Throttled, "RequestLimitExceeded": store.Throttled, "LimitExceededException": store.Unsupported,
	"InternalServiceError": store.Unavailable, "InternalServerError": store.Unavailable, "InternalFailure": store.Unavailable, "ServiceUnavailable": store.Unavailable, "RequestTimeout": store.Unavailable,
	"InvalidParameterException": store.InvalidArgument, "InvalidRequestException": store.InvalidArgument, "ValidationException": store.InvalidArgument, "InvalidKeyId": store.InvalidArgument,
	"MalformedPolicyDocumentException": store.InvalidArgument, "ParameterLimitExceeded": store.Unsupported, "ParameterMaxVersionLimitExceeded": store.Unsupported,
	"HierarchyLevelLimitExceededException": store.InvalidArgument, "PreconditionNotMetException": store.Conflict,
}

// Failed gives an error of AWS's its code.
func Failed(err error) error {
	if err == nil {
		return nil
	}
	if store.CodeOf(err) != store.Unknown {
		return err
	}
	return store.Fail(code(err), err)
}

func code(err error) store.Code {
	if canceled, ok := errors.AsType[*aws.RequestCanceledError](err); ok && canceled != nil {
		return store.Canceled
	}
	answer, answered := errors.AsType[*smithyhttp.ResponseError](err)
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		// Newer services put a prefix or a suffix around the name: "com.amazonaws…#Name", "Name:http://…".
		name, _, _ := strings.Cut(e.ErrorCode()[strings.LastIndex(e.ErrorCode(), "#")+1:], ":")
		if c, known := codes[name]; known {
			return c
		}
	}
	if torn(err) {
		return store.Unavailable
	}
	if answered && answer.HTTPStatusCode() != 0 { // 0: the connection ended before an answer
		switch s := answer.HTTPStatusCode(); {
		case s == 429:
			return store.Throttled
		case s >= 500:
			return store.Unavailable
		case s == 401 || s == 403:
			return store.PermissionDenied
		case s < 300: // something between AWS and us answered
			return store.Unavailable
		}
		return store.Unknown
	}
	if signing, ok := errors.AsType[*smithy.OperationError](err); ok && strings.Contains(signing.Err.Error(), "get credentials") {
		return store.Unauthenticated
	}
	return store.Unavailable
}

// torn tells that the connection ended in the middle of an answer: whether the request
// was done nobody knows, whatever the status.
func torn(err error) bool {
	_, ended := errors.AsType[*net.OpError](err)
	return ended || errors.Is(err, io.ErrUnexpectedEOF)
}
