package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Options say how a report is written; the zero value is the default.
type Options struct {
	Color          bool // the writer is a terminal that wants colours
	Reveal         bool // show values; the caller made sure of who reads it
	ShowSuppressed bool // text: list suppressed findings too
	Elapsed        bool // text: tell how long it took; else reports of the same input are equal
}

// Formats lists the names that Write takes.
func Formats() []string { return []string{"text", "json", "jsonl", "sarif"} }

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
