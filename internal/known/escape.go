package known

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// scheme is a way to write characters that mean something to the language around:
// the others stand for themselves.
type scheme int

const (
	percent   scheme = iota // %41
	backslash               // \", \n, \u0041, \x41: JSON, most languages' strings, a shell outside of quotes and in double ones
	quote                   // '\'' and '"'"': in a shell's single quotes
	schemes
)

// marks are the bytes by which a scheme is noticed, and what Finding.Decoded calls it.
var marks = [schemes]struct {
	mark byte
	name string
}{{'%', "percent"}, {'\\', "escape"}, {'\'', "shell-quote"}}

// longestEscape is that of \u0041.
const longestEscape = 6

// letters are what a backslash makes of letters (RFC 8259, section 7); of what is
// neither letter nor digit it makes itself.
const letters = "b\bf\fn\nr\rt\t"

// unescape reads one character, or a byte of one, at the start of s: its bytes in
// UTF-8, and of how many bytes of s. It may be no escape at all.
func (m scheme) unescape(s []byte) (out [utf8.UTFMax]byte, size, width int) {
	out[0], size, width = s[0], 1, 1
	if s[0] != marks[m].mark {
		return out, size, width
	}
	switch {
	case m == percent && hexes(s, 1, 2):
		unhex(out[:1], s[1:])
		width = 3
	case m == quote && bytes.HasPrefix(s, []byte(`'\''`)):
		width = 4
	case m == quote && bytes.HasPrefix(s, []byte(`'"'"'`)):
		width = 5
	case m == backslash && len(s) > 1:
		return unbackslash(s)
	}
	return out, size, width
}

func unbackslash(s []byte) (out [utf8.UTFMax]byte, size, width int) {
	out[0], size, width = s[0], 1, 1
	switch c := s[1]; {
	case c == 'u' && hexes(s, 2, 4):
		var two [2]byte
		unhex(two[:], s[2:])
		return out, utf8.EncodeRune(out[:], rune(two[0])<<8|rune(two[1])), 6
	case c == 'x' && hexes(s, 2, 2):
		unhex(out[:1], s[2:])
		width = 4
	case strings.IndexByte(letters, c)%2 == 0:
		out[0], width = letters[strings.IndexByte(letters, c)+1], 2
	case classes[c]&inWord == 0 && c < utf8.RuneSelf:
		out[0], width = c, 2
	}
	return out, size, width
}

func hexes(s []byte, from, n int) bool {
	return len(s) >= from+n && run(s[from:], inHex, n) == n
}

// escapes tells whether something is escaped in text, at one of its first so many
// bytes.
func (m scheme) escapes(text []byte, first int) bool {
	for at := 0; at < first; at++ {
		i := bytes.IndexByte(text[at:first], marks[m].mark)
		if i < 0 {
			return false
		}
		at += i
		if _, _, width := m.unescape(text[at:]); width > 1 {
			return true
		}
	}
	return false
}

// forward reads n bytes, not more, that text is the escaped form of, from at on. It
// returns where they end, or -1 where they do not.
func (m scheme) forward(dst, text []byte, at, n int) ([]byte, int) {
	for have := 0; have < n; {
		if at >= len(text) {
			return dst, -1
		}
		if c := text[at]; c != marks[m].mark {
			dst, at, have = append(dst, c), at+1, have+1
			continue
		}
		out, size, width := m.unescape(text[at:])
		if have += size; have > n {
			return dst, -1
		}
		dst, at = append(dst, out[:size]...), at+width
	}
	return dst, at
}

// backward is where n bytes begin that text is the escaped form of, up to at; -1
// where they do not.
func (m scheme) backward(text []byte, at, n int) int {
	for n > 0 {
		if at == 0 {
			return -1
		}
		width, size := m.last(text[:at])
		at, n = at-width, n-size
	}
	if n < 0 {
		return -1
	}
	return at
}

// last tells of how many bytes of text the last character is, and how many bytes it
// stands for.
func (m scheme) last(text []byte) (width, size int) {
	most := min(longestEscape, len(text))
	tail := text[len(text)-most:]
	if bytes.IndexByte(tail, marks[m].mark) < 0 {
		return 1, 1
	}
	for ; len(tail) > 1; tail = tail[1:] {
		if tail[0] != marks[m].mark {
			continue
		}
		_, size, took := m.unescape(tail)
		if took == len(tail) && (m != backslash || opens(text[:len(text)-took])) {
			return took, size
		}
	}
	return 1, 1
}

// longestRow is how many backslashes in a row are counted.
const longestRow = 16

// opens tells whether a backslash behind text is not itself behind one: of a row of
// them every second one is.
func opens(text []byte) bool {
	row := 0
	for row < min(longestRow, len(text)) && text[len(text)-row-1] == '\\' {
		row++
	}
	return row%2 == 0
}

// spellings are the ways in which programs escape a value: those that differ from
// the value in the first bytes of its window are put into the filter for themselves.
func spellings(value []byte) [][]byte {
	escaped := func(which func(c byte) bool, format func(c byte) string) []byte {
		var out []byte
		for _, c := range value {
			if which(c) {
				out = append(out, format(c)...)
			} else {
				out = append(out, c)
			}
		}
		return out
	}
	beyond := func(safe string) func(byte) bool {
		return func(c byte) bool { return classes[c]&inPlain == 0 && strings.IndexByte(safe, c) < 0 }
	}
	among := func(list string) func(byte) bool { return func(c byte) bool { return strings.IndexByte(list, c) >= 0 } }
	hexed := func(c byte) string { return fmt.Sprintf("%%%02X", c) }
	json := func(c byte) string {
		if i := strings.IndexByte(letters[1:], c); i >= 0 && i%2 == 0 {
			return `\` + letters[i:i+1]
		}
		if c == '<' || c == '>' || c == '&' || c < ' ' {
			return fmt.Sprintf(`\u%04x`, c)
		}
		return `\` + string(rune(c))
	}
	control := "\x00\x01\x02\x03\x04\x05\x06\x07\b\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
	return [][]byte{
		value,
		escaped(beyond(""), hexed),                 // RFC 3986, section 2.3
		escaped(beyond("!*'()"), hexed),            // encodeURIComponent
		escaped(beyond("$&+=:@"), hexed),           // a path's segment, as net/url has it
		escaped(beyond("!*'();:@&=+$,/?#"), hexed), // encodeURI
		escaped(among(`"\`+control), json),         // RFC 8259
		escaped(among(`"\/`+control), json),        // PHP's
		escaped(among(`"\<>&`+control), json),      // encoding/json's
		escaped(among(`'\`+control), json),         // a string in single quotes
		escaped(among("\"\\$`"), json),             // a shell's double quotes (POSIX 2.2.3)
		escaped(among("\"\\$`!"), json),            // and bash's
		escaped(beyond("%+,-./:=@^"), json),        // bash's printf %q
		bytes.ReplaceAll(value, []byte("'"), []byte(`'\''`)),
	}
}
