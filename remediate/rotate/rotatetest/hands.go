package rotatetest

import (
	"context"
	"errors"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/store/storetest"
)

func asWait(err error) (*act.Wait, bool) { return errors.AsType[*act.Wait](err) }

// stepping is a store each of whose calls can be the last thing that happens, before or
// after it took effect.
type stepping struct {
	*storetest.Memory
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

func (s stepping) Stat(ctx context.Context, name string) (e store.Entry, err error) {
	err = s.around(func() (err error) { e, err = s.Memory.Stat(ctx, name); return err })
	return e, err
}

func (s stepping) Read(ctx context.Context, name, version string) (e store.Entry, v leak.Secret, err error) {
	err = s.around(func() (err error) { e, v, err = s.Memory.Read(ctx, name, version); return err })
	return e, v, err
}

func (s stepping) Write(ctx context.Context, w store.Write) (version string, err error) {
	err = s.around(func() (err error) { version, err = s.Memory.Write(ctx, w); return err })
	return version, err
}

func (s stepping) Delete(ctx context.Context, name, version string) error {
	return s.around(func() error { return s.Memory.Delete(ctx, name, version) })
}

func (s stepping) Promote(ctx context.Context, name, version, from string) error {
	return s.around(func() error { return s.Memory.Promote(ctx, name, version, from) })
}

func (s stepping) Abandon(ctx context.Context, name, version string) error {
	return s.around(func() error { return s.Memory.Abandon(ctx, name, version) })
}

// teller is a consumer that holds a copy of the credential.
type teller struct {
	w     *world
	holds rotate.Credential // nil: it has not been told anything
}

func (c *teller) String() string { return "the test's program" }
func (c *teller) Risk() string   { return "none" }

func (c *teller) Done(_ context.Context, u consumer.Update) (bool, error) {
	return c.holds.Equal(u.New), nil
}

func (c *teller) Do(_ context.Context, u consumer.Update) error { return c.hold(u.New) }

func (c *teller) Undo(_ context.Context, u consumer.Update) error { return c.hold(u.Old) }

func (c *teller) hold(new rotate.Credential) error {
	if err := c.w.step(); err != nil {
		return err
	}
	c.holds = new
	return c.w.step()
}
