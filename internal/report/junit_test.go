package report

import (
	"encoding/xml"
	"strings"
	"testing"
)

func TestJUnitCountsWhatItLists(t *testing.T) {
	var all junitSuites
	if err := xml.Unmarshal([]byte(write(t, sample(), "junit", Options{})), &all); err != nil {
		t.Fatal(err)
	}
	s := all.Suites[0]
	failures, errors, skipped := 0, 0, 0
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			failures++
		case c.Error != nil:
			errors++
		case c.Skipped != nil:
			skipped++
		}
	}
	if len(s.Cases) != 4 || s.Tests != 4 || all.Tests != 4 {
		t.Errorf("%d cases, %d tests: three findings and the scan are 4", len(s.Cases), s.Tests)
	}
	if failures != 2 || s.Failures != 2 || all.Failures != 2 || errors != 1 || s.Errors != 1 || skipped != 1 || s.Skipped != 1 {
		t.Errorf("%d failures, %d errors, %d skipped; attributes %+v", failures, errors, skipped, s)
	}
}

// A clean, whole scan is one passed test: some pipelines fail where there is none.
func TestJUnitOfACleanScanPasses(t *testing.T) {
	out := write(t, &Document{Result: Result{Complete: true}}, "junit", Options{})
	if !strings.Contains(out, `tests="1" failures="0" errors="0"`) || strings.Contains(out, "<failure") || strings.Contains(out, "<error") {
		t.Errorf("%s", out)
	}
}

// CDATA ends at ]]>: a path that holds it must not end the element.
func TestJUnitSurvivesItsOwnEndMarks(t *testing.T) {
	d := sample()
	d.Findings[0].Notes = []string{`]]></failure><x a="`}
	var all junitSuites
	if err := xml.Unmarshal([]byte(write(t, d, "junit", Options{})), &all); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, c := range all.Suites[0].Cases {
		found = found || c.Failure != nil && strings.Contains(c.Failure.Text, d.Findings[0].Notes[0])
	}
	if !found {
		t.Error("the note is lost")
	}
}
