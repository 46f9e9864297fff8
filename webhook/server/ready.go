package server

import (
	"errors"
	"net/http"
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
	r.metrics.ready.Set(0)
	if err == nil {
		r.metrics.ready.Set(1)
	}
	return err
}

func (r *readiness) leave() { r.leaving.Store(true) }
