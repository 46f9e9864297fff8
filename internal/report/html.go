package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

//go:embed page/report.html.tmpl
var pageTemplate string

//go:embed page/report.css
var pageStyle string

//go:embed page/report.js
var pageScript string

// What one page can hold and a browser still scroll through. The other formats
// have all.
const (
	pageCards = 3000
	pageGaps  = 500
)

// page is what the template shows. All of its texts are escaped for the eye
// (Escape); markup escapes them for the browser.
type page struct {
	Title, Tool, Heading string
	Verdict, Class       string
	Facts                []string
	Incomplete           bool
	Reason               string
	Sections             []pageSection
	Steps                []pageStep
	Cards                []pageCard
	Cut                  int
	Files                []pageFile
	Timeline             *pageTimeline
	Gaps                 []pageGap
	GapsCut              int
	Notices              []Notice
	Home                 string

	Policy string
	Style  trusted
	Script trusted
}

type pageSection struct {
	ID, Name string
	Count    int
}

type pageGap struct{ Code, Class, Text string }

// writeHTML writes one page that needs nothing else: no font, no script and no
// picture from anywhere. Its Content-Security-Policy forbids every request, and
// lets run only the one script that it carries, known by its hash: whatever a
// path or a commit's subject holds, it stays text.
func writeHTML(w io.Writer, d *Document) error {
	m, err := parseMarkup(pageTemplate)
	if err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	p := pageOf(d)
	p.Style, p.Script = trusted(pageStyle), trusted(pageScript)
	p.Policy = fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
		hashOf(pageStyle), hashOf(pageScript))
	var out strings.Builder
	if err := m.write(&out, reflect.ValueOf(p), reflect.ValueOf(p)); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	_, err = io.WriteString(w, out.String())
	return err
}

func hashOf(s string) string {
	h := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(h[:])
}

func pageOf(d *Document) *page {
	p := &page{Home: homepage, Tool: Escape(d.Tool.Version), Heading: targetsText(d.Targets), Incomplete: !d.Result.Complete, Reason: Escape(d.Result.Reason)}
	p.Title = "oakum: " + p.Heading
	p.verdict(d)
	p.findings(byWeight(d.Findings), d)
	p.Files = pageFiles(p.Cards)
	p.Timeline = timelineOf(d.Findings)
	p.Steps = stepsOf(d)
	for i, g := range d.Gaps {
		if i == pageGaps {
			p.GapsCut = len(d.Gaps) - pageGaps
			break
		}
		p.Gaps = append(p.Gaps, pageGap{g.Code, g.Class.String(), Escape(g.Error())})
	}
	for _, n := range d.Notices {
		p.Notices = append(p.Notices, Notice{Code: n.Code, Text: Escape(n.Text), Do: Escape(n.Do)})
	}
	p.sections(len(d.Findings), len(d.Gaps))
	return p
}

// verdict is the summary line of the text report, in parts.
func (p *page) verdict(d *Document) {
	t := text{d: d}
	p.Verdict = t.verdictWord()
	switch {
	case d.Counts.Denied > 0:
		p.Class = "deny"
	case d.Counts.Warned > 0 || !d.Result.Complete:
		p.Class = "warn"
	default:
		p.Class = "clean"
	}
	s := d.Summary
	p.Facts = append(p.Facts, Seen(s.Blobs, s.Bytes))
	if n := s.Failures + s.Boundaries; n > 0 {
		p.Facts = append(p.Facts, fmt.Sprintf("%s (%s)", count(n, "gap"), count(s.Failures, "failure")))
	}
	if by := suppressedBy(d.Findings); by != "" {
		p.Facts = append(p.Facts, by)
	}
	for _, t := range d.Targets {
		if t.Head != "" {
			p.Facts = append(p.Facts, strings.TrimSpace("HEAD "+Escape(t.Head[:min(len(t.Head), 10)])+" "+paren(t.Branch)))
		}
	}
}

func targetsText(targets []Target) string {
	var names []string
	for _, t := range targets {
		name := Escape(firstOf(t.Path, t.Kind))
		if t.Part != "" {
			name += " (" + Escape(t.Part) + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func (p *page) findings(sorted []*leak.Finding, d *Document) {
	for i, f := range sorted {
		if i == pageCards {
			p.Cut = len(sorted) - pageCards
			return
		}
		p.Cards = append(p.Cards, cardOf(i, f, d))
	}
}

func (p *page) sections(findings, gaps int) {
	add := func(id, name string, n int) {
		if n > 0 {
			p.Sections = append(p.Sections, pageSection{id, name, n})
		}
	}
	add("next", "What to do", len(p.Steps))
	add("secrets", "By secret", findings)
	add("places", "By place", len(p.Files))
	if p.Timeline != nil {
		add("timeline", "Timeline", p.Timeline.dated)
	}
	add("gaps", "Not looked at", gaps)
	add("notices", "To know", len(p.Notices))
}
