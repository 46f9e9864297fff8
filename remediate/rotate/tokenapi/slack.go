package tokenapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

// Slack is tokens of bots and users (https://docs.slack.dev/authentication/tokens). New
// ones come of installing the app again.
type Slack struct{ api *rest.Client }

var _ API = (*Slack)(nil)

// NewSlack asks slack.com.
func NewSlack(o Options) (*Slack, error) {
	api, err := o.client("https://slack.com/api", "Bearer ", nil)
	return &Slack{api}, err
}

// answer is what every method says; whether it was done stands in ok, not in the status.
type slackAnswer struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Team    string `json:"team"`
	TeamID  string `json:"team_id"`
	User    string `json:"user"`
	UserID  string `json:"user_id"`
	BotID   string `json:"bot_id"`
	Revoked bool   `json:"revoked"`
}

// notAccepted are the answers to a token that does not work
// (https://docs.slack.dev/reference/methods/auth.test).
var notAccepted = []string{"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}

func (s *Slack) call(ctx context.Context, method string, token leak.Secret) (a slackAnswer, h http.Header, err error) {
	answer, err := s.api.Do(ctx, rest.Call{Method: http.MethodPost, Path: method, Form: url.Values{}, Into: &a, As: token})
	switch {
	case err != nil:
		return a, answer.Header, err
	case a.OK:
		return a, answer.Header, nil
	case slices.Contains(notAccepted, a.Error):
		return a, answer.Header, fmt.Errorf("%w: Slack answers %s", ErrDead, a.Error)
	}
	return a, answer.Header, fmt.Errorf("Slack answers %s to %s", a.Error, method)
}

// Identify tells a token's team and user, and the scopes that it has.
func (s *Slack) Identify(ctx context.Context, token leak.Secret) (Identity, error) {
	a, h, err := s.call(ctx, "auth.test", token)
	if err != nil {
		return Identity{}, err
	}
	return Identity{ID: a.TeamID + "/" + a.UserID, Name: a.User + " of " + a.Team, Scopes: scopes(h)}, nil
}

// Alive asks whose the token is.
func (s *Slack) Alive(ctx context.Context, token leak.Secret) (bool, error) {
	_, _, err := s.call(ctx, "auth.test", token)
	if isDead(err) {
		return false, nil
	}
	return err == nil, err
}

// Revoke ends a token at once (https://docs.slack.dev/reference/methods/auth.revoke). A
// bot's end takes the app out of the workspace where it is its last token.
func (s *Slack) Revoke(ctx context.Context, token leak.Secret) error {
	a, _, err := s.call(ctx, "auth.revoke", token)
	if isDead(err) {
		return nil
	}
	if err == nil && !a.Revoked {
		return fmt.Errorf("Slack did not revoke the token, and does not say why")
	}
	return err
}
