package report

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

func TestCSVHasARowForEachFinding(t *testing.T) {
	d := sample()
	rows, err := csv.NewReader(strings.NewReader(write(t, d, "csv", Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(d.Findings)+1 {
		t.Fatalf("%d rows for %d findings", len(rows), len(d.Findings))
	}
	for i, f := range d.Findings {
		if rows[i+1][0] != f.ID || rows[i+1][1] != f.Rule {
			t.Errorf("row %d is of %s", i+1, rows[i+1][0])
		}
	}
}

// A spreadsheet runs what begins like a formula.
func TestCSVHoldsNoFormula(t *testing.T) {
	d := sample()
	d.Findings[1].Place = leak.File{Name: `=HYPERLINK("x","y")`}
	d.Findings[1].Key = "@SUM(1)"
	d.Findings[1].Notes = []string{"-1+1"}
	d.Findings[0].Origin.Author = "\t+1"
	rows, err := csv.NewReader(strings.NewReader(write(t, d, "csv", Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	quoted := 0
	for _, row := range rows[1:] {
		for _, cell := range row {
			if strings.IndexAny(cell, "=+-@\t") == 0 {
				t.Errorf("cell %q is a formula to a spreadsheet", cell)
			}
			if strings.HasPrefix(cell, "'") {
				quoted++
			}
		}
	}
	if quoted != 3 {
		t.Errorf("%d cells were made harmless, not 3", quoted)
	}
}
