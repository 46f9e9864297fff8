package gitleaks

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"github.com/oakum-sec/oakum/internal/report"
)

// Format picks the report's format: the named one, else what the file's
// extension says, else json. Its error says which there are.
func Format(named, file string) (string, error) {
	if named == "" {
		switch ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(file), ".")); {
		case ext == "xml":
			named = "junit"
		case file == "-" || ext == "":
			named = "json"
		default:
			named = ext
		}
	}
	switch named {
	case "json", "csv", "junit", "sarif", "template":
		return named, nil
	}
	return "", fmt.Errorf("unknown report format %q: name one of json, csv, junit, sarif, template with --report-format", named)
}

// WriteJSON writes rows as an array.
func WriteJSON(w io.Writer, rows []Finding) error {
	b, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	_, err = w.Write(append(report.Quiet(b), '\n'))
	return err
}

// columns are those of the CSV, in gitleaks' order; Link is added where the
// first row has one.
var columns = []string{"RuleID", "Commit", "File", "SymlinkFile", "Secret", "Match", "StartLine", "EndLine",
	"StartColumn", "EndColumn", "Author", "Message", "Date", "Email", "Fingerprint", "Tags"}

// WriteCSV writes rows below a line of names; no rows are an empty file.
func WriteCSV(w io.Writer, rows []Finding) error {
	if len(rows) == 0 {
		return nil
	}
	out := csv.NewWriter(w)
	names, linked := columns, rows[0].Link != ""
	if linked {
		names = append(names[:len(names):len(names)], "Link")
	}
	lines := [][]string{names}
	for _, f := range rows {
		line := []string{f.RuleID, f.Commit, f.File, f.SymlinkFile, f.Secret, f.Match, strconv.Itoa(f.StartLine), strconv.Itoa(f.EndLine),
			strconv.Itoa(f.StartColumn), strconv.Itoa(f.EndColumn), f.Author, f.Message, f.Date, f.Email, f.Fingerprint, strings.Join(f.Tags, " ")}
		if linked {
			line = append(line, f.Link)
		}
		lines = append(lines, line)
	}
	return out.WriteAll(lines)
}

// The elements of a JUnit file, as far as gitleaks writes them.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Failures int         `xml:"failures,attr"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		File    string       `xml:"file,attr"`
		Name    string       `xml:"name,attr"`
		Time    string       `xml:"time,attr"`
		Failure junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes one suite with a failed case a row.
func WriteJUnit(w io.Writer, rows []Finding) error {
	suite := junitSuite{Failures: len(rows), Name: "gitleaks", Tests: len(rows)}
	for _, f := range rows {
		where := fmt.Sprintf("%s has detected a secret in file %s, line %d", f.RuleID, f.File, f.StartLine)
		if f.Commit != "" {
			where += ", at commit " + f.Commit
		}
		text, err := json.MarshalIndent(f, "", "\t")
		if err != nil {
			return fmt.Errorf("write junit: %w", err)
		}
		suite.Cases = append(suite.Cases, junitCase{Class: f.Description, File: f.File, Name: where + ".", Failure: junitFailure{where + ".", f.Description, string(text)}})
	}
	b, err := xml.MarshalIndent(junitSuites{Suites: []junitSuite{suite}}, "", "\t")
	if err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(b)+"\n")
	return err
}

// WriteTemplate executes the user's template, text/template of Go, over rows.
// gitleaks adds the functions of a library that are not here: a template that
// calls one is refused with its name.
func WriteTemplate(w io.Writer, name, text string, rows []Finding) error {
	t, err := template.New(name).Parse(text)
	if err != nil {
		return fmt.Errorf("read report template: %w; functions are those of Go's text/template", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, rows); err != nil {
		return fmt.Errorf("write report template: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

// WriteVerbose writes what gitleaks prints behind --verbose, a block a row.
func WriteVerbose(w io.Writer, rows []Finding) error {
	var b strings.Builder
	for _, f := range rows {
		row := func(label, text string) {
			if text != "" {
				fmt.Fprintf(&b, "%-12s %s\n", label+":", report.Escape(text))
			}
		}
		row("Finding", f.Match)
		row("Secret", f.Secret)
		row("RuleID", f.RuleID)
		row("Entropy", fmt.Sprintf("%f", f.Entropy))
		row("File", f.File)
		row("Line", strconv.Itoa(f.StartLine))
		row("Commit", f.Commit)
		row("Author", f.Author)
		row("Email", f.Email)
		row("Date", f.Date)
		row("Fingerprint", f.Fingerprint)
		row("Link", f.Link)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
