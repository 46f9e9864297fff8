package lease

import (
	"time"

	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/vaultlogin"
)

// clock is when something that ends has to be looked after.
type clock struct {
	first     time.Duration // what was given at the beginning
	ends      time.Time
	due       time.Time // zero: it does not end
	renewable bool
}

// start begins a clock of something that ends after a time, 0 being never.
func start(lasts time.Duration, renewable bool) clock {
	c := clock{first: lasts, renewable: renewable}
	if lasts > 0 {
		c.set(lasts)
	}
	return c
}

// set counts on from now: two thirds of the time pass before anything is done.
func (c *clock) set(lasts time.Duration) {
	now := time.Now()
	c.ends, c.due = now.Add(lasts), now.Add(lasts*2/3)
}

func (c *clock) isDue() bool { return !c.due.IsZero() && !time.Now().Before(c.due) }

// renewed is told what a renewal gave. Less than was asked for is what is left to the
// longest time: it is not asked again.
func (c *clock) renewed(lasts time.Duration, renewable bool) {
	c.renewable = renewable && lasts > c.first*9/10
	c.set(lasts)
}

// pause is how long to wait where Vault does not answer.
const pause = 5 * time.Second

// retry sets the next look where Vault does not answer.
func (c *clock) retry() { c.due = time.Now().Add(pause) }

// failed tells whether it is worth to ask again: while Vault does not answer and there
// is time left.
func (c *clock) failed(err error, what string, say func(string, ...any)) bool {
	switch vaultlogin.CodeOf(err) {
	case store.Unavailable, store.Throttled, store.Canceled:
		if left := time.Until(c.ends); left > 0 {
			c.due = time.Now().Add(min(pause, max(left/4, 100*time.Millisecond)))
			say("%s could not be renewed, and is asked for again: %v", what, failed("a renewal", err))
			return true
		}
	}
	return false
}
