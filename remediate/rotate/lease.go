package rotate

import (
	"context"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// ErrTaken is in the error about an entry that somebody else is rotating.
var ErrTaken = errors.New("somebody else is rotating it")

// lease keeps two hosts from rotating one entry: a spot beside it in the same store
// that says who does. It lasts until it is given back; a crash leaves it to whoever
// resumes from the same state folder.
type lease struct {
	spot spot
	who  string // user, host, state folder and order: the same in a run that resumes
}

func (l lease) Done(ctx context.Context) (bool, error) {
	held, err := l.spot.look(ctx)
	if err != nil || held.IsZero() {
		return false, err
	}
	if who := store.Plain(held); who != l.who {
		return false, fmt.Errorf("%w: %s. Wait for it; if that run is gone for good, remove %s from the store", ErrTaken, who, l.spot.name)
	}
	return true, nil
}

func (l lease) Do(ctx context.Context) error {
	err := l.spot.fill(ctx, leak.NewSecret([]byte(l.who)))
	if store.CodeOf(err) == store.Conflict {
		if _, taken := l.Done(ctx); taken != nil { // says who was faster
			return taken
		}
	}
	return err
}

// Undo gives it back.
func (l lease) Undo(ctx context.Context) error {
	is, err := l.Done(ctx)
	if err != nil || !is {
		return nil // somebody else's, or nobody's
	}
	return l.spot.clear(ctx)
}

// leases are those of several entries: of all, or of none.
type leases []lease

func (all leases) Done(ctx context.Context) (bool, error) {
	for _, l := range all {
		if is, err := l.Done(ctx); err != nil || !is {
			return false, err
		}
	}
	return true, nil
}

// Do gives back what it has where somebody else has one of them.
func (all leases) Do(ctx context.Context) error {
	for _, l := range all {
		if err := l.Do(ctx); errors.Is(err, ErrTaken) {
			return errors.Join(err, all.Undo(ctx))
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (all leases) Undo(ctx context.Context) error {
	for _, l := range all {
		if err := l.Undo(ctx); err != nil {
			return err
		}
	}
	return nil
}

// any tells whether one of them is held.
func (all leases) any(ctx context.Context) (bool, error) {
	for _, l := range all {
		if is, err := l.Done(ctx); err != nil || is {
			return is, err
		}
	}
	return false, nil
}

func (r *rotation) leases() (all leases) {
	for _, s := range r.spots(leaseSuffix) {
		all = append(all, lease{s, r.who()})
	}
	return all
}
