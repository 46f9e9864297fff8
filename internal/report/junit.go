package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// JUnit XML has no standard; these are the elements and attributes that Jenkins,
// GitLab and Azure Pipelines all read (the Ant task's,
// https://llg.cubic.org/docs/junit/).
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
		Skipped *junitProblem `xml:"skipped"`
		Out     string        `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",cdata"`
	}
)

// writeJUnit writes each finding as a test case: denied ones failed, suppressed
// ones were skipped, what is only warned of passed and says so in its output.
// A first case stands for the scan itself: a pipeline that demands at least one
// test has one, and a scan that could not look at everything is an error.
func writeJUnit(w io.Writer, d *Document, opt Options) error {
	suite := junitSuite{Name: "oakum", Time: fmt.Sprintf("%.3f", d.Elapsed.Seconds()), Timestamp: gitlabTime(opt.Ended.Add(-d.Elapsed))}
	suite.add(junitScan(d))
	for _, f := range byWeight(d.Findings) {
		suite.add(junitFinding(d.Rule(f.Rule), f))
	}
	all := junitSuites{Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Suites: []junitSuite{suite}}
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, b)
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func junitScan(d *Document) junitCase {
	c := junitCase{Class: "oakum", Name: "all was looked at", Out: Seen(d.Summary.Blobs, d.Summary.Bytes)}
	if d.Result.Complete {
		return c
	}
	var gaps strings.Builder
	for _, g := range d.Gaps {
		fmt.Fprintf(&gaps, "%s (%s, %s)\n", Escape(g.Error()), g.Code, g.Class)
	}
	c.Error = &junitProblem{Message: strings.TrimSpace("not all was looked at " + paren(d.Result.Reason)), Type: "incomplete", Text: gaps.String()}
	return c
}

func junitFinding(r Rule, f *leak.Finding) junitCase {
	where := placeText(f.Sighting)
	c := junitCase{Class: "oakum." + Escape(f.Rule), Name: Escape(r.Description) + " in " + where, File: Escape(f.Place.Path()), Line: f.Line}
	switch {
	case silenced(f):
		c.Skipped = &junitProblem{Message: verdictText(f)}
	case verdict(f) == leak.Deny:
		c.Failure = &junitProblem{Message: where + ": " + sarifMessage(r, f), Type: Escape(f.Rule), Text: junitText(r, f)}
	default:
		c.Out = verdictText(f) + "\n" + junitText(r, f)
	}
	return c
}

func junitText(r Rule, f *leak.Finding) string {
	lines := []string{sarifMessage(r, f), verdictText(f), rotateText(r), "id " + f.ID, "next: oakum explain " + Escape(f.Rule)}
	for _, s := range f.Also {
		also := "also " + placeText(s)
		if s.Step != nil {
			also += ", " + stepText(s)
		}
		lines = append(lines, also)
	}
	text := ""
	for _, l := range lines {
		if l != "" {
			text += l + "\n"
		}
	}
	return text
}

// placeText is a place and its line, as an editor opens it.
func placeText(s leak.Sighting) string {
	if s.Line == 0 {
		return Escape(s.Place.String())
	}
	return fmt.Sprintf("%s:%d:%d", Escape(s.Place.String()), s.Line, s.Column)
}
