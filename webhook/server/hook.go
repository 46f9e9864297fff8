package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// The paths of the hooks.
const (
	PathPods      = "/pods"
	PathWorkloads = "/workloads"
	PathData      = "/data"
)

// hook answers an API server on one path.
type hook struct {
	name    string
	live    *live
	gate    *gate
	bodies  *bodies
	metrics *metrics
	log     *slog.Logger
	ready   func() error // why it is not; nil: always ready
}

// The API server appends its timeout to the URL (k8s.io/apiserver,
// pkg/admission/plugin/webhook/validating/dispatcher.go); 30 seconds is the most that a
// configuration may say, 10 what holds where it says nothing.
const (
	mostPatience  = 30 * time.Second
	usualPatience = 10 * time.Second
)

// deadline is how long a review may take: a fifth of the API server's patience is left for
// the way back.
func deadline(r *http.Request) time.Duration {
	patience, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || patience <= 0 || patience > mostPatience {
		patience = usualPatience
	}
	return patience * 4 / 5
}

// slowest is how long a body may take to come. An API server has it ready, and stands in
// the same network; who sends byte by byte is not to hold memory for long.
const slowest = 3 * time.Second

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "an AdmissionReview is POSTed here", http.StatusMethodNotAllowed)
		return
	}
	began := time.Now()
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(began.Add(slowest)) // what is not read here, the server reads off behind the answer
	if !h.gate.enter() {
		h.metrics.refused.Inc()
		h.metrics.failed.WithLabelValues("refused", "overload").Inc()
		http.Error(w, "too many reviews at once", http.StatusServiceUnavailable)
		return
	}
	h.metrics.inFlight.Inc()
	defer h.metrics.inFlight.Dec()
	defer h.gate.leave()
	// Not the request's own context: it ends where the server is told to end, and what is
	// in flight is to be answered then.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), deadline(r))
	defer cancel()
	defer context.AfterFunc(r.Context(), cancel)() // the caller went away
	answer := h.answer(ctx, w, r)
	h.metrics.answered(h.name, &answer, time.Since(began))
	h.write(w, &answer)
}

// answer reads the body and has it looked at.
func (h *hook) answer(ctx context.Context, w http.ResponseWriter, r *http.Request) admit.Answer {
	body, done, err := h.read(ctx, w, r)
	if done != nil {
		defer done()
	}
	if err == nil && h.ready != nil {
		err = h.ready()
		if err != nil {
			err = &faultError{"not-ready", fmt.Errorf("the webhook is not ready: %w", err)}
		}
	}
	if err != nil {
		why, _ := errors.AsType[*faultError](err)
		return admit.Answer{UID: admit.UIDOf(body.text), Decision: admit.DecisionError, Incomplete: why.reason, Err: err}
	}
	answer := h.live.now().admitter.Review(ctx, body.text)
	if answer.Err == nil { // else a scanner may be at it still
		body.giveBack()
	}
	return answer
}

// faultError is why a review did not come to be looked at, with a word for metrics.
type faultError struct {
	reason string
	err    error
}

func (e *faultError) Error() string { return e.err.Error() }
func (e *faultError) Unwrap() error { return e.err }

// read reads the body, of which as much as came is given beside an error.
func (h *hook) read(ctx context.Context, w http.ResponseWriter, r *http.Request) (b *body, done func(), err error) {
	done, err = h.gate.room(ctx, r.ContentLength)
	if err != nil {
		return &body{}, nil, &faultError{"deadline", fmt.Errorf("wait for room: %w", err)}
	}
	until := time.Now().Add(slowest)
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		until = d
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(until) // a test's recorder has none
	defer func() {
		if err == nil { // else the server would take its end for the caller's, while the review is looked at
			_ = control.SetReadDeadline(time.Time{})
		}
	}()
	b, err = h.bodies.read(http.MaxBytesReader(w, r.Body, maxBody), r.ContentLength)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return b, done, &faultError{"too-large", fmt.Errorf("the review has more than %d MiB", maxBody>>20)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return b, done, &faultError{"slow", errors.New("the review did not come in time")}
	case err != nil:
		return b, done, &faultError{"body", fmt.Errorf("read the review: %w", err)}
	}
	return b, done, nil
}

// write sends the answer, or what the failure mode makes of there being none.
func (h *hook) write(w http.ResponseWriter, a *admit.Answer) {
	if a.Err == nil {
		h.tell(a)
		send(w, a.Body)
		return
	}
	open := h.live.now().config.FailureMode == FailOpen && a.UID != ""
	mode := "closed"
	if open {
		mode = "open"
	}
	h.metrics.failed.WithLabelValues(mode, a.Incomplete).Inc()
	h.log.Error("no decision", "hook", h.name, "uid", a.UID, "kind", a.Kind, "namespace", a.Namespace, "failure", mode, "reason", a.Incomplete, "error", a.Err.Error())
	if open {
		send(w, admit.Failed(a.UID, a.Err))
		return
	}
	http.Error(w, "no decision: "+a.Incomplete, http.StatusInternalServerError)
}

// tell logs what was not simply admitted.
func (h *hook) tell(a *admit.Answer) {
	switch a.Decision {
	case admit.DecisionDeny, admit.DecisionWarn, admit.DecisionExempt:
	default:
		return
	}
	rules := make([]string, 0, len(a.Findings))
	for _, f := range a.Findings {
		rules = append(rules, f.Rule)
	}
	h.log.Info(a.Decision, "hook", h.name, "uid", a.UID, "kind", a.Kind, "namespace", a.Namespace, "operation", a.Operation, "dryRun", a.DryRun,
		"rules", rules, "exemption", a.Exemption, "incomplete", a.Incomplete)
}

func send(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(body) // an API server that went away needs none
}
