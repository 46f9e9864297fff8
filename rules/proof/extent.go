package proof

import "bytes"

// maxExtent is how far a PEM block may reach, in bytes: four times the PEM text
// of a 16,384-bit RSA key (13 KB), which leaves room for indentation and quotes.
const maxExtent = 64 << 10

// dashes open and close the marker lines of PEM and of PGP armor.
var dashes = []byte("-----")

// Extent finds where a value ends that a regexp has found the head of. With the
// name "pem", start is the first dash of the BEGIN line, headEnd the byte after
// that marker's last dash; end is the byte after the last dash of the END marker.
// With "putty", the head is the first line's name, and end the byte after the
// digits of the Private-MAC. ok is false, and end is headEnd, where no end of a
// private key follows within 64 KiB, or another head comes first.
//
// The END need not stand at the start of a line, so keys that are indented,
// quoted line by line, commented out or written on one line with \n escapes are
// found whole.
func Extent(name string, text []byte, start, headEnd int) (end int, ok bool) {
	if start < 0 || start > headEnd || headEnd > len(text) {
		return headEnd, false
	}
	switch name {
	case "pem":
		return pemExtent(text, start, headEnd)
	case "putty":
		return puttyExtent(text, start, headEnd)
	}
	return headEnd, false
}

// pemExtent looks for the END marker.
func pemExtent(text []byte, start, headEnd int) (end int, ok bool) {
	limit := min(len(text), start+maxExtent)
	for at := headEnd; ; {
		i := bytes.Index(text[min(at, limit):limit], dashes)
		if i < 0 {
			return headEnd, false
		}
		at += i
		marker := text[at+len(dashes) : limit]
		if bytes.HasPrefix(marker, []byte("BEGIN")) {
			return headEnd, false
		}
		if label, n, isEnd := endMarker(marker); isEnd && bytes.Contains(label, []byte("PRIVATE")) {
			return at + len(dashes) + n, true
		}
		at++
	}
}

// endMarker reads "END LABEL-----"; n is its length.
func endMarker(b []byte) (label []byte, n int, ok bool) {
	const end, longest = "END ", 60
	if !bytes.HasPrefix(b, []byte(end)) {
		return nil, 0, false
	}
	i := bytes.Index(b[:min(len(b), longest)], dashes)
	if i < 0 {
		return nil, 0, false
	}
	return b[len(end):i], i + len(dashes), true
}
