package launch

import (
	"context"
	"slices"
	"strings"
	"time"
)

// answers is how long what is asked of a store may take while a program runs or ends.
const answers = 15 * time.Second

// logins are the variables that this process logs in to Vault with. A program that gets
// what is borrowed needs none of them.
var logins = []string{"VAULT_TOKEN", "VAULT_SECRET_ID", "VAULT_JWT"}

func (p Program) borrows() bool { return p.Leases != nil && p.Leases.Held() }

// resolve gets all values. Where some are borrowed, what they are borrowed with stays
// with us: but what somebody has set for the program itself, in a file.
func (p Program) resolve(ctx context.Context) (Given, error) {
	g, err := p.Resolve(ctx)
	if err == nil && p.borrows() {
		conceal()
		g.Env = slices.DeleteFunc(g.Env, func(v string) bool {
			name, _, _ := strings.Cut(v, "=")
			return slices.Contains(logins, name) && slices.Contains(p.Wanted.Env, v)
		})
	}
	return g, err
}

// due fires when a lease has to be looked after.
func (r *running) due() (<-chan time.Time, func()) {
	if !r.borrows() {
		return nil, func() {}
	}
	at := r.Leases.Due()
	if at.IsZero() {
		return nil, func() {}
	}
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// tend goes on while the program ends: until it has, its credentials are good.
func (r *running) tend(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answers)
	defer cancel()
	if !r.Leases.Tend(ctx) {
		return nil
	}
	return r.renew(ctx)
}

// release gives all back. The program has ended by then.
func (p Program) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answers)
	defer cancel()
	p.Leases.Release(ctx)
}
