package cli

import (
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/scanner"
)

// progressAfter is how long work may last unseen: most scans end before it.
const progressAfter = 500 * time.Millisecond

// placeWidth is how many characters of a place progress shows: with the rest of
// the line they fit a terminal of 80 columns.
const placeWidth = 48

// showProgress makes the job draw its progress where a person looks at stderr.
// The func that it returns takes the drawing away again.
func (a *app) showProgress(j *job, quiet bool) (done func()) {
	if !a.drawsProgress(quiet) {
		return func() {}
	}
	var last atomic.Pointer[scanner.Progress]
	j.progress = func(p scanner.Progress) { last.Store(&p) }
	ended, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-ended:
		case <-time.After(progressAfter):
			a.drawProgress(&last, ended)
		}
	}()
	return func() { close(ended); <-gone }
}

// drawsProgress tells whether a person looks at stderr, on what can be drawn on.
func (a *app) drawsProgress(quiet bool) bool {
	return !quiet && isTerminal(a.Err) && a.env["TERM"] != "dumb"
}

// waitsFor is what a server has us wait for, "" where none does.
func (a *app) waitsFor() string {
	if a.wait == nil {
		return ""
	}
	if why := a.wait.Load(); why != nil {
		return *why
	}
	return ""
}

// drawProgress spins, with what was seen so far beside it, until ended. How much
// a source holds is known at its end only, so there is no bar to fill.
func (a *app) drawProgress(last *atomic.Pointer[scanner.Progress], ended <-chan struct{}) {
	text := func(decor.Statistics) string {
		switch p, wait := last.Load(), a.waitsFor(); {
		case wait != "":
			return " " + wait
		case p == nil || p.Blobs == 0:
			return " finding out what there is to read"
		case p.Place == nil:
			return " " + report.Seen(p.Blobs, p.Bytes)
		default:
			return " " + report.Seen(p.Blobs, p.Bytes) + "  " + report.Shorten(p.Place.String(), placeWidth)
		}
	}
	all := mpb.New(mpb.WithOutput(a.Err))
	bar := all.New(0, mpb.SpinnerStyle(), mpb.BarWidth(1), mpb.AppendDecorators(decor.Any(text)))
	<-ended
	bar.Abort(true)
	all.Wait()
}
