package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
)

// readiness tells whether the server can decide: rules and policy are compiled, a
// certificate is there and holds, the informers have listed everything.
type readiness struct {
	certificate *certificate
	watched     []*watched
	warmed      atomic.Bool
	leaving     atomic.Bool
	metrics     *metrics
	log         *slog.Logger
	told        atomic.Pointer[string] // the last reason, which is told once
}

// prepare compiles rules and policy, and gives back what listing the cluster's objects left
// behind: many times what is kept of them.
func (r *readiness) prepare(ctx context.Context, l *live) error {
	if err := warm(ctx, l.now().admitter); err != nil {
		r.log.Error("the rules cannot decide", "error", err.Error()) // a broken policy: the failure mode's
	}
	r.warmed.Store(true)
	waitFor(ctx, r.watched)
	debug.FreeOSMemory()
	return nil
}

// decides tells why reviews cannot be decided. The certificate and the end are no reason
// for that: who comes through is answered.
func (r *readiness) decides() error {
	if !r.warmed.Load() {
		return errors.New("the rules are not compiled yet")
	}
	for _, w := range r.watched {
		if err := w.ready(); err != nil {
			return err
		}
	}
	return nil
}

// check is a healthz.Checker.
func (r *readiness) check(*http.Request) error {
	err := r.decides()
	if err == nil {
		err = r.certificate.ready()
	}
	if err == nil && r.leaving.Load() {
		err = errors.New("the server is ending")
	}
	r.tell(err)
	return err
}

// tell logs a change: probes come often, and are answered without a reason.
func (r *readiness) tell(err error) {
	r.metrics.ready.Set(0)
	why := "" // ready
	if err != nil {
		why = err.Error()
	} else {
		r.metrics.ready.Set(1)
	}
	was := r.told.Swap(&why)
	switch {
	case was != nil && *was == why:
	case err != nil:
		r.log.Info("not ready", "why", why)
	default:
		r.log.Info("ready")
	}
}

func (r *readiness) leave() { r.leaving.Store(true) }
