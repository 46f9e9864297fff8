package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// listener takes reviews until it is told to end.
type listener struct {
	address string
	tls     *tls.Config
	handler http.Handler
	drain   time.Duration
	ready   *readiness
	log     *slog.Logger
}

// What a connection may take. Bodies have a bound of their own (see hook.go); a header
// comes with the connection.
const (
	headerPatience = 5 * time.Second
	idlePatience   = 2 * time.Minute // longer than an API server keeps a connection that it does not use
	maxHeader      = 64 << 10
)

// Start serves. Where ctx ends, the server is no longer ready; when whoever routes to it has
// seen that, it takes no more connections, and what is in flight is answered.
func (l *listener) Start(ctx context.Context) error {
	taken, err := net.Listen("tcp", l.address)
	if err != nil {
		return fmt.Errorf("take reviews at %s: %w", l.address, err)
	}
	s := &http.Server{
		Handler: http.HandlerFunc(l.serve), TLSConfig: l.tls, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: headerPatience, IdleTimeout: idlePatience, WriteTimeout: mostPatience + headerPatience,
		ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelDebug), // failed handshakes, of port scanners too
	}
	ended := make(chan error, 1)
	go func() { ended <- s.ServeTLS(records{taken}, "", "") }()
	l.log.Info("taking reviews", "address", taken.Addr().String())
	select {
	case err := <-ended:
		return fmt.Errorf("take reviews at %s: %w", l.address, err)
	case <-ctx.Done():
	}
	l.ready.leave()
	time.Sleep(l.drain)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), mostPatience)
	defer cancel()
	if err := s.Shutdown(last); err != nil {
		return fmt.Errorf("answer what is in flight: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("take reviews at %s: %w", l.address, err)
	}
	return nil
}

// serve hands a request on. While the server is ending, each connection is closed behind
// its answer: one that is closed between two requests takes the second one with it.
func (l *listener) serve(w http.ResponseWriter, r *http.Request) {
	if l.ready.leaving.Load() {
		w.Header().Set("Connection", "close")
	}
	l.handler.ServeHTTP(w, r)
}

// NeedLeaderElection: every replica serves.
func (l *listener) NeedLeaderElection() bool { return false }
