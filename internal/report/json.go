package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// writeJSON writes the Document itself, indented. Its layout is Schema.
func writeJSON(w io.Writer, d *Document, opt Options) error {
	b, err := json.MarshalIndent(shown(d, opt), "", "  ")
	if err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	_, err = w.Write(append(quiet(b), '\n'))
	return err
}

// shown is d, or d with its values where they are asked for. Its lists are
// never null: a program that counts them needs no case for none.
func shown(d *Document, opt Options) any {
	full := *d
	full.Targets, full.Rules, full.Findings = listed(d.Targets), listed(d.Rules), listed(d.Findings)
	full.Gaps, full.Notices = listed(d.Gaps), listed(d.Notices)
	if !opt.Reveal {
		return full
	}
	with := struct {
		Document
		Findings []json.RawMessage `json:"findings"`
	}{full, []json.RawMessage{}}
	for _, f := range d.Findings {
		with.Findings = append(with.Findings, reveal(f))
	}
	return with
}

func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Quiet is for JSON that another package makes of a Document: see quiet.
func Quiet(doc []byte) []byte { return quiet(doc) }

// quiet writes what a terminal could misread (the characters that Escape
// escapes, where JSON allows them raw) as \u escapes: the same document, safe
// to look at. Such characters stand within strings only.
func quiet(doc []byte) []byte {
	if bytes.IndexFunc(doc, misread) < 0 {
		return doc
	}
	var out bytes.Buffer
	for i := 0; i < len(doc); {
		r, n := utf8.DecodeRune(doc[i:])
		switch {
		case !misread(r):
			out.Write(doc[i : i+n])
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		i += n
	}
	return out.Bytes()
}

func misread(r rune) bool { return r > '~' && !unicode.IsPrint(r) }
