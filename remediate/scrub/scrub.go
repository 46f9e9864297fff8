// Package scrub cuts values out of what vendors answer: their errors quote what they
// were sent.
package scrub

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// shortest is the length below which a value is not cut out of a text but takes the
// whole text with it: cutting "db" out of words would show where it stood.
const shortest = 6

// Text is text without these values in any form that a vendor's error may quote them
// in. The fields of a document are values of their own.
func Text(text string, values ...leak.Secret) string {
	for _, v := range values {
		text = without(text, v)
	}
	return text
}

func without(text string, about leak.Secret) string {
	if about.IsZero() {
		return text
	}
	about.Reveal(func(value []byte) error {
		text = cut(text, value)
		var fields map[string]any
		if json.Unmarshal(value, &fields) == nil {
			for _, f := range fields {
				if s, ok := f.(string); ok && s != "" {
					text = cut(text, []byte(s))
				}
			}
		}
		return nil
	})
	return text
}

func cut(text string, value []byte) string {
	for _, form := range forms(value) {
		if len(form) < shortest && strings.Contains(text, form) {
			return leak.Redacted
		}
		text = strings.ReplaceAll(text, form, leak.Redacted)
	}
	return text
}

// forms are the ways in which programs write a value: as it is, quoted, in a URL, in
// base64 and in hex. Longer ones come first where one holds another.
func forms(value []byte) []string {
	s := string(value)
	return []string{
		base64.StdEncoding.EncodeToString(value), base64.RawStdEncoding.EncodeToString(value),
		base64.URLEncoding.EncodeToString(value), base64.RawURLEncoding.EncodeToString(value),
		hex.EncodeToString(value), strings.ToUpper(hex.EncodeToString(value)),
		url.QueryEscape(s), url.PathEscape(s),
		quoted(s, true), quoted(s, false), s,
	}
}

// quoted is a text as it stands within JSON's quotation marks; html is whether <, >
// and & are escaped, as Go's encoder does and others do not.
func quoted(s string, html bool) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	if enc.Encode(s) != nil {
		return s
	}
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}
