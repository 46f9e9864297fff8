package storetest

import (
	"context"
	"fmt"

	"github.com/oakum-sec/oakum/remediate/store"
)

func notFound(ctx context.Context, b *Bench) error {
	name, err := b.name(ctx, "nobody")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	_, err = s.Stat(ctx, name)
	if err := wantCode("look at a name that is free", err, store.NotFound); err != nil {
		return err
	}
	_, _, err = s.Read(ctx, name, "")
	if err := wantCode("read a name that is free", err, store.NotFound); err != nil {
		return err
	}
	_, err = s.Replace(ctx, store.Put{Name: name, Value: secret("x"), Op: newOp()}, "1")
	return wantCode("replace what is not there", err, store.NotFound)
}

func remove(ctx context.Context, b *Bench) error {
	d, err := b.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	p, err := b.put(ctx, "for a while", "remove")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	r, err := s.Create(ctx, p)
	if err != nil {
		return err
	}
	for range 2 {
		if err := s.Remove(ctx, r, p.Op); err != nil {
			return err
		}
	}
	_, _, err = s.Read(ctx, p.Name, "")
	if err := wantCode("read what was removed", err, store.NotFound, store.GoneName); err != nil {
		return err
	}
	if d.Lingers {
		return nil
	}
	p.Op = newOp()
	if r, err = s.Create(ctx, p); err != nil || !r.Created {
		return fmt.Errorf("a name that was removed is not free: %+v, %w", r, err)
	}
	return nil
}

// removeForeign: neither what another operation made, nor what was changed since.
func removeForeign(ctx context.Context, b *Bench) error {
	p, old, err := b.first(ctx, "foreign")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	if err := wantCode("remove what another operation made", s.Remove(ctx, old, newOp()), store.Conflict); err != nil {
		return err
	}
	if _, err := s.Replace(ctx, p, old.Version); err != nil {
		return err
	}
	if err := wantCode("remove what was changed since", s.Remove(ctx, old, p.Op), store.Conflict); err != nil {
		return err
	}
	return holds(ctx, s, p.Name, "", "new value")
}

func lostRemove(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "for a while", "lostremove")
	if err != nil {
		return err
	}
	r, err := shop(b.Driver).Create(ctx, p)
	if err != nil {
		return err
	}
	if err := shop(losing(b.Driver)).Remove(ctx, r, p.Op); err != nil {
		return fmt.Errorf("remove whose reply was lost: %w", err)
	}
	return nil
}

// deletedName: a name that a deleted secret holds is neither taken over nor free.
func deletedName(ctx context.Context, b *Bench) error {
	if b.Delete == nil {
		d, err := b.Driver.Describe(ctx)
		if err == nil && d.Lingers {
			err = fmt.Errorf("deleted names stay taken here, and the bench has no Delete to try it with")
		}
		return err
	}
	p, err := b.put(ctx, "buried", "deleted")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	if _, err := s.Create(ctx, p); err != nil {
		return err
	}
	if err := b.Delete(ctx, p.Name); err != nil {
		return fmt.Errorf("the bench's delete: %w", err)
	}
	e, err := s.Stat(ctx, p.Name)
	if err != nil || e.State != store.Deleted {
		return fmt.Errorf("a deleted name is %+v, %v", e, err)
	}
	p.Op = newOp()
	_, err = s.Create(ctx, p)
	return wantCode("create under a deleted name", err, store.GoneName)
}

func denied(ctx context.Context, b *Bench) error {
	if b.Denied == nil {
		return fmt.Errorf("the bench has nobody who may not: set Denied, or Without with the reason")
	}
	p, err := b.put(ctx, "not for you", "denied")
	if err != nil {
		return err
	}
	if _, err := shop(b.Driver).Create(ctx, p); err != nil {
		return err
	}
	s := shop(b.Denied)
	_, _, err = s.Read(ctx, p.Name, "")
	if err := wantCode("read without permission", err, store.PermissionDenied, store.Unauthenticated); err != nil {
		return err
	}
	p.Op = newOp()
	_, err = s.Create(ctx, p)
	return wantCode("create without permission", err, store.PermissionDenied, store.Unauthenticated)
}

func tags(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "labelled", "tags")
	if err != nil {
		return err
	}
	p.Tags = map[string]string{"oakum-plan": "p-123"}
	s := shop(b.Driver)
	if _, err := s.Create(ctx, p); err != nil {
		return err
	}
	e, err := s.Stat(ctx, p.Name)
	if err != nil {
		return err
	}
	for k, want := range map[string]string{store.TagManaged: "oakum", store.TagOp: p.Op, "oakum-plan": "p-123"} {
		if e.Tags[k] != want {
			return fmt.Errorf("the tag %s is %q, expected %q", k, e.Tags[k], want)
		}
	}
	return nil
}
