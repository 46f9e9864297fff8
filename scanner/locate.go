package scanner

import "unicode/utf8"

// encoded is a stretch raw = text[start:end] and what it decodes to.
type encoded struct {
	start, end int
	at         int    // where it counts as begun: start, or its first escape
	name       string // "base64", "hex", "percent", "unicode-escape"
	raw, text  []byte
	known      cursor // where locate was last asked for
}

// escaped tells an escaped stretch from a run.
func (e *encoded) escaped() bool { return e.name == "percent" || e.name == "unicode-escape" }

// cursor is a place in a run: raw[:raw] decodes to out bytes, or holds out
// characters of base64. A run may hold thousands of findings, which come in
// order: each goes on where the one before it was.
type cursor struct{ raw, out int }

// locate tells where text[start:end] of the decoded text stands in the text
// that holds the run: the characters that carry at least a bit of it.
func (e *encoded) locate(start, end int) (int, int) {
	switch e.name {
	case "hex":
		return e.start + 2*start, e.start + 2*end
	case "base64":
		return e.between(start*4/3, (end*4+2)/3-1, cursor.char, 1)
	case "percent", "unicode-escape":
		return e.between(start, end, cursor.unescaped, 0)
	}
	return e.start, e.end // base64 of UTF-16
}

// between goes to the places first and last, and so many bytes on from the latter.
func (e *encoded) between(first, last int, seek func(cursor, *encoded, int) cursor, on int) (int, int) {
	if first < e.known.out {
		e.known = cursor{}
	}
	e.known = seek(e.known, e, first)
	return e.start + e.known.raw, e.start + seek(e.known, e, last).raw + on
}

// char goes to the nth character of a wrapped run that is no white space.
func (c cursor) char(e *encoded, n int) cursor {
	for ; c.raw < len(e.raw)-1; c.raw++ {
		if classes[e.raw[c.raw]] != 0 {
			if c.out == n {
				break
			}
			c.out++
		}
	}
	return c
}

// unescaped goes to what begins at offset n of unescape's result.
func (c cursor) unescaped(e *encoded, n int) cursor {
	mark := byte('%')
	if e.name == "unicode-escape" {
		mark = '\\'
	}
	for c.raw < len(e.raw) && c.out < n {
		r, width := escape(e.raw[c.raw:])
		switch {
		case width == 0 || e.raw[c.raw] != mark:
			c.raw, c.out = c.raw+1, c.out+1
			continue
		case width == 6:
			c.out += utf8.RuneLen(r)
		default:
			c.out++
		}
		c.raw += width
	}
	return c
}
