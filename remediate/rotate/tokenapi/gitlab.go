package tokenapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

// GitLab is GitLab's personal, project and group access tokens
// (https://docs.gitlab.com/api/personal_access_tokens/,
// https://docs.gitlab.com/api/project_access_tokens/).
type GitLab struct {
	api *rest.Client
	o   Options
}

var _ API = (*GitLab)(nil)

// NewGitLab asks gitlab.com, or, by o.URL, an instance, with /api/v4 or without.
func NewGitLab(o Options) (*GitLab, error) {
	if o.URL == "" {
		o.URL = "https://gitlab.com"
	}
	if o.URL = strings.TrimRight(o.URL, "/"); !strings.HasSuffix(o.URL, "/api/v4") {
		o.URL += "/api/v4"
	}
	api, err := o.client("", "Bearer ", nil)
	return &GitLab{api: api, o: o}, err
}

// gitlabToken is a token as GitLab tells of it. Its value is there once, when it is made.
type gitlabToken struct {
	ID      int64    `json:"id"`
	Name    string   `json:"name"`
	User    int64    `json:"user_id"`
	Scopes  []string `json:"scopes"`
	Expires string   `json:"expires_at"` // a day, "" for never
	Active  bool     `json:"active"`
	Revoked bool     `json:"revoked"`
	Level   int      `json:"access_level"` // of a project's or group's
	Token   string   `json:"token"`
}

// day is when a token ends: at the beginning of a day, in UTC.
func day(text string) time.Time {
	t, _ := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))])
	return t
}

// Identify tells of a token by itself. A project's or group's token acts for a user of
// its own, so that its successor has another one.
func (g *GitLab) Identify(ctx context.Context, token leak.Secret) (Identity, error) {
	var t gitlabToken
	if _, err := g.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: "personal_access_tokens/self", Into: &t, As: token}); err != nil {
		return Identity{}, dead(err)
	}
	slices.Sort(t.Scopes)
	i := Identity{ID: "user " + strconv.FormatInt(t.User, 10), Name: t.Name, Token: strconv.FormatInt(t.ID, 10), Scopes: t.Scopes, Expires: day(t.Expires)}
	var u struct {
		Username string `json:"username"`
	}
	switch _, err := g.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: "user", Into: &u, As: token}); {
	case err == nil:
		i.Name = u.Username
	case rest.StatusOf(err) != http.StatusForbidden: // without read_user or api it may not ask
		return Identity{}, dead(err)
	}
	return i, nil
}

// Alive asks for the token itself.
func (g *GitLab) Alive(ctx context.Context, token leak.Secret) (bool, error) {
	_, err := g.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: "personal_access_tokens/self", As: token})
	return accepted(err)
}

// Revoke has a token end itself.
func (g *GitLab) Revoke(ctx context.Context, token leak.Secret) error {
	_, err := g.api.Do(ctx, rest.Call{Method: http.MethodDelete, Path: "personal_access_tokens/self", As: token})
	if ok, e := accepted(err); !ok && e == nil {
		return nil // it was before
	}
	if rest.StatusOf(err) == http.StatusForbidden {
		return &Human{What: "revoke the token", Where: g.page(), Why: "GitLab does not let this token revoke itself"}
	}
	if err != nil {
		return err
	}
	return gone(ctx, g, g.o, token)
}

func (g *GitLab) page() string {
	return "https://" + g.api.Host() + "/-/user_settings/personal_access_tokens"
}

// RotateSelf has a token make its successor, and end at once: programs that have the old
// one fail from now on. It needs the scope api or self_rotate. The call is made exactly
// once. Where its answer is lost the old token is asked: if it still works, nothing was
// done and the error is no ErrLost; if it does not, the new one is lost, and another try
// would end its whole family.
func (g *GitLab) RotateSelf(ctx context.Context, token leak.Secret, expires time.Time) (leak.Secret, error) {
	var t gitlabToken
	body := map[string]string{"expires_at": expires.UTC().Format(time.DateOnly)} // else it is a week
	_, err := g.api.Do(ctx, rest.Call{Method: http.MethodPost, Path: "personal_access_tokens/self/rotate", Body: body, Into: &t, As: token, Once: true})
	if err == nil && t.Token != "" {
		return leak.NewSecret([]byte(t.Token)), nil
	}
	if status := rest.StatusOf(err); status >= 400 && status < 500 {
		return leak.Secret{}, dead(err)
	}
	if err == nil {
		err = errors.New("GitLab answers without the new token")
	}
	alive, looked := g.Alive(context.WithoutCancel(ctx), token)
	switch {
	case looked != nil:
		return leak.Secret{}, fmt.Errorf("%w (or not made: %w; ask with the old token whether it works before anything else: it does if nothing was done)", ErrLost, looked)
	case alive:
		return leak.Secret{}, fmt.Errorf("the token was not rotated, and still works: %w", err)
	}
	return leak.Secret{}, fmt.Errorf("%w: an owner has to make another token by hand at %s", ErrLost, g.page())
}

// Owner is a project or a group, which has tokens of its own.
type Owner struct {
	Project string // its path or number
	Group   string
	Admin   leak.Secret // a token of a maintainer or owner, with the scope api
}

func (o Owner) path() string {
	if o.Group != "" {
		return "groups/" + url.PathEscape(o.Group) + "/access_tokens"
	}
	return "projects/" + url.PathEscape(o.Project) + "/access_tokens"
}

// Wanted is a token that is to be made. Its name is its mark: it holds the rotation's id,
// so that one whose value was lost is found again.
type Wanted struct {
	Name    string
	Scopes  []string
	Level   int // 10 guest … 50 owner
	Expires time.Time
}

// Made is a token that was made.
type Made struct {
	ID      string
	Token   leak.Secret // zero where it is only told of
	Expires time.Time
}

// Like is a token that may do what another one of the owner may, found by its id.
func (g *GitLab) Like(ctx context.Context, o Owner, id string) (Wanted, error) {
	var t gitlabToken
	if _, err := g.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: o.path() + "/" + url.PathEscape(id), Into: &t, As: o.Admin}); err != nil {
		return Wanted{}, err
	}
	return Wanted{Scopes: t.Scopes, Level: t.Level, Expires: day(t.Expires)}, nil
}

// Named are the owner's tokens of a name that work.
func (g *GitLab) Named(ctx context.Context, o Owner, name string) (all []Made, err error) {
	for page := 1; ; page++ {
		var list []gitlabToken
		path := o.path() + "?" + url.Values{"state": {"active"}, "search": {name}, "per_page": {"100"}, "page": {strconv.Itoa(page)}}.Encode()
		if _, err := g.api.Do(ctx, rest.Call{Method: http.MethodGet, Path: path, Into: &list, As: o.Admin}); err != nil {
			return nil, err
		}
		for _, t := range list {
			if t.Name == name && t.Active && !t.Revoked { // search finds parts of names too
				all = append(all, Made{ID: strconv.FormatInt(t.ID, 10), Expires: day(t.Expires)})
			}
		}
		if len(list) < 100 {
			return all, nil
		}
	}
}

// Create makes a token of the owner beside those that there are. One of the same name
// is what an earlier try left, whose value nobody has: it is revoked first.
func (g *GitLab) Create(ctx context.Context, o Owner, w Wanted) (Made, error) {
	if err := g.Withdraw(ctx, o, w.Name); err != nil {
		return Made{}, err
	}
	body := map[string]any{"name": w.Name, "scopes": w.Scopes, "expires_at": w.Expires.UTC().Format(time.DateOnly)}
	if w.Level != 0 {
		body["access_level"] = w.Level
	}
	var t gitlabToken
	_, err := g.api.Do(ctx, rest.Call{Method: http.MethodPost, Path: o.path(), Body: body, Into: &t, As: o.Admin, Once: true})
	if err == nil && t.Token == "" {
		err = errors.New("GitLab answers without the new token")
	}
	if err != nil {
		return Made{}, err // whoever tries again finds what this try may have left
	}
	return Made{ID: strconv.FormatInt(t.ID, 10), Token: leak.NewSecret([]byte(t.Token)), Expires: day(t.Expires)}, nil
}

// Withdraw revokes all of the owner's tokens of a name.
func (g *GitLab) Withdraw(ctx context.Context, o Owner, name string) error {
	left, err := g.Named(ctx, o, name)
	if err != nil {
		return err
	}
	for _, t := range left {
		if err := g.RevokeID(ctx, o, t.ID); err != nil {
			return err
		}
	}
	return nil
}

// RevokeID revokes one of the owner's tokens. One that is not there any more is done.
func (g *GitLab) RevokeID(ctx context.Context, o Owner, id string) error {
	_, err := g.api.Do(ctx, rest.Call{Method: http.MethodDelete, Path: o.path() + "/" + url.PathEscape(id), As: o.Admin})
	if rest.StatusOf(err) == http.StatusNotFound {
		return nil
	}
	return err
}
