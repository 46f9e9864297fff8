package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Killed ends each operation of a driver before and after every call to its service, and
// does it again, as whoever resumes does: it comes to the same end. open makes a driver
// of a fresh service, which calls hook around each of its calls. least is how many ends
// there must have been, so that a hook which gets lost is noticed.
func Killed(t *testing.T, open func(hook func()) store.Driver, least int) {
	t.Helper()
	tried := 0
	for name, op := range map[string]func(ctx context.Context, s *store.Store) (act, check func() error, err error){
		"create": createOnce, "replace": replaceOnce, "remove": removeOnce,
	} {
		for n := 1; ; n++ {
			at, count := 0, 0
			s := shop(open(func() {
				if count++; count == at {
					killtest.Die()
				}
			}))
			act, check, err := op(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			at, count = n, 0
			err, lived := killtest.Alive(act)
			if lived && err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			at = 0
			if err := act(); err != nil {
				t.Fatalf("%s, ended at call %d, then again: %v", name, n, err)
			}
			if err := check(); err != nil {
				t.Fatalf("%s, ended at call %d: %v", name, n, err)
			}
			if lived {
				break
			}
			tried++
		}
	}
	t.Logf("%d ends of an operation were tried", tried)
	if tried < least {
		t.Errorf("%d ends of an operation were tried, fewer than %d", tried, least)
	}
}

func createOnce(ctx context.Context, s *store.Store) (act, check func() error, err error) {
	p := store.Put{Name: "killed", Value: secret("the value"), Op: newOp()}
	act = func() error { _, err := s.Create(ctx, p); return err }
	check = func() error {
		e, _, err := s.Read(ctx, p.Name, "")
		if err == nil && e.Tags[store.TagOp] != p.Op {
			err = fmt.Errorf("it is tagged as operation %q's", e.Tags[store.TagOp])
		}
		return errors.Join(err, holds(ctx, s, p.Name, "", "the value"))
	}
	return act, check, nil
}

func replaceOnce(ctx context.Context, s *store.Store) (act, check func() error, err error) {
	old, err := s.Create(ctx, store.Put{Name: "killed", Value: secret("old value"), Op: newOp()})
	p := store.Put{Name: "killed", Value: secret("new value"), Op: newOp()}
	act = func() error { _, err := s.Replace(ctx, p, old.Version); return err }
	return act, func() error { return holds(ctx, s, p.Name, "", "new value") }, err
}

func removeOnce(ctx context.Context, s *store.Store) (act, check func() error, err error) {
	p := store.Put{Name: "killed", Value: secret("the value"), Op: newOp()}
	r, err := s.Create(ctx, p)
	act = func() error { return s.Remove(ctx, r, p.Op) }
	check = func() error {
		e, err := s.Stat(ctx, p.Name)
		if store.CodeOf(err) == store.NotFound || err == nil && e.State == store.Deleted {
			return nil
		}
		return fmt.Errorf("it is still there: %+v, %v", e, err)
	}
	return act, check, err
}
