package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options say how a report is written; the zero value is the default.
type Options struct {
	Color          bool // the writer is a terminal that wants colours
	Reveal         bool // show values; the caller made sure of who reads it
	ShowSuppressed bool // text: list suppressed findings too
	AllPlaces      bool // text: list every place that the report has
	Elapsed        bool // text: tell how long it took; else reports of the same input are equal

	// Ended is when the scan ended. Only gitlab and junit tell it, for their
	// readers demand a time of day; the zero value is the Unix epoch.
	Ended time.Time
}

// Formats lists the names that Write takes.
func Formats() []string {
	return []string{"text", "json", "jsonl", "sarif", "gitlab", "junit", "csv", "html", "markdown", "github", "azure"}
}

// Reveals tells whether a format can show values. Those that are made to be
// uploaded or handed on cannot.
func Reveals(format string) bool { return slices.Contains([]string{"text", "json", "jsonl"}, format) }

// Write writes d in the named format.
func Write(w io.Writer, format string, d *Document, opt Options) error {
	switch format {
	case "text":
		return writeText(w, d, opt)
	case "json":
		return writeJSON(w, d, opt)
	case "jsonl":
		return writeJSONL(w, d, opt)
	case "sarif":
		return writeSARIF(w, d)
	case "gitlab":
		return writeGitLab(w, d, opt)
	case "junit":
		return writeJUnit(w, d, opt)
	case "csv":
		return writeCSV(w, d)
	case "html":
		return writeHTML(w, d)
	case "markdown":
		return writeMarkdown(w, d)
	case "github":
		return writeGitHub(w, d)
	case "azure":
		return writeAzure(w, d)
	}
	return CheckFormat(format)
}

// CheckFormat tells whether Write knows the format.
func CheckFormat(format string) error {
	if slices.Contains(Formats(), format) {
		return nil
	}
	return fmt.Errorf("unknown format %q: use one of %s", format, strings.Join(Formats(), ", "))
}
