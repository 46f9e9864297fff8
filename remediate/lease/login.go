package lease

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/remediate/vaultlogin"
)

// login is a token at a Vault.
type login struct {
	query  url.Values
	client *api.Client
	ours   bool // it was got by logging in, and ends with us
	clock  clock
	spent  bool // another one is wanted
}

// login is the one for a query; where its token has ended, or will, another one.
func (k *Keeper) login(ctx context.Context, query url.Values) (*login, error) {
	if l := k.logins[query.Encode()]; l != nil && !l.spent {
		return l, nil
	}
	client, err := vaultlogin.Open(ctx, query, k.Getenv)
	if err != nil {
		return nil, err
	}
	method := query.Get("auth")
	l := &login{query: query, client: client, ours: method != "" && method != "token"}
	s, err := client.Auth().Token().LookupSelfWithContext(ctx)
	if err != nil {
		return nil, failed("auth/token/lookup-self", err)
	}
	ttl, err := lives(s)
	if err != nil {
		return nil, fmt.Errorf("read how long the token lives: %w", err)
	}
	renewable, _ := s.TokenIsRenewable()
	l.clock = start(ttl, renewable)
	if before := k.logins[query.Encode()]; before != nil { // its leases are revoked by Settle, under their own token
		k.ended = append(k.ended, before)
	}
	if k.logins == nil {
		k.logins = map[string]*login{}
	}
	k.logins[query.Encode()] = l
	return l, nil
}

// lives is how long a token lives from now, 0 being for ever. Vault counts its ttl in
// whole seconds: one that ends within the second has 0 too, and an expire_time.
func lives(s *api.Secret) (time.Duration, error) {
	ttl, err := s.TokenTTL()
	if err != nil || ttl > 0 || s.Data["expire_time"] == nil {
		return ttl, err
	}
	return time.Second, nil
}

// tend renews the token, and is false where it has to be replaced.
func (l *login) tend(ctx context.Context, say func(string, ...any)) bool {
	if l.clock.renewable {
		s, err := l.client.Auth().Token().RenewSelfWithContext(ctx, int(l.clock.first/time.Second))
		if err == nil {
			l.clock.renewed(time.Duration(s.Auth.LeaseDuration)*time.Second, s.Auth.Renewable)
			return true
		}
		if l.clock.failed(err, "the token of Vault", say) {
			return true
		}
	}
	if !l.ours {
		say("the token of Vault ends at %s and cannot be renewed; all that was borrowed under it ends then", l.clock.ends.Format(time.TimeOnly))
		l.clock = clock{}
		return true
	}
	l.spent, l.clock = true, clock{}
	return false
}
