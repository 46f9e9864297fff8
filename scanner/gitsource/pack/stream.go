package pack

import (
	"bufio"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// Inflate decompresses the stream of e, which Entry gave, into dst, which it grows
// where it is too small, and returns it with its length set to e.Size (capacity:
// inflate.Slack more). The caller has looked at e.Size before: this takes as much
// memory. Errors wrap ErrDamaged, or are the system's.
func (f *File) Inflate(z *inflate.Inflater, dst []byte, e Entry) ([]byte, error) {
	n := int(e.Size)
	if int64(n) != e.Size || n < 0 {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, e.Size)
	}
	if cap(dst) < n+inflate.Slack {
		dst = make([]byte, n+inflate.Slack)
	}
	src, done, err := f.source(e)
	if err != nil {
		return nil, err
	}
	defer done()
	if _, err = z.Zlib(dst[:n+inflate.Slack], n, src); err == nil {
		return dst[:n], nil
	}
	if e.Data+int64(len(src)) < f.end { // one of a length that no compressor makes
		err = f.inflateLong(dst[:n], e)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return dst[:n], nil
}

// source is what e's stream lies in; done gives it back. No setting of zlib makes
// more of a text than 135/1024 beyond its size and a few bytes (its deflateBound),
// so what follows is not read where reading costs, nor run through where a stream
// is damaged.
func (f *File) source(e Entry) (src []byte, done func(), err error) {
	n := int(min(e.Size+e.Size/7+64, f.end-e.Data))
	if f.pack.mem != nil {
		src, err = f.pack.at(e.Data, n, nil)
		return src, func() {}, err
	}
	buf, _ := f.scratch.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	if *buf, err = f.pack.at(e.Data, n, *buf); err != nil {
		return nil, nil, err
	}
	return *buf, func() { f.scratch.Put(buf) }, nil
}

// inflateLong fills dst from a stream of any length.
func (f *File) inflateLong(dst []byte, e Entry) error {
	r, err := f.Stream(e)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.ReadFull(r, dst); err != nil {
		return err
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return err
	}
	return nil
}

// Stream reads a whole object (or the delta itself) without holding it in memory.
// It needs no Guard. It ends after e.Size bytes, with io.EOF if the stream ended
// there and its checksum is right, else with an error that wraps ErrDamaged.
func (f *File) Stream(e Entry) (io.ReadCloser, error) {
	src := bufio.NewReaderSize(io.NewSectionReader(f.pack, e.Data, f.end-e.Data), 32<<10)
	z, err := zlib.NewReader(src)
	if err != nil {
		return nil, Damaged(err)
	}
	return struct {
		io.Reader
		io.Closer
	}{Exactly(z, e.Size), z}, nil
}

// Exactly holds what is read from r to the size that an object's head declares: more
// is an error that wraps ErrDamaged, as less is, and any error of r's but its end.
func Exactly(r io.Reader, size int64) io.Reader { return &exact{r, size, size} }

type exact struct {
	io.Reader
	size, left int64
}

func (s *exact) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.left -= int64(n)
	switch {
	case s.left < 0:
		return 0, fmt.Errorf("%w: it is longer than the %d bytes it declares", ErrDamaged, s.size)
	case err == io.EOF && s.left > 0:
		return n, fmt.Errorf("%w: it ends %d bytes before its declared size", ErrDamaged, s.left)
	case err != nil && err != io.EOF:
		return n, Damaged(err)
	}
	return n, err
}

// Damaged words a decoder's error: an end of file is no end of a read here.
func Damaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early", ErrDamaged)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}
