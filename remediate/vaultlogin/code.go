package vaultlogin

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/remediate/store"
)

// CodeOf is what an error of Vault's client means
// (https://developer.hashicorp.com/vault/api-docs#http-status-codes).
func CodeOf(err error) store.Code {
	if err == nil {
		return store.OK
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return store.Canceled
	}
	answer, ok := errors.AsType[*api.ResponseError](err)
	if !ok {
		return store.Unavailable // nobody answered
	}
	text := strings.Join(answer.Errors, " ")
	switch s := answer.StatusCode; {
	case s == http.StatusBadRequest && strings.Contains(text, "check-and-set"):
		return store.Conflict
	case s == http.StatusBadRequest:
		return store.InvalidArgument
	case s == http.StatusForbidden && strings.Contains(text, "invalid token"): // "permission denied" is what follows in the list
		return store.Unauthenticated
	case s == http.StatusForbidden:
		return store.PermissionDenied
	case s == http.StatusNotFound:
		return store.NotFound
	case s == http.StatusRequestEntityTooLarge:
		return store.TooLarge
	case s == http.StatusTooManyRequests:
		return store.Throttled
	case s == http.StatusMethodNotAllowed:
		return store.Unsupported
	case s == http.StatusPreconditionFailed || s >= 500: // 412: a standby that has not caught up yet
		return store.Unavailable
	}
	return store.Unknown
}

// Brief is an error of Vault's client in one line, without the request: what Vault
// answered. It means what the error meant.
func Brief(err error) error {
	answer, ok := errors.AsType[*api.ResponseError](err)
	if !ok {
		return err
	}
	text := strings.Join(strings.Fields(strings.Join(answer.Errors, " ")), " ")
	if text == "" {
		text = "Vault answers " + http.StatusText(answer.StatusCode)
	}
	return &brief{text, answer}
}

type brief struct {
	text   string
	answer *api.ResponseError
}

func (b *brief) Error() string { return b.text }
func (b *brief) Unwrap() error { return b.answer }
