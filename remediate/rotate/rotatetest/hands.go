package rotatetest

import (
	"context"
	"errors"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

func asWait(err error) (*act.Wait, bool) { return errors.AsType[*act.Wait](err) }

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
