package main

import (
	"context"
	"errors"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/token"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
)

// tokenSettings are the own settings of tokens' rotators.
type tokenSettings struct {
	URL     string              `yaml:"url"`     // of an instance of one's own
	Admin   consumer.Credential `yaml:"admin"`   // who makes or revokes tokens: env:NAME or a reference
	Project string              `yaml:"project"` // GitLab's, by path or number
	Group   string              `yaml:"group"`
	Days    int                 `yaml:"days"` // until a new token ends
}

// handMade are the tokens that only a person makes, and where.
var handMade = map[string]struct {
	page string
	api  func(o tokenapi.Options, admin leak.Secret) (tokenapi.API, error)
}{
	"github-token": {"https://github.com/settings/tokens", func(o tokenapi.Options, admin leak.Secret) (tokenapi.API, error) { return tokenapi.NewGitHub(o, admin) }},
	"slack-token":  {"https://api.slack.com/apps (OAuth & Permissions, reinstall)", func(o tokenapi.Options, _ leak.Secret) (tokenapi.API, error) { return tokenapi.NewSlack(o) }},
	"npm-token":    {"https://www.npmjs.com/settings (Access Tokens)", func(o tokenapi.Options, _ leak.Secret) (tokenapi.API, error) { return tokenapi.NewNPM(o) }},
	"stripe-key":   {"https://dashboard.stripe.com/apikeys", func(o tokenapi.Options, _ leak.Secret) (tokenapi.API, error) { return tokenapi.NewStripe(o) }},
}

// tokenRotators are the tokens' kinds.
func tokenRotators() map[string]openRotator {
	all := map[string]openRotator{token.GitLabOwned: gitLabOwned, token.GitLabSelf: gitLabSelf}
	for kind, h := range handMade {
		all[kind] = func(ctx context.Context, k kinds, s rotate.Settings) (rotate.Rotator, error) {
			own, admin, err := tokensOf(ctx, k, s)
			if err != nil {
				return nil, err
			}
			api, err := h.api(tokenapi.Options{URL: own.URL}, admin)
			return token.NewByHand(kind, h.page, api), err
		}
	}
	return all
}

func gitLabOwned(ctx context.Context, k kinds, s rotate.Settings) (rotate.Rotator, error) {
	own, admin, err := tokensOf(ctx, k, s)
	if err != nil {
		return nil, err
	}
	if (own.Project == "") == (own.Group == "") || admin.IsZero() {
		return nil, errors.New("say whose the token is (`with: {project: …}` or group), and who makes another one (`admin: env:NAME`, a maintainer's token with the scope api)")
	}
	api, err := tokenapi.NewGitLab(tokenapi.Options{URL: own.URL})
	return token.NewGitLab(api, tokenapi.Owner{Project: own.Project, Group: own.Group, Admin: admin}, own.Days), err
}

func gitLabSelf(ctx context.Context, k kinds, s rotate.Settings) (rotate.Rotator, error) {
	own, _, err := tokensOf(ctx, k, s)
	if err != nil {
		return nil, err
	}
	api, err := tokenapi.NewGitLab(tokenapi.Options{URL: own.URL})
	return token.NewSelfRotating(api, own.Days), err
}

func tokensOf(ctx context.Context, k kinds, s rotate.Settings) (own tokenSettings, admin leak.Secret, err error) {
	if err = s.Own(&own); err != nil || own.Admin.IsZero() {
		return own, admin, err
	}
	admin, err = own.Admin.Value(ctx, k.options())
	return own, admin, err
}
