package tokenapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// GitHub is GitHub's tokens. They are made by people alone, or by apps.
type GitHub struct {
	api    *rest.Client
	o      Options
	server bool
	admin  leak.Secret
}

var _ API = (*GitHub)(nil)

// NewGitHub asks github.com, or, by o.URL (https://HOST/api/v3), a GitHub Enterprise
// Server. A server's revocations are asked for with a token (admin); github.com's must
// be asked for without one.
func NewGitHub(o Options, admin leak.Secret) (*GitHub, error) {
	if o.URL == "" && !admin.IsZero() {
		return nil, errors.New("github.com revokes tokens for whoever has them, and refuses a request that is authenticated: name no token for that")
	}
	api, err := o.client("https://api.github.com", "Bearer ", http.Header{
		"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"},
	})
	if err != nil {
		return nil, err
	}
	return &GitHub{api: api, o: o, server: !admin.IsZero(), admin: admin}, nil
}

// Identify tells a user's token's user (https://docs.github.com/rest/users/users).
// Classic tokens' scopes are in a header, fine-grained ones' are nowhere.
func (g *GitHub) Identify(ctx context.Context, token leak.Secret) (Identity, error) {
	var u struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
	}
	a, err := g.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: "user", Into: &u, As: token})
	if err != nil {
		return Identity{}, dead(err)
	}
	i := Identity{ID: "user " + strconv.FormatInt(u.ID, 10), Name: u.Login, Scopes: scopes(a.Header)}
	// https://docs.github.com/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation
	for _, layout := range []string{"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
		if t, err := time.Parse(layout, a.Header.Get("Github-Authentication-Token-Expiration")); err == nil {
			i.Expires = t.UTC()
		}
	}
	return i, nil
}

// scopes are those of the header that GitHub and Slack tell them in; nil where there is
// no such header.
func scopes(h http.Header) []string {
	if _, told := h["X-Oauth-Scopes"]; !told {
		return nil
	}
	all := strings.FieldsFunc(h.Get("X-Oauth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(all)
	return append([]string{}, all...)
}

// Alive asks for the token's limits, which any token may and which does not count
// against them (https://docs.github.com/rest/rate-limit/rate-limit).
func (g *GitHub) Alive(ctx context.Context, token leak.Secret) (bool, error) {
	_, err := g.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: "rate_limit", As: token})
	if g.server && rest.StatusOf(err) == http.StatusNotFound { // rate limiting is not enabled
		return true, nil
	}
	return accepted(err)
}

// revocable are the kinds that GitHub revokes for whoever has them
// (https://docs.github.com/rest/credentials/revoke).
var revocable = []string{"ghp_", "github_pat_", "gho_", "ghu_", "ghr_"}

// atOnce is how many tokens one request names (the same page).
const atOnce = 1000

// Revoke ends a token. GitHub tells its owner, and cannot bring it back. An app's
// installation token ends itself.
func (g *GitHub) Revoke(ctx context.Context, token leak.Secret) error {
	if alive, err := g.Alive(ctx, token); err != nil || !alive {
		return err
	}
	if begins(token, "ghs_") {
		_, err := g.api.Do(ctx, rest.Call{Method: http.MethodDelete, Path: "installation/token", As: token})
		if ok, e := accepted(err); !ok && e == nil { // an earlier try, whose answer was lost, did it
			err = nil
		}
		if err != nil {
			return err
		}
	} else if err := g.RevokeAll(ctx, []leak.Secret{token}); err != nil {
		return err
	}
	return gone(ctx, g, g.o, token)
}

// RevokeAll asks for many tokens' end at once: of such requests there may be 60 in an
// hour. It does not wait for it.
func (g *GitHub) RevokeAll(ctx context.Context, tokens []leak.Secret) error {
	for some := range slices.Chunk(tokens, atOnce) {
		body := make([]string, 0, len(some))
		for _, t := range some {
			if !begins(t, revocable...) {
				return &Human{What: "revoke the token", Where: "https://github.com/settings/tokens", Why: "GitHub's API revokes tokens that begin with " + strings.Join(revocable, ", ")}
			}
			body = append(body, store.Plain(t))
		}
		call := rest.Call{Method: http.MethodPost, Path: "credentials/revoke", Body: map[string]any{"credentials": body}, Hide: some}
		if g.server {
			call.As = g.admin
		}
		if _, err := g.api.Do(ctx, call); err != nil {
			if e, ok := errors.AsType[*rest.Error](err); ok && e.Status == http.StatusUnprocessableEntity {
				return fmt.Errorf("%w: it does not take the list, or was asked too often", err)
			}
			return err
		}
	}
	return nil
}
