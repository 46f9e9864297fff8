package rotatetest

import (
	"context"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// driver is the store, each of whose calls can be the last thing that happens.
func (w *world) driver() store.Driver {
	s := stepping{w.store, w}
	p, waits := w.store.(store.Promoter)
	b, all := w.store.(store.BatchPromoter)
	switch {
	case w.plain || !waits:
		return s
	case all:
		return steppingAll{steppingWaits{s, p}, b}
	}
	return steppingWaits{s, p}
}

// stepping is a store each of whose calls can be the last thing that happens, before or
// after it took effect.
type stepping struct {
	store.Driver
	w *world
}

func (s stepping) around(do func() error) error {
	if err := s.w.step(); err != nil {
		return store.Fail(store.Unavailable, err)
	}
	err := do()
	if stop := s.w.step(); stop != nil {
		return store.Fail(store.Unavailable, stop)
	}
	return err
}

// write is around what makes a value of these names current.
func (s stepping) write(names []string, do func() error) error {
	if slices.Contains(names, s.w.deny) {
		return store.Failf(store.PermissionDenied, "you may not write it")
	}
	return s.around(func() error {
		err := do()
		s.w.wrote++
		return err
	})
}

func (s stepping) Stat(ctx context.Context, name string) (e store.Entry, err error) {
	err = s.around(func() (err error) { e, err = s.Driver.Stat(ctx, name); return err })
	return e, err
}

func (s stepping) Read(ctx context.Context, name, version string) (e store.Entry, v leak.Secret, err error) {
	err = s.around(func() (err error) { e, v, err = s.Driver.Read(ctx, name, version); return err })
	return e, v, err
}

func (s stepping) Write(ctx context.Context, w store.Write) (version string, err error) {
	names := []string{w.Name}
	if w.Pending {
		names = nil
	}
	err = s.write(names, func() (err error) { version, err = s.Driver.Write(ctx, w); return err })
	return version, err
}

func (s stepping) Delete(ctx context.Context, name, version string) error {
	return s.around(func() error { return s.Driver.Delete(ctx, name, version) })
}

// steppingWaits is that of a store in which versions wait.
type steppingWaits struct {
	stepping
	p store.Promoter
}

func (s steppingWaits) Promote(ctx context.Context, name, version, from string) error {
	return s.write([]string{name}, func() error { return s.p.Promote(ctx, name, version, from) })
}

func (s steppingWaits) Abandon(ctx context.Context, name, version string) error {
	return s.around(func() error { return s.p.Abandon(ctx, name, version) })
}

// steppingAll is that of a store that writes several entries at once.
type steppingAll struct {
	steppingWaits
	b store.BatchPromoter
}

func (s steppingAll) PromoteAll(ctx context.Context, all []store.Promotion) error {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return s.write(names, func() error { return s.b.PromoteAll(ctx, all) })
}
