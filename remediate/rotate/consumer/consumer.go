// Package consumer is what uses a credential, and has to be told of a new one: programs
// that run in a cluster, functions, build projects, variables of a CI system, and
// whatever a command of the user's own starts anew.
//
// A [Consumer] is a small driver. Its promises:
//
//   - Done looks at the world, never at a memory of its own, wherever the world shows
//     something: an annotation with the rotation's id, a value, a time of change.
//   - Doing a thing twice is doing it once, also where the first try's answer was lost.
//   - Nothing is overwritten that is neither the old value nor the new one
//     ([ErrChanged]): somebody has been there.
//   - No value is in an error, in an argument of a program or in a log.
//
// Its limits: CI systems show no secret's value and have no compare-and-set, so between
// the last look and the write another writer can pass (Risk says so); what was started
// by hand with a copy of the value is nobody's consumer, and is found by the watch over
// the old credential's use, not here.
package consumer

import (
	"context"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Consumer is something that holds a copy of a credential, or must be told that what a
// reference stands for has changed.
type Consumer interface {
	// String names it for people and for the journal: "kubernetes deployment shop/orders".
	String() string
	// Done tells whether it runs with what u.New holds.
	Done(ctx context.Context, u Update) (bool, error)
	// Do brings it there and waits until it is.
	Do(ctx context.Context, u Update) error
	// Undo brings it back to what u.Old holds, or gives an ErrNoWayBack; where there
	// will be none, Risk has said so before.
	Undo(ctx context.Context, u Update) error
	// Risk says what can go wrong, and what cannot be taken back.
	Risk() string
}

// Checker is a Consumer that can look, before anything is changed, whether Do would
// come to its end. Notes are for a person: what hides a variable, what keeps the old
// value beside it. The new value need not be known by then: u.New has the names of all
// fields, and may have the old one's values; u.Version may be "".
type Checker interface {
	Check(ctx context.Context, u Update) (notes []string, err error)
}

// Update is one rotation, as a consumer sees it.
type Update struct {
	Op string // the rotation's UUID, the same however often it is tried
	// New and Old are the credential by standard field name: username, password,
	// token, access_key_id, secret_access_key. Old may be nil, where nobody knows it.
	New, Old map[string]leak.Secret
	// Version and Before are what the store calls the versions that hold New and Old,
	// for a consumer whose references name one; "": they name none. Where the parts of a
	// credential are apart they are each part's, with commas in between.
	Version, Before string
}

// Validate says what is missing.
func (u Update) Validate() error {
	if u.Op == "" {
		return errors.New("the rotation has no id")
	}
	return nil
}

// Secrets are all values of the update: what an error must not hold.
func (u Update) Secrets() (all []leak.Secret) {
	for _, fields := range []map[string]leak.Secret{u.New, u.Old} {
		for _, v := range fields {
			all = append(all, v)
		}
	}
	return all
}

var (
	// ErrNoWayBack is why Undo does nothing: the old value is not known, or was never
	// readable.
	ErrNoWayBack = errors.New("there is no way back")
	// ErrChanged is that a consumer holds what this rotation knows nothing of.
	ErrChanged = errors.New("it was changed by somebody else")
	// ErrUnfit is that a consumer cannot be brought there as it is set up, and why.
	ErrUnfit = errors.New("it cannot be done here")
)

// Standing compares what a consumer holds with what it is to hold. Where it holds
// neither that nor what it is known to have held, the error is an ErrChanged; from may
// be zero, where nobody knows that.
func Standing(what string, holds, want, from leak.Secret) (done bool, err error) {
	switch {
	case holds.Equal(want):
		return true, nil
	case from.IsZero() || holds.Equal(from):
		return false, nil
	}
	return false, fmt.Errorf("%w: %s holds neither the old value nor the new one; look who set it, and set it by hand or take it out of the configuration", ErrChanged, what)
}

// Back is the update seen from its end: New and Old in each other's place.
func (u Update) Back() (Update, error) {
	if len(u.Old) == 0 {
		return u, fmt.Errorf("%w: the old value is not known", ErrNoWayBack)
	}
	u.New, u.Old = u.Old, u.New
	u.Version, u.Before = u.Before, u.Version
	return u, nil
}

// plain is a value as text, within a Shape.
func plain(v leak.Secret) string { return store.Plain(v) }
