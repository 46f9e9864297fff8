package scanner

import (
	"bytes"
	"errors"
	"io"

	"github.com/oakum-sec/oakum/rules"
)

// windowSize is how much of a text is looked at in one go. Most files are
// smaller; a larger window gains nothing and costs each worker its size.
const windowSize = 1 << 20

// smallest context kept around a window even if the rules reach less far:
// enough for the line that a comment is looked for in, and for components.
const minContext = 16 << 10

// window is a piece of a text, in memory with its surroundings. Matches that
// begin in text[from:to] are this window's own.
type window struct {
	text     []byte
	from, to int
	base     int64 // offset of text[0] in the whole text
	lines    int   // line breaks before text[0]
	bol      int64 // where the line that text[0] is in begins
	last     bool
	counted  counted
}

// counted is how far position has counted lines, so that many findings in one
// window do not each count it from its beginning.
type counted struct {
	at    int // text[:at] is counted
	lines int // line breaks in it
	nl    int // one more than the offset of the last of them, 0 without one
}

// position is the 1-based line and column, in bytes, of text[at].
func (w *window) position(at int) (line, column int) {
	c := &w.counted
	if at < c.at {
		c.lines -= bytes.Count(w.text[at:c.at], []byte{'\n'})
		if c.nl > at {
			c.nl = bytes.LastIndexByte(w.text[:at], '\n') + 1
		}
		c.at = at
	}
	piece := w.text[c.at:at]
	if nl := bytes.LastIndexByte(piece, '\n'); nl >= 0 {
		c.nl = c.at + nl + 1
		c.lines += bytes.Count(piece, []byte{'\n'})
	}
	c.at = at
	line = w.lines + 1 + c.lines
	if c.nl > 0 {
		return line, at - c.nl + 1
	}
	return line, int(w.base + int64(at) - w.bol + 1)
}

// reader cuts a stream into windows, in a buffer that lives as long as its
// worker does.
type reader struct {
	buf     []byte
	context int // bytes kept to either side of a window
}

func newReader(set *rules.Set) *reader {
	return &reader{context: max(set.Reach(), set.BodyReach(), minContext)}
}

// windows hands src to use, window by window, until use returns false, and
// returns how many bytes were read. size is how many there are: a regular file is
// not asked for more, which spares a system call. It is 0 or less where that is
// not known (files in /proc say 0).
func (r *reader) windows(src io.Reader, size int64, use func(*window) bool) (int64, error) {
	w := window{}
	have := 0
	for {
		n, err := r.fill(src, have, size-w.base)
		have += n
		end := errors.Is(err, io.EOF)
		w.text, w.last = r.buf[:have], end || err != nil
		if w.to = have; !w.last {
			w.to = have - r.context
		}
		goOn := use(&w)
		if end || !goOn {
			return w.base + int64(have), nil
		}
		if err != nil {
			return w.base + int64(have), err
		}
		have = r.slide(&w)
	}
}

// fill reads until the buffer is as large as it may get, or src ends (io.EOF).
// It returns how much it read behind the have bytes that are there.
func (r *reader) fill(src io.Reader, have int, size int64) (int, error) {
	full := windowSize + 2*r.context
	read := 0
	for have+read < full {
		r.grow(have+read, full, size)
		n, err := src.Read(r.buf[have+read:])
		read += n
		if err != nil {
			return read, err
		}
		if int64(have+read) == size {
			return read, io.EOF
		}
	}
	return read, nil
}

// grow makes room behind have: for the whole text where its size is known, else
// twice what there is.
func (r *reader) grow(have, full int, size int64) {
	if have < len(r.buf) {
		return
	}
	want := max(2*len(r.buf), 64<<10)
	if size < int64(full) {
		want = max(want, int(size))
	}
	larger := make([]byte, min(want, full))
	copy(larger, r.buf[:have])
	r.buf = larger
}

// slide drops what the next window does not need and returns how many bytes stay.
func (r *reader) slide(w *window) int {
	drop := max(0, w.to-r.context)
	gone := w.text[:drop]
	w.lines += bytes.Count(gone, []byte{'\n'})
	if nl := bytes.LastIndexByte(gone, '\n'); nl >= 0 {
		w.bol = w.base + int64(nl) + 1
	}
	kept := copy(r.buf, w.text[drop:])
	w.counted = counted{}
	w.base += int64(drop)
	w.from = w.to - drop
	return kept
}
