package scanner

import (
	"io"
	"sync/atomic"

	"github.com/oakum-sec/oakum/leak"
)

// live is how far the workers are with texts that are not delivered yet: an image's
// layer of a gigabyte takes a minute, and whoever waits is to see that it goes on.
type live struct {
	bytes atomic.Int64               // read of texts under way
	place atomic.Pointer[leak.Place] // the last archive member that was done
}

// read counts n bytes of a text under way. A nil live counts nothing.
func (l *live) read(n int) {
	if l != nil {
		l.bytes.Add(int64(n))
	}
}

// passed tells which member was done, by the name under which it may be told.
func (l *live) passed(p *leak.Place) {
	if l != nil {
		l.place.Store(p)
	}
}

// soFar is what is to be shown beside what was delivered; nil where there is nothing.
func (l *live) soFar() *result {
	r := &result{bytes: max(0, l.bytes.Load())}
	if p := l.place.Load(); p != nil {
		r.last = *p
	}
	if r.bytes == 0 || r.last == nil {
		return nil
	}
	return r
}

// counted counts what is read.
type counted struct {
	io.Reader
	n    int64
	live *live
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	c.live.read(n)
	return n, err
}
