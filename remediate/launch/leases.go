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

// again is how long to wait where a store did not give what a replaced lease needs.
const again = 5 * time.Second

// due fires when a lease has to be looked after.
func (r *running) due() (<-chan time.Time, func()) {
	if !r.borrows() {
		return nil, func() {}
	}
	at, soon := r.Leases.Due(), time.Now().Add(again)
	if r.stale && (at.IsZero() || soon.Before(at)) {
		at = soon
	}
	if at.IsZero() {
		return nil, func() {}
	}
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// tend goes on while the program ends: until it has, its credentials are good. But it is
// not started again then.
func (r *running) tend(ctx context.Context) error {
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), answers)
	defer cancel()
	r.stale = r.Leases.Tend(asking) || r.stale
	if !r.stale || ctx.Err() != nil {
		return nil
	}
	return r.renew(asking)
}

// settle gives back what the program has used before it was started again.
func (r *running) settle(ctx context.Context) {
	if r.borrows() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answers)
		defer cancel()
		r.Leases.Settle(ctx)
	}
}

// release gives all back. The program has ended by then.
func (p Program) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answers)
	defer cancel()
	p.Leases.Release(ctx)
}
