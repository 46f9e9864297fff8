package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// line is the queue in front of one host.
type line struct {
	host   string
	pause  time.Duration
	known  map[[32]byte]*leak.Verification // by a hash of the request: the same value is asked about once
	asked  bool
	closed string // why the host is not asked any more
}

// ask puts the question after a pause, unless the host asked for patience before.
func (l *line) ask(ctx context.Context, key [32]byte, send func() (*leak.Verification, time.Duration)) *leak.Verification {
	if known := l.known[key]; known != nil {
		return known
	}
	if l.closed != "" {
		return &leak.Verification{Reason: l.closed, Host: l.host}
	}
	if !l.wait(ctx) {
		return &leak.Verification{Reason: "stopped before it was asked", Host: l.host}
	}
	answer, patience := send()
	answer.Host = l.host
	if patience > 0 {
		l.closed = fmt.Sprintf("not asked: %s wants to be left alone for %s", l.host, patience.Round(time.Second))
	}
	l.known[key] = answer
	return answer
}

// wait is false where ctx ends first.
func (l *line) wait(ctx context.Context) bool {
	if !l.asked {
		l.asked = true
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(l.pause):
		return true
	}
}
