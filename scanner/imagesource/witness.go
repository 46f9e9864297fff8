package imagesource

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// witness reads a layer, and knows afterwards which content it was, if it saw all.
type witness struct {
	io.ReadCloser
	sum   hash.Hash // nil: somebody else checks it
	ended error     // io.EOF, or what kept it from that
}

func (l *layer) opened(ctx context.Context) (io.ReadCloser, error) {
	r, err := l.open(ctx)
	if err != nil || l.cache == nil {
		return r, err
	}
	l.read = &witness{ReadCloser: r}
	if !l.from.sealed {
		l.read.sum = sha256.New()
	}
	return l.read, nil
}

func (w *witness) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if w.sum != nil {
		w.sum.Write(p[:n])
	}
	if err != nil && w.ended == nil {
		w.ended = err
	}
	return n, err
}

// Close reads what stands behind the layer's last file: the digest is of that too.
func (w *witness) Close() error {
	if w.ended == nil {
		io.Copy(io.Discard, w) // its error is kept
	}
	return w.ReadCloser.Close()
}

// digest is that of what was read; "" where that was not all, or another content
// than the one that was promised.
func (w *witness) digest(promised string) string {
	switch {
	case w == nil || !errors.Is(w.ended, io.EOF):
		return ""
	case w.sum == nil:
		return promised
	}
	return digestOf(w.sum)
}

func digestOf(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }

// sum is a content's own digest. It is read for that, where nobody vouches for it.
func (c *content) sum(ctx context.Context) (string, error) {
	if c.from.served {
		return c.digest, nil
	}
	r, err := c.open(ctx)
	if err != nil {
		return "", err
	}
	defer r.Close()
	return sumOf(r)
}

// sumBuffer is how much is read at a time to be hashed, in bytes: what a core's second
// cache holds, so that the hash does not wait for memory.
const sumBuffer = 256 << 10

// sumOf hashes one piece while the next one is read.
func sumOf(r io.Reader) (string, error) {
	free, full := make(chan []byte, 2), make(chan []byte, 2)
	free <- make([]byte, sumBuffer)
	free <- make([]byte, sumBuffer)
	var failed error
	go func() {
		defer close(full)
		for b := range free {
			n, err := io.ReadFull(r, b)
			full <- b[:n]
			if err != nil {
				failed = err
				return
			}
		}
	}()
	h := sha256.New()
	for b := range full {
		h.Write(b)
		free <- b[:cap(b)]
	}
	if !errors.Is(failed, io.EOF) && !errors.Is(failed, io.ErrUnexpectedEOF) {
		return "", failed
	}
	return digestOf(h), nil
}
