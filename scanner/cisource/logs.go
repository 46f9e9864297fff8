package cisource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Logs say which jobs' logs and artifacts are looked at.
type Logs struct {
	Since time.Time // of jobs that began then or later; zero: whenever
	Most  int       // runs of a repository, or jobs of a project, from the newest; 0: all
}

// before tells whether something is older than what is looked at.
func (l *Logs) before(began time.Time) bool { return !l.Since.IsZero() && began.Before(l.Since) }

// more tells, where it is so, that there are older runs than the n that are looked at.
func (w *walk) more(l *Logs, n int, at leak.JobLog, what string) bool {
	if l.Most == 0 || n < l.Most {
		return false
	}
	at.Job, at.Run = "*", ""
	w.tell(scanner.Blob{}, &leak.Gap{Place: at, Class: leak.Boundary, Code: leak.GapLimit, Why: fmt.Errorf("older %s than the newest %d were not looked at: --max-runs 0 looks at all", what, l.Most)})
	return true
}

// unread tells of a log or an artifact that is not, or not yet, to be had.
func (w *walk) unread(at leak.JobLog, why string) {
	w.tell(scanner.Blob{}, &leak.Gap{Place: at, Class: leak.Boundary, Code: leak.GapMissing, Why: errors.New(why)})
}

// download tells of a log or an artifact, which is fetched when the scanner comes to it.
func (w *walk) download(at leak.JobLog, path, needs string, notes ...string) {
	w.tell(scanner.Blob{Place: at, Size: -1, Notes: notes, Open: func(ctx context.Context) (io.ReadCloser, error) {
		answer, err := w.ask.open(ctx, path)
		if err == nil && (answer.StatusCode == http.StatusOK || answer.StatusCode == http.StatusNoContent) {
			return answer.Body, nil
		}
		if err == nil {
			answer.Body.Close()
		}
		return nil, w.missed(ctx, at, needs, answer, err)
	}}, nil)
}

// missed is why a log or an artifact could not be read. That one is gone, with a list
// that still names it, is its keeper's doing, and no failure.
func (w *walk) missed(ctx context.Context, at leak.JobLog, needs string, answer *http.Response, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	g := &leak.Gap{Place: at, Class: leak.Failure, Code: leak.GapUnreadable}
	if over, ok := errors.AsType[*overError](err); ok {
		g.Code, g.Why = over.code, over
		return g
	}
	if err == nil && (answer.StatusCode == http.StatusGone || answer.StatusCode == http.StatusNotFound) {
		g.Class, g.Code = leak.Boundary, leak.GapMissing
		g.Why = fmt.Errorf("it is not there any more (%d): it expired or was deleted", answer.StatusCode)
		return g
	}
	if err == nil && answer.Request.URL.Host != w.ask.base.Host {
		g.Why = fmt.Errorf("the store where it is answers %d: try again later", answer.StatusCode)
		return g
	}
	why, _ := reason(needs, answer, err)
	g.Why = errors.New(why)
	return g
}
