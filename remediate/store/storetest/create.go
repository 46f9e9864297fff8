package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

func describe(ctx context.Context, b *Bench) error {
	d, err := b.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	if d.Kind == "" || d.Identity == "" || d.Ref.Prefix == "" || d.Names.Join == "" {
		return fmt.Errorf("the description lacks its kind, identity, reference or how names are joined: %+v", d)
	}
	again, err := b.Driver.Describe(ctx)
	if err != nil || again != d {
		return fmt.Errorf("the second description is another: %+v, %v", again, err)
	}
	return nil
}

func create(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "correct horse", "create")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	r, err := s.Create(ctx, p)
	if err != nil {
		return err
	}
	if !r.Created || r.Version == "" || r.Name != p.Name {
		return fmt.Errorf("the receipt is %+v", r)
	}
	again, err := s.Create(ctx, p)
	if err != nil || again != r {
		return fmt.Errorf("the same operation again: %+v, %v; the first time %+v", again, err, r)
	}
	return holds(ctx, s, p.Name, "", "correct horse")
}

func adopt(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "theirs and ours", "adopt")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	first, err := s.Create(ctx, p)
	if err != nil {
		return err
	}
	p.Op = newOp()
	r, err := s.Create(ctx, p)
	if err != nil {
		return err
	}
	if r.Created || r.Version != first.Version {
		return fmt.Errorf("an equal value that was there is not adopted: %+v after %+v", r, first)
	}
	return nil
}

func conflict(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "theirs", "conflict")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	if _, err := s.Create(ctx, p); err != nil {
		return err
	}
	p.Op, p.Value = newOp(), secret("ours")
	_, err = s.Create(ctx, p)
	if err := wantCode("create over another value", err, store.Conflict); err != nil {
		return err
	}
	return holds(ctx, s, p.Name, "", "theirs")
}

// createRace: whoever was first is not overwritten, which the store itself must hold
// where its description says so.
func createRace(ctx context.Context, b *Bench) error {
	d, err := b.Driver.Describe(ctx)
	if err != nil || !d.Atomic {
		return err
	}
	p, err := b.put(ctx, "slow", "race")
	if err != nil {
		return err
	}
	_, err = shop(raced(b.Driver, func(ctx context.Context) error {
		_, err := b.Driver.Write(ctx, store.Write{Name: p.Name, Value: secret("fast"), Token: newOp(), Tags: map[string]string{store.TagOp: "another"}})
		return err
	})).Create(ctx, p)
	if err := wantCode("create after somebody else did", err, store.Conflict); err != nil {
		return err
	}
	return holds(ctx, shop(b.Driver), p.Name, "", "fast")
}

func lostCreate(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "said nothing", "lost")
	if err != nil {
		return err
	}
	r, err := shop(losing(b.Driver)).Create(ctx, p)
	if err != nil {
		return err
	}
	if !r.Created {
		return errors.New("what was written before its reply was lost is not known to be ours")
	}
	e, err := b.Driver.Stat(ctx, p.Name)
	if err != nil || e.Version != r.Version {
		return fmt.Errorf("after a lost reply the version is %q, the receipt's %q, %v", e.Version, r.Version, err)
	}
	return nil
}

// sameToken: a driver that is asked twice with one token either does nothing or says
// that the name is taken. It never makes another version.
func sameToken(ctx context.Context, b *Bench) error {
	d, err := b.Driver.Describe(ctx)
	if err != nil || !d.Atomic {
		return err
	}
	p, err := b.put(ctx, "once", "token")
	if err != nil {
		return err
	}
	w := store.Write{Name: p.Name, Value: p.Value, Token: p.Op, Tags: map[string]string{store.TagOp: p.Op}}
	first, err := b.Driver.Write(ctx, w)
	if err != nil {
		return err
	}
	second, err := b.Driver.Write(ctx, w)
	if err := wantCode("the same write again", err, store.OK, store.AlreadyExists); err != nil {
		return err
	}
	e, statErr := b.Driver.Stat(ctx, p.Name)
	if statErr != nil || e.Version != first || err == nil && second != first {
		return fmt.Errorf("one token made two versions: %q, then %q, now %q, %v", first, second, e.Version, statErr)
	}
	return nil
}

func busy(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "patience", "busy")
	if err != nil {
		return err
	}
	if _, err := shop(throttled(b.Driver, 3)).Create(ctx, p); err != nil {
		return err
	}
	p, err = b.put(ctx, "patience", "busy")
	if err != nil {
		return err
	}
	_, err = shop(throttled(b.Driver, 1000)).Create(ctx, p)
	return wantCode("create where the store stays busy", err, store.Throttled)
}

// readBack: a store that keeps something else than it was given is found out.
func readBack(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "as it was", "back")
	if err != nil {
		return err
	}
	twisted := &faulty{Driver: b.Driver, read: func(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
		e, v, err := b.Driver.Read(ctx, name, version)
		if err == nil {
			v = secret("as it never was")
		}
		return e, v, err
	}}
	_, err = shop(twisted).Create(ctx, p)
	return wantCode("create where another value is read back", err, store.Mismatch)
}
