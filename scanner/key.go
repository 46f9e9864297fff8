package scanner

import (
	"bytes"

	"github.com/oakum-sec/oakum/rules"
)

// maxKey is how much of a name is kept, in bytes.
const maxKey = 128

// keyOf is the name that a match stands under: the rule's own group where it has
// one, else what is assigned to, on the same line, as TOKEN in TOKEN="…",
// "token": "…" and --token=…. It tells a person which of a file's values is
// meant, and identity which of several passwords.
func keyOf(m *rules.Match, text []byte) string {
	if m.Key[1] > m.Key[0] {
		return string(text[m.Key[0]:min(m.Key[1], m.Key[0]+maxKey)])
	}
	start := m.Start
	if bytes.HasSuffix(text[:start], []byte("jdbc:")) {
		start -= len("jdbc:")
	}
	if key := nameBefore(text, start); key != "" || m.Start == m.Value[0] {
		return key
	}
	if bytes.Contains(text[m.Start:m.Value[0]], []byte("://")) { // the name before a URL's password is its user's
		return ""
	}
	return nameBefore(text, m.Value[0])
}

// nameBefore reads backwards from text[at]: a quote, an operator, a quote or
// bracket, a name.
func nameBefore(text []byte, at int) string {
	i := back(text, at, "\"'` \t(")
	operator := back(text, i, "=:>")
	if operator == i || at < len(text) && text[at] == '<' { // an element begins, and no name ends
		return ""
	}
	end := back(text, operator, "\"'` \t])")
	start := end
	for start > max(0, end-maxKey) && inName(text[start-1]) {
		start--
	}
	for start < end && (text[start] == '-' || text[start] == '.') {
		start++
	}
	return string(text[start:end])
}

// back is at, less the bytes of set before it, eight at most.
func back(text []byte, at int, set string) int {
	for low := max(0, at-8); at > low; at-- {
		in := false
		for i := range len(set) {
			in = in || text[at-1] == set[i]
		}
		if !in {
			break
		}
	}
	return at
}

func inName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}
