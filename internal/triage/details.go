package triage

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// maxPlaces bounds the places that the details list; the number tells the rest.
const maxPlaces = 8

// details tell of the current secret what a decision needs.
func (m *model) details() []string {
	s := m.current()
	if s == nil {
		return nil
	}
	f := s.head()
	rule := report.Rule{ID: f.Rule}
	if m.opt.Rules != nil {
		rule = m.opt.Rules(f.Rule)
	}
	var lines []string
	say := func(label, text string) {
		if text != "" {
			lines = append(lines, m.wrapped(fmt.Sprintf("%-9s", label), report.Escape(text))...)
		}
	}
	lines = append(lines, bold.Render(report.ShortenEnd(firstOf(rule.Description, f.Rule), m.width-2)))
	say("known", known(f))
	say("name", f.Key)
	say("value", strings.TrimSpace(f.Hint+"… is not shown"))
	say("notes", strings.Join(f.Notes, "; "))
	if f.Live != nil {
		say("issuer", report.LiveText(f.Live))
	}
	if f.Decision != nil {
		say("policy", f.Decision.Verdict.String()+": "+f.Decision.Reason)
	}
	lines = append(lines, m.places(s)...)
	lines = append(lines, "")
	if context := m.contexts[f.ID]; context == nil {
		lines = append(lines, dim.Render("reading the place again …"))
	} else {
		for _, line := range context {
			lines = append(lines, report.ShortenEnd(line, m.width-1))
		}
	}
	lines = append(lines, "")
	say("rotate", strings.TrimSpace(rule.Rotate+" "+rule.RotateURL))
	say("id", f.ID)
	return lines
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func known(f *leak.Finding) string {
	text := fmt.Sprintf("%s, %s severity", f.Proof, f.Severity)
	if f.Proof == leak.Generic {
		text += fmt.Sprintf(", probability %.2f", f.Confidence)
	}
	if len(f.Decoded) > 0 {
		text += ", encoded in " + strings.Join(f.Decoded, ", ")
	}
	return text
}

// places are where it stands, and since when.
func (m *model) places(s *secret) (lines []string) {
	n := 0
	for _, f := range s.findings {
		for i, at := range append([]leak.Sighting{f.Sighting}, f.Also...) {
			if n++; n > maxPlaces {
				continue
			}
			label := "where"
			if n > 1 {
				label = ""
			}
			text := fmt.Sprintf("%s:%d", at.Place, at.Line)
			if o := at.Origin; o != nil && o.Author != "" && i == 0 {
				text += fmt.Sprintf(", by %s on %s", o.Author, o.Date.Format("2006-01-02"))
			}
			lines = append(lines, fmt.Sprintf("%-9s", label)+report.Shorten(text, m.width-10))
		}
	}
	if rest := s.seen() - min(n, maxPlaces); rest > 0 {
		lines = append(lines, fmt.Sprintf("%-9sand in %d more places", "", rest))
	}
	return lines
}

// wrapped breaks a text into lines behind a label.
func (m *model) wrapped(label, text string) []string {
	body := lipgloss.NewStyle().Width(max(20, m.width-len(label)-1)).Render(text)
	lines := strings.Split(body, "\n")
	for i := range lines {
		lead := label
		if i > 0 {
			lead = strings.Repeat(" ", len(label))
		}
		lines[i] = strings.TrimRight(lead+lines[i], " ")
	}
	return lines
}
