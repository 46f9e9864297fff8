package token

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
)

func credential(t *issued) rotate.Credential {
	return rotate.Credential{rotate.Token: leak.NewSecret([]byte(t.value))}
}

func (i *issuer) options(hook func() error) tokenapi.Options {
	return tokenapi.Options{URL: i.URL, Transport: killtest.Transport{Step: hook}, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func TestGitLabOwner(t *testing.T) {
	rotatetest.Run(t, rotatetest.Suite{Kills: 100, Modes: 23, Every: 11, Begin: func(t testing.TB, hook func() error) *rotatetest.Scene {
		i := serve(t, gitlab)
		admin := i.issue(`{{gitlab "glpat-"}}`, "admin", 1, "api")
		old := i.issue(`{{gitlab "glpat-"}}`, "ci", 7, "read_api", "write_repository")
		api := must(tokenapi.NewGitLab(i.options(hook)))
		return &rotatetest.Scene{
			Rotator: NewGitLab(api, tokenapi.Owner{Project: "7", Admin: leak.NewSecret([]byte(admin.value))}, 30),
			Old:     credential(old), Count: i.count,
			Works: func(c rotate.Credential) (bool, error) { return i.works(c[rotate.Token]) },
		}
	}})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestGitHubByHand(t *testing.T) {
	rotatetest.Run(t, rotatetest.Suite{Kills: 100, Modes: 21, Every: 11, Begin: func(t testing.TB, hook func() error) *rotatetest.Scene {
		i := serve(t, github)
		old := i.issue(`{{github "ghp_"}}`, "old", 7, "read:org", "repo")
		var fresh *issued
		return &rotatetest.Scene{
			Rotator: NewByHand("github-token", "https://github.com/settings/tokens", anonymous(i, hook)),
			Old:     credential(old), Count: i.count,
			Works: func(c rotate.Credential) (bool, error) { return i.works(c[rotate.Token]) },
			Answer: func() leak.Secret { // a person makes one, and gives it as often as asked
				i.lock.Lock()
				defer i.lock.Unlock()
				if fresh == nil {
					fresh = i.issue(`{{github "ghp_"}}`, "new", 7, "read:org", "repo")
				}
				return leak.NewSecret([]byte(fresh.value))
			},
		}
	}, Without: map[string]string{
		"rolled back": "what a person made and never gave is not known: TestWithdrawn has the rest",
	}})
}

// anonymous is github.com's way at the issuer's address.
func anonymous(i *issuer, hook func() error) *tokenapi.GitHub {
	return must(tokenapi.NewGitHub(i.options(hook), leak.Secret{}))
}

func quiet() error { return nil }

// TestWithdrawn: a token that was made for nothing is revoked, and the old one stays.
func TestWithdrawn(t *testing.T) {
	i := serve(t, github)
	old, fresh := i.issue(`{{github "ghp_"}}`, "old", 7, "repo"), i.issue(`{{github "ghp_"}}`, "new", 7, "repo")
	r := NewByHand("github-token", "there", anonymous(i, quiet))
	for range 2 {
		if err := r.Withdraw(t.Context(), rotate.Provision{Old: credential(old), New: credential(fresh)}); err != nil {
			t.Fatal(err)
		}
	}
	if fresh.live || !old.live {
		t.Errorf("the new token works: %v, the old one: %v", fresh.live, old.live)
	}
}

// TestWrongToken: a token that is not what was asked for is refused, and the error says
// why without it.
func TestWrongToken(t *testing.T) {
	i := serve(t, github)
	old := i.issue(`{{github "ghp_"}}`, "old", 7, "repo", "read:org")
	r := NewByHand("github-token", "there", anonymous(i, quiet))
	dead := i.issue(`{{github "ghp_"}}`, "dead", 7, "repo")
	dead.live = false
	for says, given := range map[string]*issued{
		"that is the old token":              old,
		"copy it once more":                  dead,
		"sign in as that one":                i.issue(`{{github "ghp_"}}`, "theirs", 8, "repo", "read:org"),
		"lacks the scopes read:org":          i.issue(`{{github "ghp_"}}`, "small", 7, "repo"),
		"has the scopes admin:org, which th": i.issue(`{{github "ghp_"}}`, "large", 7, "repo", "read:org", "admin:org"),
	} {
		_, err := r.Provision(t.Context(), rotate.Provision{Old: credential(old), New: credential(given)})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), given.value) {
			t.Errorf("%v, expected %q", err, says)
		}
	}
}

// TestSelfRotation is asked exactly once. A lost answer is LOST, and nothing is tried
// again (failure mode 23).
func TestSelfRotation(t *testing.T) {
	i := serve(t, gitlab)
	old := i.issue(`{{gitlab "glpat-"}}`, "ci", 7, "api")
	r := NewSelfRotating(must(tokenapi.NewGitLab(i.options(quiet))), 30)
	p := rotate.Provision{Op: "op", Old: credential(old)}
	fresh, err := r.Provision(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := i.works(fresh[rotate.Token]); !ok || old.live {
		t.Errorf("the new token works: %v, the old one: %v", ok, old.live)
	}
	p.Old, i.lose = fresh, 1
	if _, err := r.Provision(t.Context(), p); !errors.Is(err, rotate.ErrLost) {
		t.Errorf("a lost answer ends with %v", err)
	}
	made := len(i.all)
	p.Tried = true
	if _, err := r.Provision(t.Context(), p); !errors.Is(err, rotate.ErrLost) || len(i.all) != made {
		t.Errorf("a second try ends with %v, and %d tokens were made", err, len(i.all)-made)
	}
}
