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
