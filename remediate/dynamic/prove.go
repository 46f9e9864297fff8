package dynamic

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
)

// proof is an Op that changes nothing: it asks for a user as a reader would, sees what
// it can do, and that it is gone after its lease.
type proof struct {
	w      *world
	survey *Survey
	reader string // whose policy it is done with
	saw    string
}

func (w *world) proofs(s *Survey) (steps []step) {
	for _, g := range w.set.access().VaultGrants() {
		if w.set.Readers[g.Reader].Static != "" {
			continue // to ask for it would be to hand out a password that is in use
		}
		steps = append(steps, step{
			Step: act.Step{ID: "try " + g.Reader, Text: "ask for a user with the policy of " + g.Reader + ", log in, try each grant, and see that it goes with its lease", Undo: "nothing stays"},
			late: true, op: &proof{w: w, survey: s, reader: g.Reader},
		})
	}
	return steps
}

func (p *proof) Evidence() string           { return p.saw }
func (p *proof) Do(context.Context) error   { return nil } // Done did it
func (p *proof) Undo(context.Context) error { return nil }

func (p *proof) Done(ctx context.Context) (is bool, err error) {
	reader, err := p.asReader(ctx)
	if err != nil {
		return false, err
	}
	defer func() { // with the token go its leases
		err = errors.Join(err, told("revoke", "the token of "+p.reader, reader.Auth().Token().RevokeSelfWithContext(context.WithoutCancel(ctx), "")))
	}()
	at := p.w.set.path(p.w.set.Readers[p.reader])
	lease, err := reader.Logical().ReadWithContext(ctx, at)
	if err != nil {
		return false, told("read", at, err)
	}
	user, _ := lease.Data["username"].(string)
	password, _ := lease.Data["password"].(string)
	if user == "" || password == "" {
		return false, fmt.Errorf("%s gives no username and password", at)
	}
	missing, err := p.w.server.prove(ctx, p.survey, user, leak.NewSecret([]byte(password)))
	if err != nil {
		return false, fmt.Errorf("log in as the user that Vault made: %w", err)
	}
	if len(missing) > 0 {
		return false, fmt.Errorf("a user that Vault made cannot: %s", strings.Join(missing, "; "))
	}
	if err := p.w.vault.Sys().RevokeWithContext(ctx, lease.LeaseID); err != nil {
		return false, told("revoke", lease.LeaseID, err)
	}
	if err := p.gone(ctx, user); err != nil {
		return false, err
	}
	p.saw = fmt.Sprintf("%s logged in, has %d grants, and was gone when its lease was revoked", user, len(p.survey.Grants))
	return true, nil
}

// asReader has a token with nothing but the reader's policy.
func (p *proof) asReader(ctx context.Context) (*api.Client, error) {
	no := false
	s, err := p.w.vault.Auth().Token().CreateWithContext(ctx, &api.TokenCreateRequest{Policies: []string{p.reader}, TTL: "5m", Renewable: &no, DisplayName: "oakum-try"})
	if err != nil {
		return nil, told("make a token with the policy of "+p.reader+" by", "auth/token/create", err)
	}
	c, err := p.w.vault.CloneWithHeaders()
	if err != nil {
		return nil, err
	}
	c.SetToken(s.Auth.ClientToken)
	return c, nil
}

// gone waits a little: Vault may queue a revocation.
func (p *proof) gone(ctx context.Context, user string) error {
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		is, err := p.w.server.exists(ctx, user)
		if err != nil || !is {
			return err
		}
		if wait > 5*time.Second {
			return fmt.Errorf("%s is still there after its lease was revoked: look at Vault's log for why its revocation statements fail", user)
		}
		if err := pause.For(ctx, wait); err != nil {
			return err
		}
	}
}
