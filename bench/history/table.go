package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// tables is the whole result as Markdown.
func (s *session) tables(all []*contender) string {
	var b strings.Builder
	s.heading(&b)
	for i, g := range groups {
		var rows []*contender
		for _, c := range all {
			if c.group == i {
				rows = append(rows, c)
			}
		}
		if len(rows) > 0 {
			fmt.Fprintf(&b, "\n%s\n\n", g.title)
			s.group(&b, rows, g.ours)
		}
	}
	b.WriteString("\n| bar | measured | |\n|---|---|---|\n")
	for _, bar := range s.bars(all) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", bar.asks, bar.measured, bar.verdict)
	}
	b.WriteString("\n| row | command |\n|---|---|\n")
	for _, c := range all {
		if c.missing == nil {
			fmt.Fprintf(&b, "| %s | `%s` |\n", c.name, s.record.Commands[c.name])
		}
	}
	return b.String()
}

// heading says what, where and with which versions.
func (s *session) heading(b *strings.Builder) {
	r := s.record
	fmt.Fprintf(b, "%s. %s, %s; %d workers, best of %d turns.", r.Repository, r.Machine, r.Date, r.Jobs, r.Turns)
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(b, " %s: %s.", name, r.Versions[name])
	}
	if s.options.only != "" {
		fmt.Fprintf(b, " Rows that do not match `%s` were left out.", s.options.only)
	}
	b.WriteString("\n")
}

// group writes one table: the rows, and for each of oakum's in it a column with
// what it takes in relation to each, wall / CPU.
func (s *session) group(b *strings.Builder, rows []*contender, ours []string) {
	var own []*contender
	b.WriteString("| row | wall s | CPU s | peak MB | anonymous MB | findings | exit |")
	for _, name := range ours {
		if c := named(rows, name); c != nil && c.ended() {
			own = append(own, c)
			fmt.Fprintf(b, " %s ÷ it, wall / CPU |", name)
		}
	}
	b.WriteString(" |\n|---|" + strings.Repeat("--:|", 6+len(own)) + "---|\n")
	for _, c := range rows {
		if c.missing != nil {
			fmt.Fprintf(b, "| %s |%s not run: %s |\n", c.name, strings.Repeat(" |", 6+len(own)), oneCell(s.record.NotRun[c.name]))
			continue
		}
		cost := c.cost()
		fmt.Fprintf(b, "| %s | %.3f | %.3f | %.0f | %s | %s | %d |", c.name, cost.Wall.Seconds(), cost.CPU.Seconds(), mb(cost.Peak),
			orNone(cost.Anon > 0, fmt.Sprintf("%.0f", mb(cost.Anon))), found(c.counts.findings), cost.Exit)
		for _, o := range own {
			b.WriteString(" " + ratios(o, c) + " |")
		}
		fmt.Fprintf(b, " %s |\n", remark(c))
	}
}

func named(rows []*contender, name string) *contender {
	for _, c := range rows {
		if c.name == name {
			return c
		}
	}
	return nil
}

// ratios is what o takes in relation to c; nothing where c did not do all its work.
func ratios(o, c *contender) string {
	if o == c || !c.ended() {
		return "–"
	}
	mine, its := o.cost(), c.cost()
	return fmt.Sprintf("%.3f / %.3f", mine.Wall.Seconds()/its.Wall.Seconds(), mine.CPU.Seconds()/its.CPU.Seconds())
}

// remark says what the numbers do not.
func remark(c *contender) string {
	switch said := c.cost().Said; {
	case c.failed():
		return "did not do all of it: " + oneCell(said)
	case c.counts.gaps != nil && *c.counts.gaps > 0:
		return fmt.Sprintf("%d gaps", *c.counts.gaps)
	default:
		return ""
	}
}

func found(n *int) string {
	if n == nil {
		return "–"
	}
	return strconv.Itoa(*n)
}

func orNone(known bool, s string) string {
	if known {
		return s
	}
	return "–"
}

// oneCell makes a text fit into a cell.
func oneCell(s string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s) }
