// Package tokenapi asks the issuers of tokens three things: whose a token is, whether it
// works, and to revoke it. GitHub, GitLab, Slack, npm and Stripe, by their documented
// APIs, with a token that is about to be retired or has just been made.
//
// Its promises:
//
//   - [API.Alive] answers false only where the issuer says that it does not accept the
//     token; where nobody answers, or the token may not be used for this question, that
//     is not the same.
//   - [API.Revoke] may be called again: it looks first, and a token that does not work
//     any more is revoked.
//   - What can be done only once is done once ([GitLab.RotateSelf]), and a lost answer is
//     an [ErrLost], never another try.
//   - No error holds a token.
//
// Its limits: using a token is using it, and shows in its issuer's list as its last use.
// A canary's owner is told of it: whoever calls knows which tokens are canaries.
package tokenapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// API is an issuer of tokens.
type API interface {
	// Identify tells whose a token is. ErrDead: the issuer does not accept it.
	Identify(ctx context.Context, token leak.Secret) (Identity, error)
	// Alive tells whether the issuer accepts a token.
	Alive(ctx context.Context, token leak.Secret) (bool, error)
	// Revoke ends a token for good. Where only a person can, the error is a *Human.
	Revoke(ctx context.Context, token leak.Secret) error
}

// Identity is whose a token is, and what it may do, as far as its issuer tells.
type Identity struct {
	ID      string    // of the account that it acts for: stays the same from token to token
	Name    string    // of that, for people
	Token   string    // the token's own id, "" where the issuer tells none
	Scopes  []string  // sorted; nil where the issuer does not tell
	Expires time.Time // zero: never, or not told
}

// Lacks are the scopes that other has and i does not; none where either is not told.
func (i Identity) Lacks(other Identity) (missing []string) {
	if i.Scopes == nil || other.Scopes == nil {
		return nil
	}
	has := map[string]bool{}
	for _, s := range i.Scopes {
		has[s] = true
	}
	for _, s := range other.Scopes {
		if !has[s] {
			missing = append(missing, s)
		}
	}
	return missing
}

var (
	// ErrDead is that the issuer does not accept a token.
	ErrDead = errors.New("the issuer does not accept the token")
	// ErrLost is that a token was made, and its value never came here: nobody has it.
	// The call that made it must not be tried again.
	ErrLost = errors.New("LOST: a new token was made, and its value never came; nobody has it")
	// ErrUntold is that the issuer accepts a token, and does not tell it whose it is.
	ErrUntold = errors.New("the issuer accepts the token, and does not tell whose it is")
)

// Human is what only a person can do.
type Human struct {
	What  string // "revoke the token"
	Where string // an address
	Why   string
}

func (h *Human) Error() string {
	s := "a person has to " + h.What + " at " + h.Where
	if h.Why != "" {
		s += ": " + h.Why
	}
	return s
}

// Options say how an issuer is asked.
type Options struct {
	URL       string            // "": the vendor's own
	Transport http.RoundTripper // nil is http.DefaultTransport
	// Pause waits between tries; nil is real time.
	Pause func(ctx context.Context, d time.Duration) error
}

func (o Options) client(vendor, scheme string, header http.Header) (*rest.Client, error) {
	if o.URL == "" {
		o.URL = vendor
	}
	if header == nil {
		header = http.Header{}
	}
	header.Set("User-Agent", "oakum")
	return rest.New(rest.Options{URL: o.URL, Scheme: scheme, Header: header, Transport: o.Transport, Pause: o.Pause})
}

func (o Options) wait(ctx context.Context, d time.Duration) error {
	if o.Pause != nil {
		return o.Pause(ctx, d)
	}
	return pause.For(ctx, d)
}

// accepted tells what an answer to a question says of the token that it was asked with:
// 401 is that it is not accepted, 403 that it is and may not ask.
func accepted(err error) (bool, error) {
	if e, ok := errors.AsType[*rest.Error](err); ok && !e.Limited() {
		switch e.Status {
		case http.StatusUnauthorized:
			return false, nil
		case http.StatusForbidden:
			return true, nil
		}
	}
	return err == nil, err
}

// dead is err as Identify has it.
func dead(err error) error {
	if ok, e := accepted(err); !ok && e == nil {
		return fmt.Errorf("%w (it expired, was revoked, or is not this server's)", ErrDead)
	}
	if e, ok := errors.AsType[*rest.Error](err); ok && e.Status == http.StatusForbidden && !e.Limited() {
		return fmt.Errorf("%w: %w", ErrUntold, err)
	}
	return err
}

// maxRevoking is how long an issuer may take to put a revocation in force that it has
// accepted. GitHub's answer is 202, and its page names no time; it is seconds as a rule.
const maxRevoking = 10 * time.Minute

// gone waits until a token does not work any more.
func gone(ctx context.Context, a API, o Options, token leak.Secret) error {
	for waited, d := time.Duration(0), time.Second; ; d = min(2*d, time.Minute) {
		alive, err := a.Alive(ctx, token)
		if err != nil || !alive {
			return err
		}
		if waited >= maxRevoking {
			return fmt.Errorf("the revocation was accepted %s ago, and the token still works: look at it at its issuer", maxRevoking)
		}
		if err := o.wait(ctx, d); err != nil {
			return err
		}
		waited += d
	}
}

// begins tells how a token begins; its kinds differ in that.
func begins(token leak.Secret, prefixes ...string) bool {
	text := store.Plain(token)
	for _, p := range prefixes {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}
