// Package lease borrows credentials from Vault: what an engine makes for whoever asks,
// such as a database user that lives for an hour (database/creds/ROLE).
//
// What is asked for under one path is one lease, however many of its fields are wanted.
// A lease is renewed when two thirds of its time are over. Where Vault renews no more,
// at its longest time or because it refuses, another one takes its place; and so where
// the token ends under which all leases of a login end. Released, they are revoked: the
// user is gone before its time.
//
// Its limits: a token that was given (VAULT_TOKEN) and cannot be renewed ends when it
// ends, and its leases with it. One that may not revoke (sys/leases/revoke) leaves
// leases to their time; a login of our own is revoked as a whole, which needs no right.
// Killed by SIGKILL nothing is revoked.
package lease

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/vaultlogin"
)

// Keeper holds leases. Its methods are called by one goroutine.
type Keeper struct {
	Getenv func(string) string
	Say    func(format string, args ...any) // tells a person; it is given no value

	logins map[string]*login
	leases map[string]*borrowed // by login and path
	old    []*borrowed          // that others took the place of
	ended  []*login             // the same of logins
}

// borrowed is what one path gave.
type borrowed struct {
	login *login
	path  string
	id    string // of the lease; "" is a value that Vault changes on a day of its own
	doc   leak.Secret
	clock clock
	spent bool // another one is wanted
}

// Lent tells whether a path may be one of an engine that makes credentials: where to
// ask Vault is worth it. Such engines have them under these words
// (https://developer.hashicorp.com/vault/api-docs/secret).
func Lent(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	return len(parts) > 2 && slices.ContainsFunc(parts[1:len(parts)-1], func(p string) bool { return p == "creds" || p == "static-creds" })
}

// Borrow is what a path gives, as a JSON document: asked for once, and again when
// another one is wanted. ok is false where the path is one of a KV store. The query says
// where Vault is and how to log in ([vaultlogin.Open]).
func (k *Keeper) Borrow(ctx context.Context, query url.Values, path string) (doc leak.Secret, ok bool, err error) {
	path = strings.Trim(path, "/")
	name := query.Encode() + "#" + path
	if b := k.leases[name]; b != nil && !b.spent {
		return b.doc, true, nil
	}
	l, err := k.login(ctx, query)
	if err != nil {
		return leak.Secret{}, false, err
	}
	if ok, err := l.makes(ctx, path); err != nil || !ok {
		return leak.Secret{}, false, err
	}
	b, err := l.borrow(ctx, path)
	if err != nil {
		return leak.Secret{}, true, err
	}
	if before := k.leases[name]; before != nil {
		k.old = append(k.old, before)
	}
	if k.leases == nil {
		k.leases = map[string]*borrowed{}
	}
	k.leases[name] = b
	return b.doc, true, nil
}

// makes tells whether what is mounted there is no KV store. Whoever may use a mount may ask.
func (l *login) makes(ctx context.Context, path string) (bool, error) {
	s, err := l.client.Logical().ReadWithContext(ctx, "sys/internal/ui/mounts/"+path)
	if err != nil {
		return false, failed(path, err)
	}
	return s != nil && s.Data["type"] != "kv", nil
}

func (l *login) borrow(ctx context.Context, path string) (*borrowed, error) {
	s, err := l.client.Logical().ReadWithContext(ctx, path)
	if err != nil {
		return nil, failed(path, err)
	}
	if s == nil {
		return nil, fmt.Errorf("%s gives nothing", path)
	}
	fields := map[string]leak.Secret{}
	for name, v := range s.Data {
		if t, ok := v.(string); ok {
			fields[name] = leak.NewSecret([]byte(t))
		} else if t, err := json.Marshal(v); err == nil {
			fields[name] = leak.NewSecret(t)
		}
	}
	b := &borrowed{login: l, path: path, id: s.LeaseID}
	if b.doc, err = store.Document(fields); err != nil {
		return nil, err
	}
	b.clock = start(time.Duration(s.LeaseDuration)*time.Second, s.Renewable)
	if n, ok := s.Data["ttl"].(json.Number); ok && s.LeaseID == "" { // a static role: until its next rotation
		left, _ := n.Int64()
		b.clock = clock{due: time.Now().Add(time.Duration(left)*time.Second + time.Second)}
	}
	return b, nil
}

// Held tells whether there is anything to tend and to release.
func (k *Keeper) Held() bool { return len(k.leases) > 0 }

// Due is when to Tend; zero is never.
func (k *Keeper) Due() (at time.Time) {
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, l := range k.logins {
		earlier(l.clock.due)
	}
	for _, b := range k.leases {
		earlier(b.clock.due)
	}
	return at
}

// Tend renews what is due. changed says that something cannot be: Borrow gets another one.
func (k *Keeper) Tend(ctx context.Context) (changed bool) {
	for _, l := range k.logins {
		if l.clock.isDue() && !l.tend(ctx, k.Say) {
			for _, b := range k.leases {
				b.spent = b.spent || b.login == l // they end with the token
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.leases)) {
		b := k.leases[name]
		if !b.spent && b.clock.isDue() {
			b.spent = !b.tend(ctx, k.Say)
		}
		if b.spent {
			changed = true
			b.clock.retry() // where another one is not to be had
		}
	}
	return changed
}

// tend renews a lease, and is false where it has to be replaced.
func (b *borrowed) tend(ctx context.Context, say func(string, ...any)) bool {
	if b.id == "" || !b.clock.renewable {
		return false
	}
	s, err := b.login.client.Sys().RenewWithContext(ctx, b.id, int(b.clock.first/time.Second))
	if err != nil {
		return b.clock.failed(err, "the lease of "+b.path, say)
	}
	b.clock.renewed(time.Duration(s.LeaseDuration)*time.Second, s.Renewable)
	return true
}

// Settle revokes what others took the place of, once nobody uses it.
func (k *Keeper) Settle(ctx context.Context) {
	for _, b := range k.old {
		k.revoke(ctx, b)
	}
	for _, l := range k.ended {
		k.logout(ctx, l)
	}
	k.old, k.ended = nil, nil
}

// Release revokes all: the leases, and the tokens of our own logins, with which go those
// that we may not revoke one by one.
func (k *Keeper) Release(ctx context.Context) {
	k.Settle(ctx)
	for _, name := range slices.Sorted(maps.Keys(k.leases)) {
		k.revoke(ctx, k.leases[name])
	}
	for _, l := range k.logins {
		k.logout(ctx, l)
	}
	k.leases, k.logins = nil, nil
}

func (k *Keeper) logout(ctx context.Context, l *login) {
	if !l.ours {
		return
	}
	err := l.client.Auth().Token().RevokeSelfWithContext(ctx, "")
	if code := vaultlogin.CodeOf(err); code != store.OK && code != store.Unauthenticated { // it has ended by itself
		k.Say("the login at Vault could not be ended, and ends by itself: %v", failed("auth/token/revoke-self", err))
	}
}

func (k *Keeper) revoke(ctx context.Context, b *borrowed) {
	if b.id == "" {
		return
	}
	err := b.login.client.Sys().RevokeWithOptionsWithContext(ctx, &api.RevokeOptions{LeaseID: b.id, Sync: true})
	code := vaultlogin.CodeOf(err)
	if code == store.OK || code == store.InvalidArgument || code == store.PermissionDenied && b.login.ours { // gone already; or goes with its token
		return
	}
	hint := ""
	if code == store.PermissionDenied {
		hint = "; a policy with update on sys/leases/revoke would let it"
	}
	k.Say("the lease of %s could not be revoked, and ends by itself%s: %v", b.path, hint, failed("sys/leases/revoke", err))
}

func failed(path string, err error) error {
	return fmt.Errorf("ask Vault for %s: %w", path, vaultlogin.Brief(err))
}
