package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner"
)

// job is one scan, from a source to a verdict.
type job struct {
	target          target
	config          *configuration
	options         scanner.Options
	policy          *policy.Policy           // nil: the built-in one
	about           policy.Context           // what it is told beside findings and gaps; the target and the time are added
	requireComplete bool                     // boundary gaps count too
	progress        func(p scanner.Progress) // nil: nobody looks
	skip            func(*leak.Finding) bool // what was not asked for, though the source has it; nil: nothing
	oldest          bool                     // of several versions of a place tell of the first: see scanner.Merge
	unused          bool                     // tell of list entries that matched nothing: only where all was scanned
	verify          func([]*leak.Finding)    // asks issuers about findings; nil: nobody is asked
	audit           *Audit                   // judges by namespaces; nil: by the target
	atEnd           func()                   // called where the scan came to its end by itself; nil: nobody asks
}

// run does the job. Its error is about what kept it from looking at anything;
// where something was looked at, what went wrong later is a Gap of the Document.
func (a *app) run(ctx context.Context, j job) (*report.Document, error) {
	began := time.Now()
	j.options.Known = j.config.known
	r := running{job: j, doc: &report.Document{Schema: report.Schema, Tool: toolOf(), Targets: []report.Target{j.target.info}}, bySuppression: map[string]int64{}}
	r.merge.Oldest = j.oldest
	if j.audit != nil {
		r.merge.Apart = j.audit.apart
	}
	err := r.scan(ctx)
	if err == nil && j.atEnd != nil {
		j.atEnd()
	}
	if err := r.ended(err); err != nil {
		return nil, err
	}
	if err := r.judge(ctx); err != nil {
		return nil, err
	}
	r.notices()
	r.doc.Elapsed = time.Since(began)
	return r.doc, nil
}

// stopWithin is what a scan gets to stop by itself after Ctrl-C. A source can be
// deep in a walk that looks up seldom; the user is not to wait for it.
const stopWithin = time.Second

// gcHistory is how much garbage may gather beside what is in use, in percent, while
// a whole history is scanned. Its objects are many and live long: with Go's default
// of 100, git's own 849,014 objects take 190 MB, with 50 140, for a twentieth more
// time; moby's history, which has the findings of 707 rules, takes 165 with 50.
const gcHistory = 30

// scan runs the scanner until its end, or until stopWithin after ctx's.
func (r *running) scan(ctx context.Context) error {
	if r.target.info.Kind == "git" && r.target.info.Part == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(gcHistory))
	}
	done := make(chan error, 1)
	go func() {
		sum, err := scanner.New(r.config.set, r.options).Scan(ctx, r.target.source, r.event)
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.left {
			r.doc.Summary = sum
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(stopWithin):
		return r.leave(ctx)
	}
}

// leave takes what is known of a scan that does not stop; it is told no more.
func (r *running) leave(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = true
	sum := scanner.Summary{Blobs: r.last.Blobs, Bytes: r.last.Bytes, Gaps: map[string]int64{}, Dropped: map[string]int64{}, Suppressed: map[string]int64{}}
	for _, g := range r.doc.Gaps {
		sum.Gaps[g.Code]++
		if g.Class == leak.Failure {
			sum.Failures++
		} else {
			sum.Boundaries++
		}
	}
	r.doc.Summary = sum
	return ctx.Err()
}

// maxGaps bounds the gaps that a report lists, so that a target that is made to
// have millions does not fill the memory. Summary counts them all.
const maxGaps = 10_000

// running is a job under way.
type running struct {
	job
	doc           *report.Document
	merge         scanner.Merge
	bySuppression map[string]int64

	mu   sync.Mutex // between the scan's goroutine and one that leaves it
	left bool
	last scanner.Progress
}

func (r *running) event(e scanner.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.left:
		return context.Canceled
	case e.Finding != nil && r.skip != nil && r.skip(e.Finding):
	case e.Finding != nil:
		if r.target.settle != nil {
			r.target.settle(e.Finding)
		}
		r.suppress(e.Finding)
		r.merge.Add(e.Finding)
	case e.Gap != nil:
		if len(r.doc.Gaps) < maxGaps {
			r.doc.Gaps = append(r.doc.Gaps, e.Gap)
		}
	case e.Progress != nil:
		r.last = *e.Progress
		if r.progress != nil {
			r.progress(*e.Progress)
		}
	}
	return nil
}

// suppress asks every list, so that each learns which of its entries are used.
// An entry counts more than a comment: a gate does not believe every comment.
func (r *running) suppress(f *leak.Finding) {
	for _, l := range r.config.lists {
		s := l.Match(f)
		if s == nil || f.Suppressed != nil && f.Suppressed.Kind != leak.SuppressInline {
			continue
		}
		if f.Suppressed != nil {
			r.bySuppression[f.Suppressed.Kind]--
		}
		f.Suppressed = s
		r.bySuppression[s.Kind]++
	}
}

// ended makes a Gap of what ended the scan early, or an error of it where
// nothing had been looked at.
func (r *running) ended(err error) error {
	if err == nil {
		return nil
	}
	gap := &leak.Gap{Class: leak.Failure, Code: leak.GapUnreadable, Why: err}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		gap.Code, gap.Why = leak.GapInterrupt, errors.New("the scan was stopped here; what follows was not looked at")
		r.doc.Result.Reason = "stopped before its end"
	case r.doc.Summary.Blobs == 0:
		return fmt.Errorf("scan: %w", err)
	}
	r.doc.Gaps = append(r.doc.Gaps, gap)
	r.doc.Summary.Failures++
	r.doc.Summary.Gaps[gap.Code]++
	return nil
}

// judge has the policy decide and sums up. Values are taken out of names and
// messages before, so that the policy reads none.
func (r *running) judge(ctx context.Context) error {
	d := r.doc
	for kind, n := range r.bySuppression {
		d.Summary.Suppressed[kind] += n
	}
	d.Findings = r.merge.Findings()
	if r.verify != nil {
		r.verify(d.Findings)
	}
	d.Mask()
	if err := r.decide(ctx); err != nil {
		return err
	}
	switch {
	case d.Result.Verdict == leak.Deny:
		d.Result.ExitCode = exitDenied
	case !d.Result.Complete:
		d.Result.ExitCode = exitIncomplete
	}
	r.rules()
	return nil
}

// rules keeps of the set what the findings name.
func (r *running) rules() {
	named := map[string]bool{}
	for _, f := range r.doc.Findings {
		named[f.Rule] = true
	}
	if len(named) == 0 {
		return // an empty scan must not parse the rules
	}
	known := scanner.AsRule()
	for _, id := range slices.Sorted(maps.Keys(named)) {
		if rule := r.config.set.Rule(id); rule != nil && id != known.ID {
			r.doc.Rules = append(r.doc.Rules, report.RuleOf(rule))
		}
	}
	if named[known.ID] {
		r.doc.Rules = append(r.doc.Rules, report.RuleOf(known))
	}
}

// notices adds what the lists have to say at the end.
func (r *running) notices() {
	d := r.doc
	d.Notices = append(slices.Clone(r.config.notices), d.Notices...)
	if f := r.config.allowed; f != nil {
		for _, text := range f.Expired() {
			d.Notices = append(d.Notices, report.Notice{Code: report.NoticeExpired, Text: text, Do: "oakum allow prune"})
		}
	}
	r.overruled()
	if !r.unused || !d.Result.Complete {
		return
	}
	for _, l := range r.config.lists {
		if l == r.config.baseline {
			continue // that old findings go away is what a baseline is for
		}
		if unused := l.Unused(); len(unused) > 0 {
			n := report.Notice{Code: report.NoticeUnused, Text: "matched nothing: " + strings.Join(unused, "; ")}
			if l == allow.List(r.config.allowed) {
				n.Do = "oakum allow prune"
			}
			d.Notices = append(d.Notices, n)
		}
	}
}

// overruled tells of comments that were not believed, and what would have them be.
func (r *running) overruled() {
	if r.about.Event == policy.Gate {
		r.commented()
		return
	}
	if r.about.Settings.Trusted {
		return
	}
	n := 0
	for _, f := range r.doc.Findings {
		if commentOverruled(f) {
			n++
		}
	}
	if n > 0 {
		r.doc.Notices = append(r.doc.Notices, report.Notice{
			Code: report.NoticeUntrusted,
			Text: fmt.Sprintf("comments beside proven values (%d): found, not obeyed: nobody has trusted this target", n),
			Do:   strings.TrimSpace("oakum trust " + r.target.root),
		})
	}
}

// exit is the error that carries the document's exit code, nil where it is 0.
func exit(d *report.Document) error {
	if d.Result.ExitCode == exitClean {
		return nil
	}
	return &exitError{code: d.Result.ExitCode}
}
