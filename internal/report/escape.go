package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes a string from a scanned target harmless to look at: control
// characters, newlines, bidirectional overrides, other invisible characters and
// bytes that are not UTF-8 are written as Go escapes (\n, \u202e, \xff).
// Everything that prints as itself stays.
func Escape(s string) string { return escape(s, "") }

// EscapeText is Escape for messages of our own, which may have several lines.
func EscapeText(s string) string { return escape(s, "\n\t") }

func escape(s, keep string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r, keep) }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case plain(r, keep):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
	}
	return b.String()
}

// plain tells whether r shows as itself. unicode.IsPrint knows no character of
// category Cf, which all bidirectional controls and zero-width ones are of.
func plain(r rune, keep string) bool {
	return r == ' ' || r != utf8.RuneError && unicode.IsPrint(r) || r != utf8.RuneError && strings.ContainsRune(keep, r)
}

// ShortenEnd escapes s and keeps at most n of its first characters.
func ShortenEnd(s string, n int) string {
	runes := []rune(Escape(s))
	if len(runes) <= n {
		return string(runes)
	}
	return string(runes[:n-1]) + "…"
}

// Shorten escapes s and keeps at most n of its last characters: of a path the
// end tells more.
func Shorten(s string, n int) string {
	runes := []rune(Escape(s))
	if len(runes) <= n {
		return string(runes)
	}
	return "…" + string(runes[len(runes)-n+1:])
}
