package triage

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// The screen, from top to bottom: a line of what is looked at, the list, a line that
// parts, the details, a line of what was done or is typed, a line of keys.
const fixedLines = 4

// smallest is the least that a screen is drawn on, in columns and lines.
const (
	smallestWidth  = 40
	smallestHeight = 12
)

// Styles say again what words say: none of them is needed to read the screen.
var (
	bold   = lipgloss.NewStyle().Bold(true)
	dim    = lipgloss.NewStyle().Faint(true)
	cursor = lipgloss.NewStyle().Reverse(true)
)

func severityStyle(s leak.Severity) lipgloss.Style {
	colour := map[leak.Severity]string{leak.Low: "4", leak.Medium: "3", leak.High: "1", leak.Critical: "5"}[s]
	return lipgloss.NewStyle().Foreground(lipgloss.Color(colour))
}

// View implements tea.Model.
func (m *model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	v.WindowTitle = "oakum triage"
	return v
}

// screen is the whole screen, no line wider than it.
func (m *model) screen() string {
	if m.width < smallestWidth || m.height < smallestHeight {
		return fmt.Sprintf("this window is too small: %d columns and %d lines are needed", smallestWidth, smallestHeight)
	}
	var lines []string
	if m.mode == helping {
		lines = m.help()
	} else {
		lines = append([]string{m.header()}, m.list()...)
		lines = append(lines, dim.Render(strings.Repeat("─", m.width)))
		lines = append(lines, m.visibleDetails()...)
		lines = append(lines, m.told(), m.footer())
	}
	fit := lipgloss.NewStyle().MaxWidth(m.width)
	for i := range lines {
		lines[i] = fit.Render(lines[i])
	}
	return strings.Join(lines[:min(len(lines), m.height)], "\n")
}

func (m *model) header() string {
	search := ""
	if m.query != "" {
		search = fmt.Sprintf("  /%s", report.Escape(m.query))
	}
	left := fmt.Sprintf("oakum triage  %s", report.Shorten(m.opt.Title, max(10, m.width-50)))
	return bold.Render(left) + dim.Render(fmt.Sprintf("  %d of %d decided  show: %s  by: %s%s", m.decided(), len(m.secrets), filters[m.filter], orders[m.order], search))
}

// listHeight is a third of what is there, and no more than is shown.
func (m *model) listHeight() int { return min(max(len(m.shown), 1), max(3, (m.height-fixedLines)/3)) }

func (m *model) detailHeight() int { return max(1, m.height-fixedLines-m.listHeight()) }

// list is the rows around the cursor.
func (m *model) list() []string {
	if len(m.shown) == 0 {
		text := "nothing to show"
		if m.query == "" && filters[m.filter] == "open" {
			text = "nothing is open any more: press tab to see what was decided, q to leave"
		}
		return []string{dim.Render(text)}
	}
	n := m.listHeight()
	from := max(0, min(m.at-n/2, len(m.shown)-n))
	var rows []string
	for i := from; i < from+n; i++ {
		rows = append(rows, m.row(i))
	}
	return rows
}

// row is one secret: what, where, in how many places, what was decided.
func (m *model) row(i int) string {
	s := m.shown[i]
	f := s.head()
	choice := ""
	if c := m.decisions.of(s); c != Open {
		choice = "[" + name(c) + "]"
	}
	places := ""
	if n := s.seen(); n > 1 {
		places = fmt.Sprintf("(%d places)", n)
	}
	const ruleWidth = 24
	whereWidth := max(8, m.width-2-9-ruleWidth-2-len(choice)-len(places)-2)
	where := report.Shorten(fmt.Sprintf("%s:%d", f.Place, f.Line), whereWidth)
	mark := "  "
	if i == m.at {
		mark = "> "
	}
	row := fmt.Sprintf("%-*s %s %s", ruleWidth, report.ShortenEnd(f.Rule, ruleWidth), where, strings.TrimSpace(places+" "+choice))
	severity := fmt.Sprintf("%-9s", f.Severity)
	if i == m.at {
		return mark + severityStyle(f.Severity).Render(severity) + cursor.Render(row)
	}
	return mark + severityStyle(f.Severity).Render(severity) + row
}

// visibleDetails is the part of the details that has room, padded to fill it.
func (m *model) visibleDetails() []string {
	all := m.details()
	room := m.detailHeight()
	m.scroll = max(0, min(m.scroll, len(all)-room))
	some := all[m.scroll:min(len(all), m.scroll+room)]
	for len(some) < room {
		some = append(some, "")
	}
	if m.scroll+room < len(all) {
		some[room-1] = dim.Render(fmt.Sprintf("… %d more lines: pgdown", len(all)-m.scroll-room+1))
	}
	return some
}

func (m *model) told() string {
	switch m.mode {
	case searching:
		return "search: " + m.input.view(m.width-9)
	case reasoning:
		return "why may it pass? " + m.input.view(m.width-18)
	}
	return bold.Render(report.Escape(m.status))
}

func (m *model) footer() string {
	if m.mode == searching || m.mode == reasoning {
		return dim.Render("enter: done   esc: back")
	}
	return dim.Render("f false positive  x fixed  r remediate  s skip  u undo  / search  ? help  q quit")
}

// help lists the keys.
func (m *model) help() []string {
	lines := []string{bold.Render("oakum triage: keys"), ""}
	for _, g := range m.keys.groups() {
		lines = append(lines, bold.Render(g.title))
		for _, k := range g.keys {
			lines = append(lines, fmt.Sprintf("  %-14s %s", strings.Join(k.Keys(), ", "), k.Help().Desc))
		}
	}
	lines = append(lines, "", dim.Render("any key: back"))
	return lines
}
