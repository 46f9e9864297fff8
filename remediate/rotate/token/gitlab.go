package token

import (
	"context"
	"errors"
	"time"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
)

// GitLab rotates the tokens of a project or group: a maintainer's token makes another
// one beside the old one, which works until it is revoked.
type GitLab struct {
	api   *tokenapi.GitLab
	owner tokenapi.Owner
	days  int
	now   func() time.Time
}

// NewGitLab is the rotator of an owner's tokens; they end after so many days, which the
// instance bounds (400 at most, docs.gitlab.com/user/profile/personal_access_tokens).
func NewGitLab(api *tokenapi.GitLab, owner tokenapi.Owner, days int) *GitLab {
	if days == 0 {
		days = 90
	}
	return &GitLab{api, owner, days, time.Now}
}

// Kinds of GitLab's tokens in settings.
const (
	GitLabOwned = "gitlab-token"
	GitLabSelf  = "gitlab-self-rotate"
)

func (r *GitLab) Traits() rotate.Traits {
	return rotate.Traits{Kind: GitLabOwned, Chooser: rotate.Provider, Parts: []string{rotate.Token}, Overlap: true,
		Risk: "the new token acts for a bot user of its own: what was granted to the old one's by name has to be granted again"}
}

func (r *GitLab) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	return inspect(ctx, r.api, GitLabOwned, old)
}

func (r *GitLab) Next(context.Context, rotate.Credential, string) (rotate.Credential, error) {
	return nil, errors.New("GitLab makes it")
}

// name marks a rotation's token, so that one whose value was lost is found again.
func name(op string) string { return "oakum rotation " + op }

// Provision makes a token that may do what the old one may.
func (r *GitLab) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	old, err := r.api.Identify(ctx, p.Old[rotate.Token])
	if err != nil {
		return nil, err
	}
	w, err := r.api.Like(ctx, r.owner, old.Token)
	if err != nil {
		return nil, err
	}
	w.Name, w.Expires = name(p.Op), r.now().AddDate(0, 0, r.days)
	made, err := r.api.Create(ctx, r.owner, w)
	if err != nil {
		return nil, err
	}
	return rotate.Credential{rotate.Token: made.Token}, nil
}

func (r *GitLab) Verify(ctx context.Context, c rotate.Credential) error {
	return verify(ctx, r.api, c)
}

func (r *GitLab) Status(ctx context.Context, old rotate.Credential) (rotate.Status, error) {
	return status(ctx, r.api, old)
}

// Uses are not asked for: GitLab's last use is rounded to ten minutes, and counts ours.
func (r *GitLab) Uses(context.Context, rotate.Credential, time.Time) ([]rotate.Use, error) {
	return nil, nil
}

func (r *GitLab) Deactivate(context.Context, rotate.Credential, rotate.Credential) error {
	return errNoState
}
func (r *GitLab) Reactivate(context.Context, rotate.Credential) error { return errNoState }

func (r *GitLab) Delete(ctx context.Context, old, now rotate.Credential) error {
	if old.Equal(now) {
		return errors.New("the old token is the new one: nothing is revoked")
	}
	return revoke(ctx, r.api, old[rotate.Token])
}

// Withdraw revokes what this rotation made, whether its value is known or not.
func (r *GitLab) Withdraw(ctx context.Context, p rotate.Provision) error {
	return r.api.Withdraw(ctx, r.owner, name(p.Op))
}

// SelfRotating rotates a GitLab token by itself, where nobody can make another one: the
// old one ends at once, and the call is made exactly once.
type SelfRotating struct {
	*GitLab
}

// NewSelfRotating is the last resort.
func NewSelfRotating(api *tokenapi.GitLab, days int) *SelfRotating {
	return &SelfRotating{NewGitLab(api, tokenapi.Owner{}, days)}
}

func (r *SelfRotating) Traits() rotate.Traits {
	return rotate.Traits{Kind: GitLabSelf, Chooser: rotate.Provider, Parts: []string{rotate.Token}, Once: true,
		Risk: "the old token ends at once; if GitLab's answer is lost, so is the new token, and an owner has to make one by hand"}
}

func (r *SelfRotating) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	return inspect(ctx, r.api, GitLabSelf, old)
}

// Provision asks once. A try of which nobody knows the end is found out about with the
// old token: if that works, nothing was done.
func (r *SelfRotating) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	if p.Tried {
		alive, err := r.api.Alive(ctx, p.Old[rotate.Token])
		if err != nil {
			return nil, err
		}
		if !alive {
			return nil, lost(errors.New("an earlier try ended the old token, and the new one never came: an owner has to make one by hand, and put it into the store"))
		}
	}
	t, err := r.api.RotateSelf(ctx, p.Old[rotate.Token], r.now().AddDate(0, 0, r.days))
	if errors.Is(err, tokenapi.ErrLost) {
		err = lost(err)
	}
	if err != nil {
		return nil, err
	}
	return rotate.Credential{rotate.Token: t}, nil
}

// lost puts rotate's word into an error.
func lost(err error) error { return errors.Join(rotate.ErrLost, err) }

// Delete has nothing to do: the old one ended when the new one was made.
func (r *SelfRotating) Delete(context.Context, rotate.Credential, rotate.Credential) error {
	return nil
}

// Withdraw cannot be: the old token does not come back.
func (r *SelfRotating) Withdraw(ctx context.Context, p rotate.Provision) error {
	alive, err := r.api.Alive(ctx, p.Old[rotate.Token])
	if err == nil && !alive {
		err = rotate.Refuse("go on with it: `oakum remediate rotate resume`", "the old token ended when the new one was made, and cannot come back")
	}
	return err
}
