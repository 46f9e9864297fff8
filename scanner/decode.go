package scanner

import (
	"encoding/base64"
	"encoding/hex"
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

// kinds is how many kinds of encoding there are, for eachOf.
const kinds = 3

// eachOf finds what one kind of encoding has made readable text into, and what of
// it begins in text[from:to]: use is handed each. What is found is cheap to
// reject: most runs in a source tree are long identifiers.
//
// It depends on the text alone, not on where it is cut: whatever begins before low
// was dealt with in earlier calls, and next says the same for the next one, be it
// for the bytes that follow or for some farther on.
func eachOf(kind int, text []byte, low, from, to int, use func(encoded)) (next int) {
	if kind > 0 {
		return eachEscaped(text, low, from, to, escapeMarks[kind-1], use)
	}
	return eachRun(text, low, from, to, func(start, end int) {
		if e, ok := decodeRun(text, start, end); ok {
			use(e)
		}
	})
}

// eachEncoded finds encoded text of any kind that begins in text[from:to].
func eachEncoded(text []byte, from, to int, use func(encoded)) {
	for kind := range kinds {
		eachOf(kind, text, 0, from, to, use)
	}
}

// decodeRun decodes text[start:end] as hex where it is all hex, else as base64.
func decodeRun(text []byte, start, end int) (encoded, bool) {
	run := text[start:end]
	e := encoded{start: start, end: end, at: start, raw: run}
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
