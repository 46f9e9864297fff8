package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/tokenapi"
	"github.com/oakum-sec/oakum/remediate/scrub"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Generic is the kind of tokens of which nothing is known but a command of the user's
// own that tells whether one is accepted.
const Generic = "generic"

// Checked is such a command, as an issuer. It gets the token on its standard input, never
// among its words or variables. It ends with 0 where the token is accepted, with 1 where
// it is refused; anything else says that it could not find out.
type Checked struct {
	check  []string
	page   string        // where a person makes and revokes tokens
	within time.Duration // one answer
}

var _ tokenapi.API = (*Checked)(nil)

// NewChecked is the issuer that a command asks. Without one a Refusal says that the token
// stays as it is: that a new one works, and the old one does not, is what a rotation
// has to know.
func NewChecked(check []string, page string) (*Checked, error) {
	if len(check) == 0 || check[0] == "" {
		return nil, rotate.Refuse("write `with: {check: [./is-accepted]}`: a command that reads the value from its standard input and ends with 0 where it is accepted, with 1 where it is refused. Until then the secret stays MOVED_NOT_ROTATED",
			"nothing tells whether a value of the kind %s is accepted", Generic)
	}
	if _, err := exec.LookPath(check[0]); err != nil {
		return nil, fmt.Errorf("find the program of `check`: %w", err)
	}
	if page == "" {
		page = "the page of its issuer (`with: {page: …}` names it here)"
	}
	return &Checked{check, page, time.Minute}, nil
}

// Page is where a person makes a token.
func (c *Checked) Page() string { return c.page }

// Identify knows only whether the token is accepted.
func (c *Checked) Identify(ctx context.Context, token leak.Secret) (tokenapi.Identity, error) {
	alive, err := c.Alive(ctx, token)
	switch {
	case err != nil:
		return tokenapi.Identity{}, err
	case !alive:
		return tokenapi.Identity{}, tokenapi.ErrDead
	}
	return tokenapi.Identity{}, tokenapi.ErrUntold
}

// maxWords is what is told at most of what a check prints, in bytes.
const maxWords = 1000

// Alive runs the command.
func (c *Checked) Alive(ctx context.Context, token leak.Secret) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.check[0], c.check[1:]...)
	cmd.WaitDelay = 5 * time.Second // programs that it started, and that hold its output
	cmd.Stdin = bytes.NewReader([]byte(store.Plain(token)))
	said, err := cmd.CombinedOutput()
	switch end, exited := errors.AsType[*exec.ExitError](err); {
	case err == nil:
		return true, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return false, fmt.Errorf("the check %s did not end within %s", c.check[0], c.within)
	case ctx.Err() != nil:
		return false, ctx.Err()
	case exited && end.ExitCode() == 1:
		return false, nil
	}
	words := strings.ToValidUTF8(strings.TrimSpace(scrub.Text(string(said), token)), "")
	if len(words) > maxWords {
		words = "…" + strings.ToValidUTF8(words[len(words)-maxWords:], "")
	}
	return false, fmt.Errorf("the check %s could not find out whether the value is accepted: %w; it says: %s", c.check[0], err, words)
}

// Revoke is for a person.
func (c *Checked) Revoke(ctx context.Context, token leak.Secret) error {
	if alive, err := c.Alive(ctx, token); err != nil || !alive {
		return err
	}
	return &tokenapi.Human{What: "revoke the old value", Where: c.page, Why: "oakum knows of it only how to check it"}
}
