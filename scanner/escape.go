package scanner

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/rules"
)

// beside is how much text without white space is decoded along with an escape, on
// either side: no rule reaches farther. Escapes that lie closer to each other are
// decoded together, up to maxRun.
const beside = rules.MaxReach

// escapeMarks are what escapes begin with, in the order of kinds.
const escapeMarks = "%\\"

// longestEscape is that of \u0041.
const longestEscape = 6

// eachEscaped finds stretches without white space that hold escapes: %41, or
// \u0041 and \x41. A stretch counts as begun at its first escape. low and next are
// as in eachOf.
func eachEscaped(text []byte, low, from, to int, mark byte, use func(encoded)) (next int) {
	at := escapesBefore(text, low, from, mark)
	for at < to {
		i := bytes.IndexByte(text[at:to], mark)
		if i < 0 {
			return to
		}
		at += i
		if mark == '\\' && at+1 < len(text) && text[at+1] != 'x' && text[at+1] != 'u' {
			at++ // a line's end, a quote: the most of them
			continue
		}
		if _, n := escape(text[at:]); n == 0 {
			at++
			continue
		}
		first := at
		start, end := stretch(text, at, mark)
		at = end
		if first < from || end-start < minRun { // a character constant, a word with an accent
			continue
		}
		name := "percent"
		if mark == '\\' {
			name = "unicode-escape"
		}
		if plain := unescape(text[start:end], mark); readable(plain) {
			use(encoded{start: start, end: end, at: first, name: name, raw: text[start:end], text: plain})
		}
	}
	return at
}

// stretch is the text without white space around the escape at first, and the
// escapes that follow it.
func stretch(text []byte, first int, mark byte) (start, end int) {
	for start = first; start > max(0, first-beside) && text[start-1] > ' '; start-- {
	}
	most := min(len(text), start+maxRun)
	last := first
	for end = first; end < min(most, last+beside) && text[end] > ' '; {
		n := 0
		if text[end] == mark {
			_, n = escape(text[end:])
		}
		if n > 0 {
			end, last = end+n, end+n
			continue
		}
		end++
	}
	return start, min(end, most)
}

// escapesBefore is where escapes begin whose stretch may go on at from: low at the
// earliest, from if there are none.
func escapesBefore(text []byte, low, from int, mark byte) int {
	p := from
	for i := p; i > max(low, p-beside-longestEscape) && text[i-1] > ' '; {
		if i--; text[i] == mark {
			if _, n := escape(text[i:]); n > 0 {
				p = i
			}
		}
	}
	return max(p, low)
}

// escapesBehind is where escapes end whose stretch a change of what lies before to
// may alter; to if there are none.
func escapesBehind(text []byte, to int, mark byte) int {
	p := to
	for i := p; i < min(len(text), p+beside) && text[i] > ' '; i++ {
		if text[i] == mark {
			if _, n := escape(text[i:]); n > 0 {
				p = i + n
			}
		}
	}
	return min(p, len(text))
}

// escape reads one escape at the start of s: the character, and its length or 0.
func escape(s []byte) (r rune, n int) {
	switch {
	case len(s) >= 3 && s[0] == '%':
		n = 3
	case len(s) >= 4 && s[0] == '\\' && s[1] == 'x':
		n = 4
	case len(s) >= 6 && s[0] == '\\' && s[1] == 'u':
		n = 6
	default:
		return 0, 0
	}
	digits := s[1:n]
	if s[0] == '\\' {
		digits = s[2:n]
	}
	if !isHex(digits) {
		return 0, 0
	}
	v, _ := strconv.ParseUint(string(digits), 16, 32)
	return rune(v), n
}

// unescape takes escapes of one kind out of s: '%' or '\\'.
func unescape(s []byte, mark byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] == mark {
			if r, n := escape(s[i:]); n == 6 {
				out = utf8.AppendRune(out, r)
				i += n
				continue
			} else if n > 0 {
				out = append(out, byte(r))
				i += n
				continue
			}
		}
		out = append(out, s[i])
		i++
	}
	return out
}
