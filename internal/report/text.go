package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// alsoShown bounds the further places that the text lists under a finding; the
// other formats have leak.MaxAlso.
const alsoShown = 3

// subjectWidth is what git's own tools assume of a subject at most.
const subjectWidth = 72

// writeText writes for a person: a block for each finding, the worst first, then
// what was not looked at, and one line that sums it up. Notices are not in it:
// they are words for stderr.
func writeText(w io.Writer, d *Document, opt Options) error {
	t := &text{Writer: bufio.NewWriter(w), d: d, opt: opt}
	t.findings()
	t.gaps()
	t.summary()
	return t.Flush()
}

// WriteFindings writes the findings alone, as the text report does.
func WriteFindings(w io.Writer, d *Document, opt Options) error {
	t := &text{Writer: bufio.NewWriter(w), d: d, opt: opt}
	t.findings()
	return t.Flush()
}

// findings writes a block for each that is to be acted on, and a line for each
// that is only to be known of.
func (t *text) findings() {
	var warned []*leak.Finding
	for _, f := range byWeight(t.d.Findings) {
		switch {
		case silenced(f) && !t.opt.ShowSuppressed:
		case verdict(f) == leak.Warn && f.Suppressed == nil:
			warned = append(warned, f)
		default:
			t.finding(f)
		}
	}
	t.warned(warned)
}

// byWeight orders findings by what is to be done about them: denied before
// warned, severe before light, proven before guessed; then as they were found.
func byWeight(findings []*leak.Finding) []*leak.Finding {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b *leak.Finding) int {
		return cmp.Or(cmp.Compare(verdict(b), verdict(a)), cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Proof, a.Proof))
	})
	return sorted
}

func verdict(f *leak.Finding) leak.Verdict {
	if f.Decision == nil {
		return leak.Allow
	}
	return f.Decision.Verdict
}

// silenced tells whether f is suppressed, and no policy overruled that.
func silenced(f *leak.Finding) bool { return f.Suppressed != nil && verdict(f) == leak.Allow }

// text is a report being written. Errors stick to the bufio.Writer.
type text struct {
	*bufio.Writer
	d   *Document
	opt Options
}

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// item is an indented line with its label, left out where it says nothing.
func (t *text) item(label, value string) {
	if value != "" {
		t.line("  %s %s", t.dim(fmt.Sprintf("%-7s", label)), value)
	}
}

func (t *text) finding(f *leak.Finding) {
	r := t.d.Rule(f.Rule)
	t.line("%s  %s %s", t.severity(f), t.bold(Escape(r.Description)), t.dim("("+f.Rule+", "+f.Proof.String()+sureText(f)+")"))
	t.item("where", t.sighting(f.Sighting))
	t.item("step", stepText(f.Sighting))
	t.item("value", t.value(f))
	for _, p := range f.Parts {
		t.item("with", Escape(partText(p))+partPlace(f, p))
	}
	t.item("inside", strings.Join(f.Decoded, " in "))
	for _, n := range f.Notes {
		t.item("note", Escape(n))
	}
	t.item("live", LiveText(f.Live))
	t.item("since", originText(f.Sighting))
	t.also(f)
	t.item("verdict", verdictText(f))
	t.item("rotate", rotateText(r))
	t.item("id", f.ID)
	t.next(f)
	t.line("")
}

// sureText is how sure a generic finding is; of the other tiers the proof says it.
func sureText(f *leak.Finding) string {
	if f.Proof != leak.Generic || f.Confidence == 0 {
		return ""
	}
	return fmt.Sprintf(" %.2f", f.Confidence)
}

func (t *text) also(f *leak.Finding) {
	listed := f.Also
	if !t.opt.AllPlaces {
		listed = listed[:min(len(listed), alsoShown)]
	}
	for _, s := range listed {
		t.item("also", t.placed(s))
	}
	if rest := f.Seen - 1 - len(listed); rest > 0 {
		t.item("", fmt.Sprintf("and at %s", count(int64(rest), "more place")))
	}
}

// value is what may be shown of it: the key it stands under, and its hint.
func (t *text) value(f *leak.Finding) string {
	if f.Rule == scanner.IdentityRule { // there is none
		return Escape(f.Key)
	}
	shown := f.Hint + "…"
	if t.opt.Reveal {
		shown = Escape(valueOf(f.Secret))
	}
	if f.Key != "" {
		shown = Escape(f.Key) + " = " + shown
	}
	return shown
}

func (t *text) next(f *leak.Finding) {
	if silenced(f) {
		return
	}
	t.item("next", "oakum explain "+f.Rule)
	t.item("", fmt.Sprintf("oakum allow add %s --reason \"…\"", f.ID))
}

func verdictText(f *leak.Finding) string {
	switch {
	case silenced(f):
		return suppressionText(f.Suppressed)
	case f.Decision != nil:
		return f.Decision.Verdict.String() + ": " + Escape(f.Decision.Reason)
	}
	return ""
}

func suppressionText(s *leak.Suppression) string {
	text := "suppressed by " + s.Kind
	if s.Where != "" {
		text += " (" + Escape(s.Where) + ")"
	}
	if s.Reason != "" {
		text += ": " + Escape(s.Reason)
	}
	return text
}

// sighting is a place as an editor opens it, from where oakum was called.
func (t *text) sighting(s leak.Sighting) string {
	text := Escape(s.Place.String())
	if _, onDisk := s.Place.(leak.File); onDisk && len(t.d.Targets) == 1 && t.d.Targets[0].Base != "" {
		text = Escape(t.d.Targets[0].Base) + "/" + text
	}
	if s.Line > 0 {
		text += fmt.Sprintf(":%d:%d", s.Line, s.Column)
	}
	if s.Reach != leak.Worktree && s.Reach != leak.Reachable {
		text += " (" + s.Reach.String() + ")"
	}
	return text
}

// placed is a place with its step.
func (t *text) placed(s leak.Sighting) string {
	if s.Step == nil {
		return t.sighting(s)
	}
	return t.sighting(s) + ", " + stepText(s)
}

func partText(p leak.Part) string {
	if p.Hint != "" {
		return p.Rule + " " + p.Hint + "…"
	}
	return p.Rule
}

// partPlace is where a part stands, as far as that is not where the finding does.
func partPlace(f *leak.Finding, p leak.Part) string {
	if p.Place == nil || p.Place.String() == f.Place.String() {
		return lineText(p.Line)
	}
	where := p.Place.String()
	if o, ok := p.Place.(leak.ObjectField); ok {
		where = o.Field
	}
	return " in " + Escape(where) + lineText(p.Line)
}

func lineText(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" at line %d", line)
}

func originText(s leak.Sighting) string {
	o := s.Origin
	if o == nil || o.Commit == "" {
		return ""
	}
	text := "commit " + o.Commit[:min(len(o.Commit), 10)]
	if o.Author != "" {
		text += " by " + Escape(o.Author)
	}
	if o.Email != "" {
		text += " <" + Escape(o.Email) + ">"
	}
	if !o.Date.IsZero() {
		text += " on " + o.Date.Format(time.DateOnly)
	}
	if o.Subject != "" {
		text += " “" + ShortenEnd(o.Subject, subjectWidth) + "”"
	}
	return text + whereNow(o)
}

// whereNow says what there is to say where a value is not at HEAD any more.
func whereNow(o *leak.Origin) string {
	switch {
	case o.AtHead:
		return ""
	case !o.Last.Date.IsZero():
		return fmt.Sprintf(", last seen on %s in %s, not at HEAD", o.Last.Date.Format(time.DateOnly), o.Last.Commit[:min(len(o.Last.Commit), 10)])
	}
	return ", not at HEAD"
}

func rotateText(r Rule) string {
	if r.RotateURL == "" {
		return Escape(r.Rotate)
	}
	return strings.TrimSpace(Escape(r.Rotate) + " " + Escape(r.RotateURL))
}
