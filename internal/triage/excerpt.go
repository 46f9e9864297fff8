package triage

import (
	"fmt"
	"strings"
)

// Spot is a value in a text: lines and columns from 1, columns in bytes, EndColumn
// that of the byte after it.
type Spot struct{ Line, Column, EndLine, EndColumn int }

// around is how many lines are shown on either side of a finding.
const around = 4

// Excerpt is the lines around one, numbered, with dots in the place of every spot.
// Spots may overlap; what of a spot lies on a line is taken out of that line.
func Excerpt(text string, spots []Spot, line int) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var out []string
	for n := max(1, line-around); n <= min(len(lines), line+around); n++ {
		mark := " "
		if n == line {
			mark = ">"
		}
		out = append(out, fmt.Sprintf("%s%5d  %s", mark, n, dotted(strings.TrimSuffix(lines[n-1], "\r"), spots, n)))
	}
	return out
}

// dotted is a line without what spots have of it.
func dotted(s string, spots []Spot, n int) string {
	hide := make([]bool, len(s))
	for _, p := range spots {
		if n < p.Line || n > p.EndLine {
			continue
		}
		from, to := 1, len(s)+1
		if n == p.Line {
			from = p.Column
		}
		if n == p.EndLine {
			to = p.EndColumn
		}
		for i := max(0, from-1); i < min(to-1, len(s)); i++ {
			hide[i] = true
		}
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !hide[i]:
			b.WriteByte(s[i])
		case i == 0 || !hide[i-1]:
			b.WriteString("••••••••") // of one length, whatever the value's is
		}
	}
	return strings.ReplaceAll(b.String(), "\t", "    ")
}
