// Package token rotates tokens: those that only a person can make (GitHub, Slack, npm,
// Stripe), and those that an API makes (a project's or group's of GitLab).
//
// Its promises: a token that a person gives is used only if it is the same account's,
// may do what the old one may, and is not the old one; the old one is revoked where an
// API can, and asked about until its issuer refuses it; where only a person can revoke
// it, the rotation waits for that, and is not called done before.
//
// Its limits: issuers do not tell who uses a token, so nobody is seen with the old one:
// the dwell is the only guard. Asking whether the old one works is using it.
package token

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
)

// ByHand rotates tokens that only a person can make.
type ByHand struct {
	kind string
	make string // where a person makes one
	api  tokenapi.API
}

// NewByHand is the rotator of an issuer's tokens; page is where a person makes one.
func NewByHand(kind, page string, api tokenapi.API) *ByHand { return &ByHand{kind, page, api} }

// Traits are the kind's.
func (r *ByHand) Traits() rotate.Traits {
	return rotate.Traits{Kind: r.kind, Chooser: rotate.Person, Parts: []string{rotate.Token}, Overlap: true,
		Risk: "you make it at " + r.make + ", with the scopes that are named above and no others, and give it with --stdin; a revoked token never comes back"}
}

// Inspect asks the issuer whose the token is.
func (r *ByHand) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	return inspect(ctx, r.api, r.kind, old)
}

func inspect(ctx context.Context, api tokenapi.API, kind string, old rotate.Credential) (rotate.Subject, error) {
	i, err := api.Identify(ctx, old[rotate.Token])
	switch {
	case errors.Is(err, tokenapi.ErrDead):
		return rotate.Subject{}, rotate.Refuse("it is harmless; store a new one in its place, and take this one out", "the %s in the store is accepted by nobody any more", kind)
	case errors.Is(err, tokenapi.ErrUntold):
		return rotate.Subject{ID: "a " + kind, Owner: kind, Status: rotate.Live, Notes: []string{"the issuer does not tell whose the token is: make sure that the new one is the same account's"}}, nil
	case err != nil:
		return rotate.Subject{}, err
	}
	s := rotate.Subject{ID: named(kind, i), Owner: i.Name, Status: rotate.Live}
	if i.Scopes != nil {
		s.Notes = append(s.Notes, "its scopes: "+strings.Join(i.Scopes, ", "))
	}
	if !i.Expires.IsZero() {
		s.Notes = append(s.Notes, "it expires "+i.Expires.Format(time.RFC3339))
	}
	return s, nil
}

func named(kind string, i tokenapi.Identity) string {
	if i.Token != "" {
		return kind + " " + i.Token + " of " + i.Name
	}
	return kind + " of " + i.Name
}

func (r *ByHand) Next(context.Context, rotate.Credential, string) (rotate.Credential, error) {
	return nil, errors.New("a person makes it")
}

// Provision looks at the token that a person made.
func (r *ByHand) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	if p.New.Equal(p.Old) {
		return nil, errors.New("that is the old token: make a new one")
	}
	fresh, err := r.api.Identify(ctx, p.New[rotate.Token])
	if errors.Is(err, tokenapi.ErrDead) {
		return nil, errors.New("the issuer does not accept that token: copy it once more, the whole of it")
	}
	if err != nil && !errors.Is(err, tokenapi.ErrUntold) {
		return nil, err
	}
	old, oldErr := r.api.Identify(ctx, p.Old[rotate.Token])
	if err != nil || oldErr != nil { // whose they are is not told, or the old one is dead meanwhile
		return p.New, nil
	}
	if fresh.ID != old.ID {
		return nil, fmt.Errorf("that token is %s's (%s), and the old one %s's (%s): sign in as that one, and make it there", fresh.Name, fresh.ID, old.Name, old.ID)
	}
	if lacks := fresh.Lacks(old); len(lacks) > 0 {
		return nil, fmt.Errorf("that token lacks the scopes %s, which the old one has: what uses it would fail", strings.Join(lacks, ", "))
	}
	if more := old.Lacks(fresh); len(more) > 0 {
		return nil, fmt.Errorf("that token has the scopes %s, which the old one has not: make one with those that are needed, and revoke this one", strings.Join(more, ", "))
	}
	return p.New, nil
}

func (r *ByHand) Verify(ctx context.Context, c rotate.Credential) error {
	return verify(ctx, r.api, c)
}

func verify(ctx context.Context, api tokenapi.API, c rotate.Credential) error {
	alive, err := api.Alive(ctx, c[rotate.Token])
	if err == nil && !alive {
		err = fmt.Errorf("the issuer does not accept the token: %w", rotate.ErrNotYet)
	}
	return err
}

func (r *ByHand) Status(ctx context.Context, old rotate.Credential) (rotate.Status, error) {
	return status(ctx, r.api, old)
}

func status(ctx context.Context, api tokenapi.API, old rotate.Credential) (rotate.Status, error) {
	alive, err := api.Alive(ctx, old[rotate.Token])
	switch {
	case err != nil:
		return rotate.Unknown, err
	case alive:
		return rotate.Live, nil
	}
	return rotate.Gone, nil
}

// Uses are not told by issuers.
func (r *ByHand) Uses(context.Context, rotate.Credential, time.Time) ([]rotate.Use, error) {
	return nil, nil
}

var errNoState = errors.New("a token can only be revoked, for good")

func (r *ByHand) Deactivate(context.Context, rotate.Credential, rotate.Credential) error {
	return errNoState
}
func (r *ByHand) Reactivate(context.Context, rotate.Credential) error { return errNoState }

// Delete revokes the old token, or waits until a person has.
func (r *ByHand) Delete(ctx context.Context, old, now rotate.Credential) error {
	if old.Equal(now) {
		return errors.New("the old token is the new one: nothing is revoked")
	}
	return revoke(ctx, r.api, old[rotate.Token])
}

func revoke(ctx context.Context, api tokenapi.API, t leak.Secret) error {
	err := api.Revoke(ctx, t)
	human, byHand := errors.AsType[*tokenapi.Human](err)
	if !byHand {
		return err
	}
	if alive, err := api.Alive(ctx, t); err != nil || !alive {
		return err
	}
	return &act.Wait{For: human.Error() + "; then resume"}
}

// Withdraw revokes the token that was made for nothing.
func (r *ByHand) Withdraw(ctx context.Context, p rotate.Provision) error {
	if len(p.New) == 0 || p.New.Equal(p.Old) {
		return nil
	}
	return revoke(ctx, r.api, p.New[rotate.Token])
}
