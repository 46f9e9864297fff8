package tokenapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// NPM is access tokens of npm's registry. They are made on its site, or by its command
// line with a one-time password; where packages can be published by a CI system's own
// identity (trusted publishing), no token is needed.
type NPM struct{ api *rest.Client }

var _ API = (*NPM)(nil)

// NewNPM asks npm's own registry, or another one of the same API.
func NewNPM(o Options) (*NPM, error) {
	api, err := o.client("https://registry.npmjs.org", "Bearer ", nil)
	return &NPM{api}, err
}

// Identify tells a token's user, as `npm whoami` does.
func (n *NPM) Identify(ctx context.Context, token leak.Secret) (Identity, error) {
	var u struct {
		Username string `json:"username"`
	}
	if _, err := n.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: "-/whoami", Into: &u, As: token}); err != nil {
		return Identity{}, dead(err)
	}
	if u.Username == "" { // what some registries answer to a token that they do not know
		return Identity{}, ErrDead
	}
	return Identity{ID: u.Username, Name: u.Username}, nil
}

// Alive asks whose the token is.
func (n *NPM) Alive(ctx context.Context, token leak.Secret) (bool, error) {
	_, err := n.Identify(ctx, token)
	switch {
	case isDead(err):
		return false, nil
	case errors.Is(err, ErrUntold):
		return true, nil
	}
	return err == nil, err
}

const npmPage = "https://www.npmjs.com/settings/~/tokens"

// Revoke ends a token, as `npm token revoke` does: by the key that the list of tokens has
// for it, or by itself where it may not see the list.
func (n *NPM) Revoke(ctx context.Context, token leak.Secret) error {
	if alive, err := n.Alive(ctx, token); err != nil || !alive {
		return err
	}
	key, err := n.key(ctx, token)
	if err != nil {
		return err
	}
	_, err = n.api.Do(ctx, rest.Call{Method: http.MethodDelete, Path: "-/npm/v1/tokens/token/" + url.PathEscape(key), As: token, Hide: []leak.Secret{token}})
	if e, ok := errors.AsType[*rest.Error](err); ok && !e.Limited() {
		switch e.Status {
		case http.StatusUnauthorized, http.StatusForbidden:
			if alive, looked := n.Alive(ctx, token); looked == nil && !alive { // an earlier try, whose answer was lost, did it
				return nil
			}
			return &Human{What: "revoke the token", Where: npmPage, Why: "npm wants a one-time password for it, or does not let this token do it"}
		case http.StatusNotFound:
			err = nil
		}
	}
	if err != nil {
		return err
	}
	if alive, err := n.Alive(ctx, token); err != nil || !alive {
		return err
	}
	return &Human{What: "revoke the token", Where: npmPage, Why: "npm says that it was revoked, and it still works"}
}

// telling is how much of a token has to be shown for it to be this one, should the list
// not have ours: "npm_" and four of 62 characters, one in 14 million.
const telling = 8

// key is what the registry calls a token: its list shows the beginning of each, which is
// enough where one alone begins so.
func (n *NPM) key(ctx context.Context, token leak.Secret) (string, error) {
	text, found := store.Plain(token), []string{}
	for path := "-/npm/v1/tokens?perPage=100"; path != ""; {
		var list struct {
			Objects []struct{ Key, Token string } `json:"objects"`
			URLs    struct{ Next string }         `json:"urls"`
		}
		_, err := n.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: path, Into: &list, As: token, Hide: []leak.Secret{token}})
		switch rest.StatusOf(err) {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
			return text, nil
		}
		if err != nil {
			return "", err
		}
		for _, o := range list.Objects {
			if beginning := strings.TrimRight(o.Token, "….*"); len(beginning) >= telling && strings.HasPrefix(text, beginning) {
				found = append(found, o.Key)
			}
		}
		path = strings.TrimPrefix(list.URLs.Next, "/")
	}
	if len(found) == 1 && found[0] != "" {
		return found[0], nil
	}
	return text, nil
}
