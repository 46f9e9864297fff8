package pack

import (
	"errors"
	"fmt"
	"io"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// whole is the text of n, which is no delta; nil with its size where that is over
// WalkOptions.Whole.
func (w *worker[S]) whole(n int32) (t *text, size int64, err error) {
	if n >= w.first {
		return w.wholeLoose(&w.loose[n-w.first])
	}
	err = Guard(func() error {
		p := w.plot(n)
		e, err := w.head(p, n)
		if err != nil {
			return err
		}
		if e.Kind == object.Unknown {
			return w.baseless(p, n, e)
		}
		if size = e.Size; size > w.opt.Whole {
			return nil
		}
		t = w.take(int(size))
		t.data, err = p.file.Inflate(&w.z, t.data, e)
		return err
	})
	if err != nil && t != nil {
		w.give(t)
		t = nil
	}
	return t, size, err
}

func (w *worker[S]) head(p *plot, n int32) (Entry, error) {
	off := w.offset(p, n)
	if off < 0 {
		return Entry{}, fmt.Errorf("%w: it should begin behind the end of its pack", ErrTruncated)
	}
	// Where a damaged pack's last object ends is not known.
	if n+1 < p.cut || p.file.Damage() == nil {
		if err := p.file.intact(int(w.pos[n]), off, w.end(p, n)); err != nil {
			return Entry{}, err
		}
	}
	return p.file.Entry(off)
}

// baseless says why a delta has no base.
func (w *worker[S]) baseless(p *plot, n int32, e Entry) error {
	switch {
	case w.marks[n]&cycleMark != 0:
		return fmt.Errorf("%w: it is a delta of itself", ErrDamaged)
	case e.Base != 0:
		return fmt.Errorf("%w: it is a delta of what begins at %d, and nothing does", ErrDamaged, e.Base)
	}
	return fmt.Errorf("%w: %s, of which it is a delta", ErrMissing, e.Ref)
}

func (w *worker[S]) wholeLoose(l *Loose) (*text, int64, error) {
	if l.Size > w.opt.Whole && l.Kind != object.Unknown {
		return nil, l.Size, nil
	}
	r, err := l.Open()
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	if l.Size < 0 || l.Kind == object.Unknown {
		return nil, 0, fmt.Errorf("%w: its head cannot be read", ErrDamaged)
	}
	t := w.take(int(l.Size))
	if err := readExactly(r, t.data); err != nil {
		w.give(t)
		return nil, 0, err
	}
	return t, l.Size, nil
}

// readExactly fills b from r, which must end there: that is also where a zlib
// stream's checksum is verified.
func readExactly(r io.Reader, b []byte) error {
	if n, err := io.ReadFull(r, b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends after %d of %d bytes", ErrDamaged, n, len(b))
	} else if err != nil {
		return err
	}
	var more [1]byte
	switch n, err := io.ReadFull(r, more[:]); {
	case n > 0:
		return fmt.Errorf("%w: it is longer than the %d bytes it declares", ErrDamaged, len(b))
	case err != io.EOF:
		return err
	}
	return nil
}

// scratchMax is the size of a delta above which its buffer is not kept, nor what
// it copies listed: a list takes up to twelve times as much as the delta.
const scratchMax = 4 << 20

// patched is the text of n, a delta of base; what it copies is in w.copies, where
// w.listed says so.
func (w *worker[S]) patched(n int32, base []byte, depth int32) (t *text, err error) {
	if depth > maxChain {
		return nil, fmt.Errorf("%w: its deltas chain deeper than %d", ErrDamaged, maxChain)
	}
	err = Guard(func() error {
		p := w.plot(n)
		e, err := w.head(p, n)
		if err != nil {
			return err
		}
		if e.Size > w.opt.Whole {
			return fmt.Errorf("%w: its delta has %d bytes", ErrTooLarge, e.Size)
		}
		if n := int(e.Size) + inflate.Slack; cap(w.delta) < n {
			w.delta = make([]byte, n+n/4)
		}
		if w.delta, err = p.file.Inflate(&w.z, w.delta, e); err != nil {
			return err
		}
		d, err := parseDelta(w.delta, len(base), w.opt.Whole)
		if err != nil {
			return err
		}
		t = w.take(d.target)
		w.listed = len(d.ops) <= scratchMax
		w.copies, err = d.apply(t.data, base, w.copies[:0], w.listed)
		return err
	})
	if cap(w.delta) > scratchMax {
		w.delta = nil
	}
	if err != nil && t != nil {
		w.give(t)
		t = nil
	}
	return t, err
}
