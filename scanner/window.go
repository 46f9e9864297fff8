package scanner

import (
	"errors"
	"io"

	"github.com/oakum-sec/oakum/rules"
)

// windowSize is how much of a text is looked at in one go. Most files are
// smaller; a larger window gains nothing and costs each worker its size.
const windowSize = 1 << 20

// smallest context kept around a window even if the rules reach less far:
// enough for the line that a comment is looked for in, and for components. Encoded
// runs need maxRun, to be told from the tail of one that began before.
const minContext = 16 << 10

// window is a piece of a text, in memory with its surroundings. Matches that
// begin in text[from:to] are this window's own.
type window struct {
	text     []byte
	from, to int
	base     int64 // offset of text[0] in the whole text
	last     bool
	ruler    ruler
}

// position is the 1-based line and column, in bytes, of text[at].
func (w *window) position(at int) (line, column int) { return w.ruler.position(w.base + int64(at)) }

// reader cuts a text into windows: a stream, in a buffer that lives as long as
// its worker does, or one that is in memory, at the same places.
type reader struct {
	buf     []byte
	context int // bytes kept to either side of a window
}

func newReader(set *rules.Set) *reader {
	return &reader{context: max(set.Reach(), set.BodyReach(), minContext, maxRun)}
}

// full is how long a window's text is, but for the last one's.
func (r *reader) full() int { return windowSize + 2*r.context }

// slices hands text to use in the windows that a stream of it would give, until
// use returns false. What depends on where a window ends (which matches are the
// first of too many) is so the same for both.
func (r *reader) slices(text []byte, use func(*window) bool) {
	w := window{ruler: ruler{text: text}}
	for base := 0; ; base += windowSize {
		end := min(len(text), base+r.full())
		w.text, w.base, w.last = text[base:end], int64(base), end == len(text)
		if w.to = end - base; !w.last {
			w.to -= r.context
		}
		if !use(&w) || w.last {
			return
		}
		w.from = w.to - windowSize
	}
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
		w.ruler.text = w.text
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
	full := r.full()
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
	w.ruler.drop(drop)
	kept := copy(r.buf, w.text[drop:])
	w.base += int64(drop)
	w.from = w.to - drop
	return kept
}
