package report

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// annotation is a remark that a CI system shows beside a line. Its texts are escaped
// for people, and not yet for the system.
type annotation struct {
	level  string // "error", "warning", "notice"
	file   string // from where oakum was called, with '/'; "" is the whole job
	line   int    // 0: the whole file
	column int
	title  string
	text   string
}

// annotations are a document's remarks, the worst first.
func (d *Document) annotations() (all []annotation) {
	for _, f := range byWeight(d.Findings) {
		switch v := verdict(f); {
		case v == leak.Deny:
			all = append(all, d.annotationOf("error", f))
		case v == leak.Warn:
			all = append(all, d.annotationOf("warning", f))
		}
	}
	for _, g := range d.Gaps {
		if g.Class == leak.Failure {
			all = append(all, annotation{level: "warning", title: "oakum: not looked at", text: Escape(g.Error())})
		}
	}
	for _, n := range d.Notices {
		if n.Code == NoticeChange || n.Code == NoticePolicy {
			all = append(all, annotation{level: "notice", title: "oakum", text: Escape(n.Text)})
		}
	}
	return all
}

func (d *Document) annotationOf(level string, f *leak.Finding) annotation {
	r := d.Rule(f.Rule)
	s, now := Shown(f)
	a := annotation{level: level, title: "oakum: " + Escape(r.Description)}
	lines := []string{denialText(f, s, now)}
	if t := rotateText(r); t != "" {
		lines = append(lines, "rotate it: "+t)
	}
	lines = append(lines, fmt.Sprintf("no credential? oakum allow add %s --reason \"…\", in a change before this one", f.ID))
	a.text = strings.Join(lines, "\n")
	if a.file = d.fileOf(s.Place); a.file != "" && now {
		a.line, a.column = s.Line, s.Column
	}
	return a
}

// denialText is a finding in a sentence.
func denialText(f *leak.Finding, s leak.Sighting, now bool) string {
	value := f.Hint + "…"
	if f.Key != "" {
		value = Escape(f.Key) + " = " + value
	}
	text := value + ": " + verdictText(f)
	if !now {
		text += fmt.Sprintf("; it is in %s, and not in the last version: history keeps it", originWords(s))
	}
	return text
}

func originWords(s leak.Sighting) string {
	if s.Origin == nil || s.Origin.Commit == "" {
		return Escape(s.Place.String())
	}
	return "commit " + s.Origin.Commit[:min(len(s.Origin.Commit), 10)]
}

// Shown is the sighting of a finding that a person is to be led to, and whether its
// line is one of the file as it is now.
func Shown(f *leak.Finding) (s leak.Sighting, now bool) {
	for _, s := range append([]leak.Sighting{f.Sighting}, f.Also...) {
		if s.Place.Path() != "" && (s.Origin == nil || s.Origin.AtHead) {
			return s, true
		}
	}
	return f.Sighting, false
}

// fileOf is the file in which a place is, from where oakum was called; "" where it is
// in none.
func (d *Document) fileOf(p leak.Place) string {
	name, _, _ := strings.Cut(p.Path(), "!/")
	if name == "" || len(d.Targets) != 1 || d.Targets[0].Base == "" {
		return name
	}
	return path.Join(d.Targets[0].Base, name)
}

// atMost keeps so many of each level, and says in the last one how many more there are.
func atMost(all []annotation, n int) (kept []annotation) {
	for _, level := range []string{"error", "warning", "notice"} {
		var some []annotation
		for _, a := range all {
			if a.level == level {
				some = append(some, a)
			}
		}
		if rest := len(some) - n; rest > 0 {
			some = append(some[:n-1], annotation{level: level, title: "oakum", text: fmt.Sprintf("and %d more, which the report and the job's summary list", rest+1)})
		}
		kept = append(kept, some...)
	}
	return kept
}

// Annotate writes one remark on the whole job, as the format, one of those of
// CI systems, has it. Of other formats it writes nothing.
func Annotate(w io.Writer, format, text string) error {
	a := annotation{level: "error", title: "oakum", text: EscapeText(text)}
	switch format {
	case "github":
		return writeLines(w, []string{a.github()})
	case "azure":
		return writeLines(w, []string{a.azure()})
	}
	return nil
}

func writeLines(w io.Writer, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}
