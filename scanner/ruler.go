package scanner

import "bytes"

// ruler tells on which line of a text an offset is. It counts on from where it
// was asked last, so that many findings cost one count of the text's lines, and
// a few in a text of five megabytes no more than that.
type ruler struct {
	text  []byte // what is in memory of the text
	base  int64  // offset of text[0] in the whole text
	lines int    // line breaks before text[0]
	bol   int64  // where the line that text[0] is in begins

	at      int // text[:at] is counted
	counted int // line breaks in it
	nl      int // one more than the offset of the last of them, 0 without one
}

// position is the 1-based line and column, in bytes, of the whole text's byte at,
// which is in memory.
func (r *ruler) position(at int64) (line, column int) {
	here := int(at - r.base)
	r.seek(here)
	line = r.lines + 1 + r.counted
	if r.nl > 0 {
		return line, here - r.nl + 1
	}
	return line, int(at - r.bol + 1)
}

func (r *ruler) seek(at int) {
	if at < r.at {
		r.counted -= bytes.Count(r.text[at:r.at], []byte{'\n'})
		if r.nl > at {
			r.nl = bytes.LastIndexByte(r.text[:at], '\n') + 1
		}
	} else if nl := bytes.LastIndexByte(r.text[r.at:at], '\n'); nl >= 0 {
		r.nl = r.at + nl + 1
		r.counted += bytes.Count(r.text[r.at:at], []byte{'\n'})
	}
	r.at = at
}

// drop counts text's first n bytes and forgets them.
func (r *ruler) drop(n int) {
	r.seek(n)
	r.lines += r.counted
	if r.nl > 0 {
		r.bol = r.base + int64(r.nl)
	}
	*r = ruler{text: r.text[n:], base: r.base + int64(n), lines: r.lines, bol: r.bol}
}
