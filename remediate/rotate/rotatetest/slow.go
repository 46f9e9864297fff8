package rotatetest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

// slow is a provider that takes its time until a new credential is valid everywhere.
type slow struct {
	rotate.Rotator
	w        *world
	until    time.Time
	early    int
	promoted bool
}

func (s *slow) Verify(ctx context.Context, c rotate.Credential) error {
	if s.w.clock.Before(s.until) {
		s.early++
		s.promoted = s.promoted || !s.w.current().Equal(s.w.scene.Old)
		return fmt.Errorf("one of the servers does not know it: %w", rotate.ErrNotYet)
	}
	return s.Rotator.Verify(ctx, c)
}

func name(what string, n int) string { return what + " " + strconv.Itoa(n) }
