package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// csvColumns are the columns of the csv format, a line a finding (RFC 4180). New
// ones are added at the end.
var csvColumns = []string{
	"id", "rule", "description", "verdict", "reason", "severity", "proof", "kind", "place", "line", "column", "key", "hint", "notes",
	"decoded", "reach", "places", "commit", "author", "email", "date", "at_head", "last_seen", "suppressed", "rotate", "rotate_url", "confidence", "live", "step",
}

// writeCSV writes findings only: what was not looked at is in the other formats,
// and in the exit code.
func writeCSV(w io.Writer, d *Document) error {
	out := csv.NewWriter(w)
	out.Write(csvColumns) // the Writer's error sticks
	for _, f := range d.Findings {
		row := csvRow(d.Rule(f.Rule), f)
		for i := range row {
			row[i] = csvCell(row[i])
		}
		out.Write(row)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

func csvRow(r Rule, f *leak.Finding) []string {
	reason, suppressed := "", ""
	if f.Decision != nil {
		reason = f.Decision.Reason
	}
	if f.Suppressed != nil {
		suppressed = suppressionText(f.Suppressed)
	}
	step := ""
	if f.Step != nil {
		step = f.Step.String()
	}
	o := leak.Origin{}
	if f.Origin != nil {
		o = *f.Origin
	}
	head := ""
	if o.Commit != "" {
		head = strconv.FormatBool(o.AtHead)
	}
	return []string{
		f.ID, f.Rule, r.Description, verdict(f).String(), reason, f.Severity.String(), f.Proof.String(), f.Place.Kind(), f.Place.String(),
		number(f.Line), number(f.Column), f.Key, f.Hint, strings.Join(f.Notes, "; "), strings.Join(f.Decoded, " in "), f.Reach.String(),
		number(f.Seen), o.Commit, o.Author, o.Email, day(o.Date), head, day(o.Last.Date), suppressed, r.Rotate, r.RotateURL,
		strconv.FormatFloat(f.Confidence, 'g', 3, 64), LiveText(f.Live), step,
	}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// day is a time as RFC 3339 has it, in UTC; "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// csvCell makes a text from the target harmless to a spreadsheet: a cell that
// begins like a formula would be run when the file is opened, so it gets an
// apostrophe in front (OWASP, CSV injection).
func csvCell(s string) string {
	s = Escape(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
