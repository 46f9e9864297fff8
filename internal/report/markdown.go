package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// markdownRows bounds the findings in the table: GitHub takes a megabyte of summary
// from a step, and drops what is longer whole.
const markdownRows = 200

// writeMarkdown writes a page for the summary that CI systems show of a job: what was
// judged, what was found, what to do, what the change said for itself, what was not
// looked at. What comes from the target is text in it, and no markup.
func writeMarkdown(w io.Writer, d *Document) error {
	m := &markdown{bufio.NewWriter(w), d}
	m.head()
	m.findings()
	m.section("To know", m.notices())
	m.section("Not looked at", m.gaps())
	return m.Flush()
}

// markdown is a page being written. Errors stick to the bufio.Writer.
type markdown struct {
	*bufio.Writer
	d *Document
}

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

func (m *markdown) head() {
	t := &text{Writer: m.Writer, d: m.d}
	sign := "✅"
	if m.d.Result.ExitCode != 0 {
		sign = "❌"
	}
	m.line("## %s oakum: %s\n", sign, mdText(t.verdictWord()))
	if len(m.d.Targets) == 1 && m.d.Targets[0].Change != nil {
		m.line("%s\n", mdText(changeText(m.d.Targets[0])))
	}
	m.line("%s", mdText(Seen(m.d.Summary.Blobs, m.d.Summary.Bytes)+" looked at"))
}

// changeText says what was judged, and by whose word.
func changeText(t Target) string {
	c := t.Change
	text := fmt.Sprintf("%s %s", c.Platform, Escape(c.Event))
	switch {
	case c.Target != "":
		text += " of " + Escape(firstOf(t.Branch, "a change")) + " into " + Escape(c.Target)
	case c.Tag != "":
		text += " " + Escape(c.Tag)
	case t.Branch != "":
		text += " " + Escape(t.Branch)
	}
	if c.Base != "" {
		text += ": what " + shortID(c.Base) + ".." + shortID(c.Head) + " adds"
	} else {
		text += ": all that " + shortID(c.Head) + " leads to"
	}
	switch c.Word {
	case "":
		text += ", judged without anybody's configuration"
	case c.Head:
		text += ", judged by its own configuration: nothing was there before"
	default:
		text += ", judged by the configuration in " + shortID(c.Word)
	}
	return text
}

func shortID(id string) string { return id[:min(len(id), 10)] }

func (m *markdown) findings() {
	var rows []string
	rules := map[string]bool{}
	var ids []string
	for _, f := range byWeight(m.d.Findings) {
		if verdict(f) == leak.Allow {
			continue
		}
		rows = append(rows, m.row(f))
		if !rules[f.Rule] {
			rules[f.Rule] = true
			ids = append(ids, f.Rule)
		}
	}
	if len(rows) == 0 {
		return
	}
	m.line("\n| | what | where | since | id |\n|---|---|---|---|---|")
	for i, row := range rows {
		if i == markdownRows {
			m.line("\nand %d more, which the report lists", len(rows)-markdownRows)
			break
		}
		m.line("%s", row)
	}
	m.line("\n### What to do\n")
	m.line("Take the value out of the commits that hold it, not by one more commit: history keeps it. Keep it in a secret store, and rotate it:\n")
	for i, id := range ids {
		if i == markdownRows {
			break
		}
		r := m.d.Rule(id)
		m.line("- %s: %s%s", mdText(r.Description), mdText(firstOf(r.Rotate, "revoke it where it was issued, and issue a new one.")), mdLink(r.RotateURL))
	}
	m.line("\nWhat is no credential is allowed by `oakum allow add ID --reason \"…\"`, in a change that is judged before this one.")
}

func (m *markdown) row(f *leak.Finding) string {
	s, now := Shown(f)
	where := s.Place.String()
	if now && s.Line > 0 {
		where += fmt.Sprintf(":%d", s.Line)
	}
	word := map[leak.Verdict]string{leak.Deny: "denied", leak.Warn: "warned"}[verdict(f)]
	what := m.d.Rule(f.Rule).Description
	if f.Decision != nil {
		what += " (" + f.Decision.Reason + ")"
	}
	cells := []string{word + ", " + f.Severity.String(), mdText(what), mdCode(where), mdText(originText(s)), mdCode(f.ID)}
	return "| " + strings.Join(cells, " | ") + " |"
}

func (m *markdown) notices() (lines []string) {
	for _, n := range m.d.Notices {
		lines = append(lines, n.Text)
	}
	return lines
}

func (m *markdown) gaps() (lines []string) {
	for _, g := range m.d.Gaps {
		lines = append(lines, g.Error())
	}
	return lines
}

// sectionLines bounds a list of the page.
const sectionLines = 50

func (m *markdown) section(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	m.line("\n### %s\n", title)
	for i, l := range lines {
		if i == sectionLines {
			m.line("- and %d more", len(lines)-sectionLines)
			break
		}
		m.line("- %s", mdText(l))
	}
}

// mdText makes a text of the target's one that Markdown shows as it is: what is no
// letter, digit or harmless mark becomes a numeric reference, which cannot be markup
// (CommonMark 0.31.2, 6.2, "entity references cannot be used in place of symbols
// indicating structure"), starts no link and calls nobody by name.
func mdText(s string) string {
	var b strings.Builder
	for _, r := range Escape(s) {
		switch {
		case r == ' ' || r == ',' || r == '/' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

// mdLink is a rule's page, where its address is one that Markdown cannot misread.
func mdLink(address string) string {
	if httpsOnly(address) == "" || strings.ContainsAny(address, " ()<>|[]`\"'\\\n") {
		return ""
	}
	return " [The issuer's page](" + address + ")"
}

// mdCode is mdText as code, in which code hosts look for no names and links either.
func mdCode(s string) string { return "<code>" + mdText(s) + "</code>" }
