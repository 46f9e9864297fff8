package rotate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// The standard names of a credential's parts.
const (
	Username        = "username"
	Password        = "password"
	Token           = "token"
	AccessKeyID     = "access_key_id"
	SecretAccessKey = "secret_access_key"
	PrivateKey      = "private_key"
	KeyID           = "key_id"
	// KeyFile is a JSON document of its own, as Google's: where it is the only part, and
	// the entry has no such field, it is the entry's whole value.
	KeyFile = "key_file"
)

// Credential is a credential in parts, by their standard names.
type Credential map[string]leak.Secret

// Equal compares all parts.
func (c Credential) Equal(d Credential) bool {
	if len(c) != len(d) {
		return false
	}
	for name, v := range c {
		if w, ok := d[name]; !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}

// Chooser is who makes up the new value.
type Chooser string

const (
	Oakum    Chooser = "oakum"    // a database's password
	Provider Chooser = "provider" // an IAM key
	Person   Chooser = "person"   // a token that no API makes
)

// Traits are what is true of all credentials of a kind.
type Traits struct {
	Kind    string
	Chooser Chooser
	Parts   []string // the credential's, by their standard names
	// Overlap: the old and the new one both work for a time. Without it there is a
	// moment in which programs that have the old one fail; whoever orders the rotation
	// has to say that this is accepted.
	Overlap bool
	// Reversible: what was deactivated can be made active again.
	Reversible bool
	// SeesNew: Uses tells who uses the new credential, apart from the old one.
	SeesNew bool
	// Once: the provider's call cannot be tried twice, and a lost reply is a lost
	// credential.
	Once bool
	// Proven is what the rotator was tried against; "" prints as experimental.
	Proven string
	// Risk is what can go wrong with this kind, for people.
	Risk string
}

// Subject is a credential as its provider knows it.
type Subject struct {
	ID     string // what names it, and is no secret: "AKIA…", "app_a@10.0.0.5:5432/orders"
	Owner  string // "user deploy in account 123456789012"
	Status Status
	Before []string // what existed beside it when the rotation was ordered, by id
	Notes  []string // what a person should know, in words
}

// Status is whether a credential works.
type Status string

const (
	Live     Status = "live"
	Inactive Status = "inactive" // deactivated, can come back
	Gone     Status = "gone"
	Unknown  Status = "unknown"
)

// Provision asks for a new credential.
type Provision struct {
	Op      string     // a UUID, the same each time it is tried
	Old     Credential // that it replaces
	New     Credential // to make valid; empty where the provider chooses
	Subject Subject    // as the order knows it
	Tried   bool       // it was begun before, and its answer never came to the escrow
}

// Use is that somebody was seen with a credential.
type Use struct {
	When time.Time // zero: right now
	What string    // "s3 in eu-west-1", "3 sessions from 10.0.0.7"
}

// Rotator replaces one kind of credential at one provider. Every method looks at the
// world first: doing a thing twice is doing it once. No error holds a value.
type Rotator interface {
	Traits() Traits

	// Inspect looks at the credential that is to go. It changes nothing. What must not
	// be rotated is a *Refusal.
	Inspect(ctx context.Context, old Credential) (Subject, error)

	// Next makes up the new credential, where oakum chooses; it asks nobody.
	Next(ctx context.Context, old Credential, op string) (Credential, error)

	// Provision makes a new credential valid beside the old one, and gives it.
	Provision(ctx context.Context, p Provision) (Credential, error)

	// Verify uses a credential as an application would. ErrNotYet is in the error
	// where it may work a little later.
	Verify(ctx context.Context, c Credential) error

	// Status tells whether the old credential works, without using it where that would
	// count as use.
	Status(ctx context.Context, old Credential) (Status, error)

	// Uses are uses of a credential since a time, without ours: of the old one, and where
	// the Traits say SeesNew, of the new one.
	Uses(ctx context.Context, c Credential, since time.Time) ([]Use, error)

	// Deactivate stops the old credential, while now is what programs have instead.
	Deactivate(ctx context.Context, old, now Credential) error
	// Reactivate takes Deactivate back.
	Reactivate(ctx context.Context, old Credential) error
	// Delete removes the old credential for good. now is never touched.
	Delete(ctx context.Context, old, now Credential) error

	// Withdraw takes Provision back: old is in use again. p.New is the new credential,
	// or empty where Provision was begun and its answer is not known.
	Withdraw(ctx context.Context, p Provision) error
}

// ErrNotYet is in the error about a credential that the provider may accept a little
// later.
var ErrNotYet = errors.New("not valid yet")

// ErrLost is in the error about a credential that the provider made and nobody has: no
// call may be tried again, a person has to act.
var ErrLost = errors.New("LOST")

// Refusal is why a rotation must not be done, and what to do instead.
type Refusal struct {
	Why     string
	Instead string
}

func (r *Refusal) Error() string {
	if r.Instead == "" {
		return r.Why
	}
	return r.Why + "; " + r.Instead
}

// Refuse makes a Refusal.
func Refuse(instead, format string, args ...any) error {
	return &Refusal{Why: fmt.Sprintf(format, args...), Instead: instead}
}
