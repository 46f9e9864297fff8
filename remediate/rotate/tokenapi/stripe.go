package tokenapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

// Stripe is API keys (https://docs.stripe.com/keys). People roll and revoke them, in the
// dashboard, with a time at which the old one ends.
type Stripe struct{ api *rest.Client }

var _ API = (*Stripe)(nil)

// NewStripe asks api.stripe.com.
func NewStripe(o Options) (*Stripe, error) {
	api, err := o.client("https://api.stripe.com", "Bearer ", nil)
	return &Stripe{api}, err
}

// Identify tells a key's account. A restricted key may not be allowed to ask: then the
// error is an ErrUntold.
func (s *Stripe) Identify(ctx context.Context, token leak.Secret) (Identity, error) {
	var a struct {
		ID       string `json:"id"`
		Settings struct {
			Dashboard struct {
				Name string `json:"display_name"`
			} `json:"dashboard"`
		} `json:"settings"`
	}
	if _, err := s.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: "v1/account", Into: &a, As: token}); err != nil {
		return Identity{}, dead(err)
	}
	name := a.Settings.Dashboard.Name
	if name == "" {
		name = a.ID
	}
	return Identity{ID: a.ID + mode(token), Name: name}, nil
}

// mode tells live keys of an account from its test keys.
func mode(token leak.Secret) string {
	if begins(token, "sk_live_", "rk_live_") {
		return " live"
	}
	return " test"
}

// Alive asks for the account, which changes nothing.
func (s *Stripe) Alive(ctx context.Context, token leak.Secret) (bool, error) {
	_, err := s.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: "v1/account", As: token})
	return accepted(err)
}

// Revoke is a person's to do, unless the key does not work any more.
func (s *Stripe) Revoke(ctx context.Context, token leak.Secret) error {
	if alive, err := s.Alive(ctx, token); err != nil || !alive {
		return err
	}
	return &Human{What: "roll or revoke the key", Where: "https://dashboard.stripe.com/apikeys", Why: "Stripe has no API for it; a roll takes a time at which the old key ends"}
}

func isDead(err error) bool { return errors.Is(err, ErrDead) }
