// Package rows reads labelled lines: lines of public source, with a few lines
// around them, of which somebody said whether a credential stands there. The
// weights of package rules/assign are learnt from such rows and measured on them;
// none of them is part of this repository.
//
// A row is one JSON object a line: repo (a number), file (a base name), category
// (the names of detectors, joined by colons), label (T, a credential, or F), before,
// line and after, start and end (bytes of the value in line; -1 where the label
// names none).
//
// Limits: a label belongs to a line or a span, not to a value, and says "looks like
// a credential"; Disagreement names the rows on which people disagree.
package rows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Row is a labelled line.
type Row struct {
	Repo       int
	Ext        string
	File       string
	Category   string
	Label      string // "T" or "F"
	Before     []string
	After      []string
	Line       string
	Start, End int // of the value in Line; -1: the label names none
}

// longest is the longest row in bytes that Read takes.
const longest = 1 << 20

// Read gives the rows of a file in its order.
func Read(name string) ([]Row, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read labelled rows: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longest)
	var all []Row
	for lines.Scan() {
		var r Row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("read labelled rows: %s, row %d: %w", name, len(all)+1, err)
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read labelled rows: %s: %w", name, err)
	}
	return all, nil
}

// True tells whether the row is said to be a credential.
func (r *Row) True() bool { return r.Label == "T" }

// Text is the row as a piece of its file, and where the labelled part of it
// stands: the value, or the line where the label names no value.
func (r *Row) Text() (text []byte, from, to int) {
	var b bytes.Buffer
	for _, l := range r.Before {
		b.WriteString(l + "\n")
	}
	at := b.Len()
	b.WriteString(r.Line + "\n")
	for _, l := range r.After {
		b.WriteString(l + "\n")
	}
	if r.Start < 0 {
		return b.Bytes(), at, at + len(r.Line)
	}
	return b.Bytes(), at + r.Start, at + r.End
}

// LineSpan is where the row's line stands in its Text.
func (r *Row) LineSpan() (from, to int) {
	for _, l := range r.Before {
		from += len(l) + 1
	}
	return from, from + len(r.Line)
}

// generics are the categories in which a name vouches for a value, not a form.
var generics = map[string]bool{
	"Password": true, "Secret": true, "Key": true, "Token": true, "Auth": true, "API": true, "Credential": true, "Salt": true, "Nonce": true,
	"SQL Password": true, "URL Credentials": true, "CURL User Password": true,
}

// Value is what the label calls the value, "" where it names none.
func (r *Row) Value() string {
	if r.Start < 0 || r.End > len(r.Line) || r.Start >= r.End {
		return ""
	}
	return r.Line[r.Start:r.End]
}

// Generic tells whether every part of the row's category is a generic one.
func (r *Row) Generic() bool {
	for part := range strings.SplitSeq(r.Category, ":") {
		if !generics[part] && !strings.HasPrefix(part, "CMD ") {
			return false
		}
	}
	return true
}
