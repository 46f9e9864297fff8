package leaktest

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"text/template"
	"unicode/utf16"
)

// encoders wrap a value as scanners meet it: {{b64 (github "ghp_")}}.
func encoders() template.FuncMap {
	return template.FuncMap{
		"b64":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"b64url":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"hexenc":  func(s string) string { return hex.EncodeToString([]byte(s)) },
		"urlenc":  percentAll,
		"urlarg":  url.QueryEscape,
		"u16le":   utf16LE,
		"cat":     func(parts ...string) string { return strings.Join(parts, "") },
		"oneline": func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) },
		"indent": func(by, s string) string {
			return by + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+by) + "\n"
		},
		"crlf": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	}
}

// percentAll escapes every byte, letters too.
func percentAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte('%')
		b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{s[i]})))
	}
	return b.String()
}

// utf16LE has no byte order mark.
func utf16LE(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}
