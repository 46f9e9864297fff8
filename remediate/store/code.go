package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/scrub"
)

// Code is why a call failed. The list is closed: callers switch over it, and every
// driver maps its vendor's errors to it (as google/go-cloud's gcerrors does).
type Code int

const (
	OK               Code = iota
	Unknown               // an error that nobody mapped
	NotFound              // no such name or version
	AlreadyExists         // the name is taken
	Conflict              // another value or version stands there than was expected
	GoneName              // the name belongs to a deleted secret that can be restored
	PermissionDenied      // known, and not allowed; for encryption keys too
	Unauthenticated       // nobody the store knows: no credentials, or expired ones
	InvalidArgument       // the store will never take this
	TooLarge              // more bytes than the store takes
	Throttled             // too many calls: later
	Unavailable           // no answer, or one that says nothing about what happened
	Mismatch              // what was read back is not what was written
	Unsupported           // this store cannot do that
	Canceled              // the caller gave up
)

var codeNames = [...]string{"ok", "unknown", "not found", "already exists", "conflict", "deleted name", "permission denied", "unauthenticated",
	"invalid argument", "too large", "throttled", "unavailable", "mismatch", "unsupported", "canceled"}

func (c Code) String() string {
	if c < 0 || int(c) >= len(codeNames) {
		return fmt.Sprintf("code %d", int(c))
	}
	return codeNames[c]
}

// Retryable tells that the same call may end otherwise a little later.
func (c Code) Retryable() bool { return c == Throttled || c == Unavailable }

// Error is what a Store returns: a code, and words that hold no value. It does not
// unwrap to the vendor's error, which may quote what it was sent.
type Error struct {
	Code Code
	Op   string // "read"
	Kind string // the store's, as far as it is known
	Name string
	text string
}

func (e *Error) Error() string {
	s := e.Op
	if e.Name != "" {
		s += " " + e.Name
	}
	return s + ": " + e.text + " (" + e.Code.String() + ")"
}

// Is lets errors.Is find the end of a context.
func (e *Error) Is(target error) bool {
	return e.Code == Canceled && (target == context.Canceled || target == context.DeadlineExceeded)
}

// failure is what a driver returns: a code, and the vendor's error under it. Only a
// Store sees it.
type failure struct {
	code Code
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// Fail gives a vendor's error its code; a nil error stays nil.
func Fail(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &failure{code, err}
}

// Failf is Fail of a driver's own words.
func Failf(code Code, format string, args ...any) error {
	return &failure{code, fmt.Errorf(format, args...)}
}

// CodeOf is an error's code: OK for nil, Canceled for the end of a context, Unknown
// for what nobody gave one.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return Unknown
}

// failed is err as a caller may see it, without about.
func (s *Store) failed(op, name string, about leak.Secret, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: CodeOf(err), Op: op, Name: name, text: scrub.Text(err.Error(), about)}
}

// call makes a call that may be made twice, again where the store is busy.
func (s *Store) call(ctx context.Context, op, name string, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || !CodeOf(err).Retryable() || attempt >= s.opt.Attempts {
			return s.failed(op, name, leak.Secret{}, err)
		}
		if err := s.opt.Pause(ctx, delay(attempt)); err != nil {
			return s.failed(op, name, leak.Secret{}, err)
		}
	}
}

// delay doubles from 200 ms: five attempts take three seconds, which is longer than
// the usual second that rate limits are counted over.
func delay(attempt int) time.Duration { return 200 * time.Millisecond << (attempt - 1) }
