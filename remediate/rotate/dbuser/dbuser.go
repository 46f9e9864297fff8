// Package dbuser is what the rotators of database users have in common: who the admin
// is, which two users take turns, what a new password is made of.
//
// Two users that take turns are one application's, of the same rights: while programs go
// over to the second, the first goes on working. Then the first rests, locked and
// without a password, until the next rotation, in which it gets another one.
package dbuser

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Options are what the rotators are given of the program that they run in.
type Options struct {
	consumer.Options
	// Managed tells who else changes a user's password, a static role of Vault's database
	// engine for one; "" is nobody. nil: that cannot be seen from here.
	Managed func(ctx context.Context, address, user string) (by string, err error)
	// Watch is called before each statement and after it; its error is the statement's.
	// Tests end runs by it.
	Watch func() error
}

// Around calls do as a statement.
func (o Options) Around(do func() error) error {
	watch := o.Watch
	if watch == nil {
		watch = func() error { return nil }
	}
	if err := watch(); err != nil {
		return err
	}
	err := do()
	if lost := watch(); lost != nil {
		return lost
	}
	return err
}

// patience is how long a standby may take to hear what the primary was told.
const patience = 15 * time.Second

// Settled waits until lagging names no server any more. A standby lets in whom the primary
// refuses, until it has heard of it.
func (o Options) Settled(ctx context.Context, lagging func() (address string, err error)) error {
	for waited, next := time.Duration(0), 20*time.Millisecond; ; next = min(2*next, time.Second) {
		address, err := lagging()
		if err != nil || address == "" {
			return err
		}
		if waited >= patience {
			return fmt.Errorf("%s still lets the user in, %s after the primary was told not to: it lags behind, or its replication stands still. See to that, then resume", address, patience)
		}
		if err := o.Wait(ctx, next); err != nil {
			return err
		}
		waited += next
	}
}

// Worse is the status of which more is still to be feared: what one server lets in is not
// gone.
func Worse(a, b rotate.Status) rotate.Status {
	for _, s := range []rotate.Status{rotate.Live, rotate.Unknown, rotate.Inactive} {
		if a == s || b == s {
			return s
		}
	}
	return rotate.Gone
}

// Login is the admin, in a rotator's settings.
type Login struct {
	Username string              `yaml:"username"`
	Password consumer.Credential `yaml:"password"` // env:NAME or ref+vault://…
}

// Check tells what is lacking.
func (l Login) Check() error {
	if l.Username == "" || l.Password.IsZero() {
		return errors.New("admin needs username, and password as env:NAME or as a reference (ref+vault://…): who may change the users")
	}
	return nil
}

// Server is where the database is.
type Server struct {
	Addresses []string `yaml:"addresses"` // HOST:PORT; each is tried with a new credential
}

// Check tells what is wrong with the addresses.
func (s Server) Check() error {
	if len(s.Addresses) == 0 {
		return errors.New("addresses are lacking: HOST:PORT of each server that programs connect to, standbys too")
	}
	for _, a := range s.Addresses {
		if host, port, err := net.SplitHostPort(a); err != nil || host == "" || port == "" {
			return fmt.Errorf("the address %q is not HOST:PORT", a)
		}
	}
	return nil
}

// Mode is how a user's password is replaced.
type Mode string

const (
	Alternating Mode = "alternating" // two users take turns
	Single      Mode = "single-user" // one password, with a blip
	Dual        Mode = "dual"        // one user with two passwords for a time: MySQL's
)

// Pair are the two users that take turns.
type Pair []string

// Check tells what is wrong with the pair.
func (p Pair) Check() error {
	if len(p) != 2 || p[0] == "" || p[1] == "" || p[0] == p[1] {
		return errors.New("users are the two that take turns, as in `users: [app_a, app_b]`; the second is made where it is not there. A single user is rotated by `mode: single-user`, with a blip")
	}
	return nil
}

// Other is the one that is not name.
func (p Pair) Other(name string) (string, error) {
	switch name {
	case p[0]:
		return p[1], nil
	case p[1]:
		return p[0], nil
	}
	return "", rotate.Refuse("name the entry's user and the one that takes turns with it under `users`", "the entry's user is %s, and the settings have %s and %s take turns", name, p[0], p[1])
}

// Name is the user of a credential.
func Name(c rotate.Credential) string { return store.Plain(c[rotate.Username]) }

// With is a credential of a user.
func With(name string, password leak.Secret) rotate.Credential {
	return rotate.Credential{rotate.Username: leak.NewSecret([]byte(name)), rotate.Password: password}
}

// What a password is made of: nothing that means something in a URL, a DSN, a shell or
// a statement, and one of each class that policies ask for.
const (
	lower   = "abcdefghijkmnopqrstuvwxyz"
	upper   = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	digits  = "23456789"
	special = "_"
	length  = 32 // of 56 letters and digits each: more than 180 bits
)

// Password makes one up.
func Password() (leak.Secret, error) {
	all := lower + upper + digits
	for {
		b := make([]byte, length)
		for i := range b {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
			if err != nil {
				return leak.Secret{}, err
			}
			b[i] = all[n.Int64()]
		}
		b[length/2] = special[0]
		s := string(b)
		if strings.ContainsAny(s, lower) && strings.ContainsAny(s, upper) && strings.ContainsAny(s, digits) {
			return leak.NewSecret(b), nil
		}
	}
}
