package scanner

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/archive"
)

// open reads the whole text. What goes wrong on the way is a Gap.
func (w *worker) open(ctx context.Context) {
	if w.tooLarge(w.blob.Size) {
		return
	}
	src, err := w.blob.Open(ctx)
	if err != nil {
		w.gapOf(err)
		return
	}
	defer src.Close()
	if err := w.read(src); err != nil {
		w.gapOf(fmt.Errorf("read: %w", err))
	}
}

func (w *worker) read(src io.Reader) error {
	size := w.blob.Size
	if s, ok := src.(interface{ Size() int64 }); ok {
		size = s.Size()
	}
	if w.tooLarge(size) {
		return nil
	}
	raw := &counted{Reader: src, live: w.live}
	defer func() {
		w.out.bytes += raw.n
		if w.full { // how far it was read depends on the source's buffers
			w.out.bytes += max(0, size-raw.n)
		}
	}()
	head, err := w.windows(raw, size)
	if head == nil {
		if raw.n == 0 && err == nil {
			w.noArchive(nil)
		}
		return err
	}
	all := io.MultiReader(bytes.NewReader(head), raw)
	if f := w.packedAs(head); f != archive.None {
		at, _ := src.(io.ReaderAt)
		w.unpack(f, all, size, at)
		return nil
	}
	return w.wide(all)
}

// windows looks at src window by window. Where its first bytes turn out to be
// UTF-16, or an archive's, it stops and returns them, to be read again through a
// decoder.
func (w *worker) windows(src io.Reader, size int64) (head []byte, err error) {
	p, sniffed := passThrough(nil), false
	_, err = w.reader.windows(src, size, func(win *window) bool {
		if !sniffed && (w.packedAs(win.text) != archive.None || w.sniff(win.text)) {
			head = bytes.Clone(win.text)
			return false
		}
		if !sniffed {
			w.noArchive(win.text)
		}
		sniffed = true
		return w.window(win, p)
	})
	return head, err
}

// text looks at a text that is whole in memory.
func (w *worker) text(text []byte, regions []leak.Span) {
	if w.tooLarge(int64(len(text))) {
		return
	}
	w.out.bytes += int64(len(text))
	f := w.packedAs(text)
	switch {
	case regions != nil && len(regions) == 0:
	case f != archive.None:
		w.unpackText(f, text)
	case w.sniff(text):
		if err := w.wide(bytes.NewReader(text)); err != nil {
			w.gapOf(fmt.Errorf("read: %w", err))
		}
	default:
		p := passThrough(regions)
		w.reader.slices(text, func(win *window) bool { return w.window(win, p) })
	}
}

// sniff finds out what kind of text begins with head, and tells whether that has
// to be decoded.
func (w *worker) sniff(head []byte) bool {
	w.kind = sniff(head[:min(len(head), sniffSize)])
	return w.kind.utf16 != nil
}

// wide looks at all of a text in UTF-16.
func (w *worker) wide(src io.Reader) error {
	if _, err := io.CopyN(io.Discard, src, int64(w.kind.bom)); err != nil {
		return err
	}
	p := passThrough(nil)
	_, err := w.reader.windows(&utf16Reader{src: src, order: w.kind.utf16}, -1, func(win *window) bool { return w.window(win, p) })
	return err
}

// window looks at one window of the text at hand, and tells whether to go on.
func (w *worker) window(win *window, p *pass) bool {
	if win.base == 0 && win.last {
		w.whole = win.text // until the next text: finish asks for it before
	}
	w.pieces = p.pieces(w.pieces[:0], win)
	w.matches = p.match(w.set, w.matches[:0], win, w.pieces)
	known := len(w.hits)
	for i := range w.matches {
		w.judge(&w.matches[i], win)
	}
	w.keyPaths(win, w.hits[known:])
	w.known(win)
	if !w.opt.NoDecode {
		p.encoded(win, w.pieces, func(e encoded) { w.encoded(e, win, layers{locate: whole}) })
	}
	return !w.full
}

// tooLarge tells whether a text of so many bytes, or -1, is not to be looked at.
func (w *worker) tooLarge(size int64) bool {
	limit := w.opt.MaxSize
	if limit <= 0 || size <= limit {
		return false
	}
	w.gap(leak.GapLimit, &TooLargeError{size, limit})
	return true
}

// TooLargeError is why a text above Options.MaxSize was not looked at; its
// fields are bytes.
type TooLargeError struct{ Size, Limit int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%d bytes, more than the limit of %d (--max-size)", e.Size, e.Limit)
}
