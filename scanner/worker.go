package scanner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner/archive"
	"github.com/oakum-sec/oakum/scanner/pipeline"
)

// maxFindings bounds what one text may tell; the rest is a Gap. A text with
// more is a dump of test data, and nobody reads ten thousand lines about it.
const maxFindings = 10_000

// hit is a match that Judge let stand, with what the steps after it need.
type hit struct {
	finding *leak.Finding
	rule    *rules.Rule
	near    []leak.Part // by component, empty where nothing is near
	keyAt   int         // where the name begins that it stands under, in its window
	taken   bool        // it became a part of another finding
	lacking bool        // a part that it cannot do without is not there
	known   *hit        // what it was found to be as well
}

// worker scans texts one after the other, with buffers of its own.
type worker struct {
	*Scanner
	now     time.Time
	reader  *reader
	matches []rules.Match
	pieces  []piece

	live   *live           // told how far a text is; nil: nobody asks
	inner  *worker         // for what is packed in the text at hand; nil until there is something
	budget *archive.Budget // of the outermost archive; nil outside of one

	// of the text at hand
	blob   *Blob
	paths  []string
	out    *result
	kind   kind
	path   []byte
	names  []*hit // found in the text's name
	hits   []*hit
	near   map[*regexp.Regexp]*surrounding // the last one searched, by a component's pattern
	full   bool                            // maxFindings reached, and told
	deep   bool                            // maxDepth reached, and told
	whole  []byte                          // all of the text, where one window holds it
	file   *pipeline.File                  // see pipelineFile
	parsed bool
}

func newWorker(s *Scanner, now time.Time) *worker {
	return &worker{Scanner: s, now: now, reader: newReader(s.set)}
}

// scan opens one text, looks at all of it and appends what it tells to out.
func (w *worker) scan(ctx context.Context, b Blob, out *result) {
	if b.Memo != nil {
		w.remembered(ctx, &b, out)
		return
	}
	w.each(&b, out, func() { w.open(ctx) })
}

// look is scan for a text that is in memory, and for regions of it; nil is all.
func (w *worker) look(b Blob, text []byte, regions []leak.Span, out *result) {
	w.each(&b, out, func() { w.text(text, regions) })
}

// each does with a text what there is to do but to come by its content.
func (w *worker) each(b *Blob, out *result, content func()) {
	out.blobs++
	w.looked(b, out, content)
	out.last = b.Place // as it may be told: name has seen to that
}

// looked is each for a text that is counted elsewhere.
func (w *worker) looked(b *Blob, out *result, content func()) {
	w.begin(b, out)
	w.guarded(func() {
		w.name()
		w.files()
		w.stated()
		content()
	})
	w.guarded(w.finish)
}

// guarded makes a Gap of a panic, a bug of ours that hostile content triggers:
// it does not get to hide the texts that follow, nor what was found before.
func (w *worker) guarded(step func()) {
	defer func() {
		if broken := recover(); broken != nil {
			w.gap(leak.GapUnreadable, fmt.Errorf("oakum broke while it looked at this (a bug, please report it): %v", broken))
		}
	}()
	step()
}

func (w *worker) begin(b *Blob, out *result) {
	w.blob, w.out, w.names, w.hits, w.full, w.deep = b, out, w.names[:0], w.hits[:0], false, false
	w.kind, w.whole, w.file, w.parsed = kind{}, nil, nil, false
	clear(w.near)
	if w.paths = b.Paths; w.paths == nil {
		if p := b.Place.Path(); p != "" {
			w.paths = []string{p}
		}
	}
}

// judge asks for the second opinion on a match and keeps it as a hit.
func (w *worker) judge(m *rules.Match, win *window) {
	if w.full || !w.accepted(m, win.text) {
		return
	}
	h := w.hit(m, win.text, nil)
	w.place(h.finding, win, m.Value[0], m.Value[1])
	h.keyAt = m.Start
	if m.Key[1] > m.Key[0] {
		h.keyAt = m.Key[0]
	}
	w.lookNearby(h, m, win)
	w.keep(h)
}

// accepted is Judge's word, and ours on names and values in binaries: what a
// compiler or packer left there is no assignment.
func (w *worker) accepted(m *rules.Match, text []byte) bool {
	why := w.set.Judge(m, w.subject(text))
	if why == "" && w.kind.binary && m.Proof == leak.Generic {
		why = "binary"
	}
	if why == "" && m.Confidence < w.opt.leastConfidence() {
		why = "confidence"
	}
	if why != "" {
		w.out.drop(why)
	}
	return why == ""
}

func (w *worker) subject(text []byte) rules.Subject {
	s := rules.Subject{Text: text, Paths: w.paths, Now: w.now}
	if w.blob.Origin != nil {
		s.Commit = w.blob.Origin.Commit
	}
	return s
}

// hit makes a finding of a match. Its place in the text is not set yet.
func (w *worker) hit(m *rules.Match, text []byte, decoded []string) *hit {
	value, beside := m.Of(text), m.Companions(text)
	f := &leak.Finding{
		Rule:       m.Rule.ID,
		Key:        keyOf(m, text),
		Secret:     leak.NewSecret(value),
		Hint:       string(value[:min(m.Rule.Show, len(value))]),
		Proof:      m.Proof,
		Severity:   m.Severity,
		Confidence: m.Confidence,
		Notes:      slices.Concat(m.Notes, beside.Notes()),
		Decoded:    append(w.kind.decoded(), decoded...),
		Seen:       1,
	}
	vouched := m.Rule.Bits >= leak.VouchedBits || m.Rule.Public
	f.Name = f.Key
	f.ID = leak.Identify(f.Rule, f.Secret, vouched, f.Name, w.blob.Place)
	w.out.outlives(w.now, m.Expires)
	return &hit{finding: f, rule: m.Rule}
}

// place says where win.text[start:end] stands, and what a comment there says.
func (w *worker) place(f *leak.Finding, win *window, start, end int) {
	f.Sighting = leak.Sighting{
		Place:  w.blob.Place,
		Span:   leak.Span{Start: win.base + int64(start), End: win.base + int64(end)},
		Reach:  w.blob.Reach,
		Origin: w.blob.Origin,
	}
	f.Line, f.Column = win.position(start)
	f.EndLine, f.EndColumn = win.position(end)
	if !w.opt.NoInline {
		f.Suppressed = allowedInline(win.text, start, end)
	}
}

func (w *worker) keep(h *hit) {
	if len(w.hits) < maxFindings {
		w.hits = append(w.hits, h)
		return
	}
	if !w.full {
		w.full = true
		w.gap(leak.GapLimit, fmt.Errorf("more than %d findings in one text; the rest is not told", maxFindings))
	}
}

// finish pairs and orders what the text gave and tells it.
func (w *worker) finish() {
	hits := w.withoutOverlaps(w.borne(w.hits))
	hits = w.paired(hits)
	w.steps(hits)
	slices.SortStableFunc(hits, func(a, b *hit) int {
		return cmp.Or(cmp.Compare(a.finding.Span.Start, b.finding.Span.Start),
			cmp.Compare(a.finding.Span.End, b.finding.Span.End), cmp.Compare(a.rule.ID, b.rule.ID))
	})
	for _, h := range append(w.names, hits...) {
		if h.finding.Proof < w.opt.MinProof { // only here: the secret beside an AWS key id is a part, whatever its own proof
			w.out.drop("proof")
			continue
		}
		w.settle(h.finding)
		w.out.events = append(w.out.events, Event{Finding: h.finding})
	}
	clear(w.hits)
}

func (w *worker) gap(code string, why error) {
	w.out.gap(&leak.Gap{Place: w.blob.Place, Class: leak.Failure, Code: code, Why: why})
}

// gapOf passes a source's own Gap on and makes one of any other error.
func (w *worker) gapOf(err error) {
	if g, ok := errors.AsType[*leak.Gap](err); ok {
		w.out.gap(g)
		return
	}
	w.gap(leak.GapUnreadable, err)
}
