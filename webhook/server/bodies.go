package server

import (
	"io"
	"math/bits"
	"sync"
)

// bodies are the buffers that reviews are read into, one after the other. A body is nine
// tenths of what a review of 64 kB leaves behind, and one in a hundred met the collector for it.
//
// They are of 4, 8, … 256 kB: of larger ones there are few, and one that waits for the next
// would cost what many small ones do.
type bodies struct{ pools [most2 - least2 + 1]sync.Pool }

// The smallest and the largest buffers, as powers of two of their bytes.
const (
	least2 = 12
	most2  = 18
)

// body is a review's. It is read no more once it was given back.
type body struct {
	text []byte
	pool *sync.Pool // that it goes back to; nil: none
}

// read is [io.ReadAll] for a text whose length was told (-1: was not): its buffer does not grow
// by doubling. What came is returned beside an error.
func (b *bodies) read(r io.Reader, length int64) (*body, error) {
	if length <= 0 || length > maxBody {
		text, err := io.ReadAll(r)
		return &body{text: text}, err
	}
	into := b.take(int(length))
	n, err := io.ReadFull(r, into.text)
	into.text = into.text[:n]
	return into, err
}

func (b *bodies) take(length int) *body {
	size2 := max(bits.Len(uint(length-1)), least2)
	if size2 > most2 {
		return &body{text: make([]byte, length)}
	}
	pool := &b.pools[size2-least2]
	if last, ok := pool.Get().(*body); ok {
		last.text = last.text[:length]
		return last
	}
	return &body{text: make([]byte, length, 1<<size2), pool: pool}
}

// giveBack has the next review read into it.
func (b *body) giveBack() {
	if b.pool != nil {
		b.pool.Put(b)
	}
}
