package agent

import (
	"cmp"
	"slices"
	"strings"
)

// Spot is a value in a text: lines from 1, columns in bytes from 1, EndColumn that
// of the byte after it. Where EndLine is 0 it goes to its line's end.
type Spot struct {
	Line, Column, EndLine, EndColumn int
	Rule                             string
}

// Masked is text with every spot taken out and named in its place. Spots may
// overlap.
func Masked(text string, spots []Spot) string {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	offset := func(line, column int) int {
		if line < 1 || line > len(starts) {
			return len(text)
		}
		return min(starts[line-1]+max(column, 1)-1, len(text))
	}
	type cut struct {
		from, to int
		rule     string
	}
	var cuts []cut
	for _, s := range spots {
		c := cut{offset(s.Line, s.Column), 0, s.Rule}
		if s.EndLine > 0 {
			c.to = offset(s.EndLine, s.EndColumn)
		} else {
			c.to = max(c.from, offset(s.Line+1, 1)-1)
		}
		cuts = append(cuts, c)
	}
	slices.SortFunc(cuts, func(a, b cut) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	var b strings.Builder
	at := 0
	for _, c := range cuts {
		if c.from >= at {
			b.WriteString(text[at:c.from])
			b.WriteString("[redacted by oakum: " + c.rule + "]")
		}
		at = max(at, c.to)
	}
	b.WriteString(text[at:])
	return b.String()
}
