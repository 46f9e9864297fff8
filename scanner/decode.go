package scanner

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"unicode/utf8"
)

// Limits of looking into encoded runs. A run is a stretch of one alphabet
// inside a text; what it decodes to is scanned like any text, to maxDepth.
const (
	minRun   = 24       // characters: 18 bytes of base64, less than any token we know with its name
	maxRun   = 64 << 10 // looked at in one go; a longer run is cut, a wrapped one between lines, and goes on
	maxDepth = 3
	// A line of a wrapped run (RFC 2045: 76, PEM: 64) is at least so long, its last one excepted.
	minWrapped = 40
)

// class of a byte, for finding runs.
const (
	inBase64 = 1 << iota // standard and url-safe alphabets; '=' only ends a run
	inHex
)

var classes = func() (t [256]byte) {
	for c := range 256 {
		b := byte(c)
		switch {
		case b >= '0' && b <= '9', b >= 'a' && b <= 'f', b >= 'A' && b <= 'F':
			t[c] = inBase64 | inHex
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '+', b == '/', b == '-', b == '_':
			t[c] = inBase64
		}
	}
	return t
}()

// eachEncoded finds encoded runs that begin in text[from:to] and decode to
// something a person could have written; use is handed each. What is found is
// cheap to reject: most runs in a source tree are long identifiers.
func eachEncoded(text []byte, from, to int, use func(encoded)) {
	eachRun(text, from, to, func(start, end int) {
		if e, ok := decodeRun(text, start, end); ok {
			use(e)
		}
	})
	eachEscaped(text, from, to, '%', use)
	eachEscaped(text, from, to, '\\', use)
}

// eachRun calls use for each run of minRun and more base64 characters that
// begins in text[from:to], and begins like encoded text. Of every sixteen bytes
// it looks at eight: a run of minRun holds them, and the eight before or behind
// them, wherever it begins. Most text has a blank, a bracket or a dot among any
// eight bytes, and is done with.
//
// '+', '/' and '-' are told from those only afterwards. In base64 of ASCII they
// stand for '>', '?' and '~' alone, so a short run that is missed for one of them
// is not a credential's.
func eachRun(text []byte, from, to int, use func(start, end int)) {
	low := from // what lies before has been looked at
	for at := from; at+8 <= len(text); at += 16 {
		if at < low || !solid(text[at:]) || (at < low+8 || !solid(text[at-8:])) && !solid(text[at+8:]) {
			continue
		}
		start, end := runAround(text, low, at)
		if start >= to {
			return
		}
		if run := text[start:end]; len(run) >= minRun && (evenBytes(run) || isHex(run[:minRun])) {
			end = unwrap(text, start, end, min(len(text), start+maxRun))
			use(start, end)
		}
		low = end
	}
}

// solid tells whether none of b's first eight bytes is below '0', as blanks,
// quotes, brackets, commas and dots are: such a byte has its top bit set in w-'0'.
func solid(b []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	if len(b) < 8 {
		return false
	}
	w := binary.LittleEndian.Uint64(b[:8])
	return (w-ones*'0')&^w&tops == 0
}

// runAround is the run, not longer than maxRun, that text[at] is in; it begins at
// low at the earliest. Empty, behind at, where text[at] is in none.
func runAround(text []byte, low, at int) (start, end int) {
	if classes[text[at]] == 0 {
		return at + 1, at + 1
	}
	for start = at; start > low && classes[text[start-1]] != 0; start-- {
	}
	limit := min(len(text), start+maxRun)
	for end = at + 1; end < limit && classes[text[end]] != 0; end++ {
	}
	return start, end
}

// unwrap lets a run that ends at a line's end go on in the next lines that lie
// before limit. A line that limit cuts is the next run's: base64 read from its
// middle decodes to nothing.
func unwrap(text []byte, start, end, limit int) int {
	line := end - start
	for line >= minWrapped {
		next := end
		if next < limit && text[next] == '\r' {
			next++
		}
		if next >= limit || text[next] != '\n' {
			return end
		}
		for next++; next < limit && (text[next] == ' ' || text[next] == '\t'); {
			next++
		}
		first := next
		for next < limit && classes[text[next]] != 0 {
			next++
		}
		line = next - first
		if line == 0 || next == limit && limit < len(text) {
			return end
		}
		end = next
	}
	return end
}

// decodeRun decodes text[start:end] as hex where it is all hex, else as base64.
func decodeRun(text []byte, start, end int) (encoded, bool) {
	run := text[start:end]
	e := encoded{start: start, end: end, raw: run}
	if isHex(run) {
		if len(run)%2 != 0 || len(run) < 2*minRun {
			return e, false
		}
		out := make([]byte, len(run)/2)
		if hex.Decode(out[:8], run[:16]); !readable(out[:8]) {
			return e, false
		}
		hex.Decode(out, run)
		e.name, e.text = "hex", out
		return e, readable(out)
	}
	if !evenBytes(run) {
		return e, false
	}
	var wide bool
	if e.text, wide = fromBase64(run); wide {
		e.name = "base64, utf-16"
	} else {
		e.name = "base64"
	}
	return e, e.text != nil
}

// evenBytes tells whether nearly all of a run's first characters can begin a group
// of three bytes of text: the first byte is below 0x80, so the character is one of
// the alphabet's first half, A–Z and a–f. That turns away identifiers and paths,
// the most of what is long enough, at six bytes a run.
func evenBytes(run []byte) bool {
	odd := 0
	for i := 0; i < minRun; i += 4 {
		if c := run[i]; c < 'A' || c > 'Z' && c < 'a' || c > 'f' {
			odd++
		}
	}
	return odd <= 1
}

func isHex(run []byte) bool {
	for _, c := range run {
		if classes[c]&inHex == 0 {
			return false
		}
	}
	return true
}

// fromBase64 decodes either alphabet, padded or not, wrapped or not; nil if
// that gives no text. UTF-16 inside (PowerShell's -EncodedCommand) is decoded too.
func fromBase64(run []byte) (text []byte, wide bool) {
	if !looksReadable(run) {
		return nil, false
	}
	chars := make([]byte, 0, len(run))
	for _, c := range run {
		if classes[c] != 0 {
			chars = append(chars, standard(c))
		}
	}
	if len(chars)%4 == 1 { // holds no whole byte
		chars = chars[:len(chars)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(chars)))
	n, _ := base64.RawStdEncoding.Decode(out, chars)
	out = out[:n]
	if order := sniff(out[:min(n, sniffSize)]).utf16; order != nil {
		return decodeUTF16(out, order), true
	}
	if !readable(out) {
		return nil, false
	}
	return out, false
}

// looksReadable decodes the run's first characters on the stack, to turn most
// runs away before anything is allocated. A run's first minRun characters stand
// on one line.
func looksReadable(run []byte) bool {
	var chars [minRun]byte
	for i := range chars {
		chars[i] = standard(run[i])
	}
	var head [minRun / 4 * 3]byte
	n, err := base64.RawStdEncoding.Decode(head[:], chars[:])
	return err == nil && (readable(head[:n]) || sniff(head[:n]).utf16 != nil)
}

// standard is a character of the url-safe alphabet in the standard one.
func standard(c byte) byte {
	switch c {
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return c
}

// readable tells text from chance: at most one byte in eight may be neither
// printable ASCII, white space nor part of a valid UTF-8 sequence. A random byte
// is one of those with a chance of four in ten.
func readable(b []byte) bool {
	odd := 0
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c >= ' ' && c < 0x7F, c == '\n', c == '\r', c == '\t':
			i++
		case c >= 0x80:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError {
				odd++
			}
			i += n
		default:
			odd++
			i++
		}
	}
	return len(b) > 0 && odd*8 <= len(b)
}

// eachEscaped finds stretches without white space that hold escapes: %41, or
// \u0041 and \x41.
func eachEscaped(text []byte, from, to int, mark byte, use func(encoded)) {
	for at := from; at < to; {
		i := bytes.IndexByte(text[at:to], mark)
		if i < 0 {
			return
		}
		at += i
		if _, n := escape(text[at:]); n == 0 {
			at++
			continue
		}
		start, end := stretch(text, at)
		at = end
		if end-start < minRun { // a character constant, a word with an accent
			continue
		}
		name := "percent"
		if mark == '\\' {
			name = "unicode-escape"
		}
		if plain := unescape(text[start:end], mark); readable(plain) {
			use(encoded{start: start, end: end, name: name, raw: text[start:end], text: plain})
		}
	}
}

// stretch is the text without white space around at, up to half of maxRun each way.
func stretch(text []byte, at int) (start, end int) {
	for start = at; start > max(0, at-maxRun/2) && text[start-1] > ' '; start-- {
	}
	for end = at; end < min(len(text), at+maxRun/2) && text[end] > ' '; end++ {
	}
	return start, end
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

// Encoded tells whether there is anything in text that a scan would decode:
// what a Narrowing source must not pass over, even where no rule matches.
func Encoded(text []byte) bool {
	if sniff(text[:min(len(text), sniffSize)]).utf16 != nil {
		return true
	}
	found := false
	eachEncoded(text, 0, len(text), func(encoded) { found = true })
	return found
}
