package archive

import (
	"fmt"
	"io"
	"math"
	"sync/atomic"
)

// Limits bound what one text may unpack to. A zero field stands for its default.
type Limits struct {
	Depth   int   // archives within archives; 8
	Bytes   int64 // unpacked in all, those of archives within counted again; 4 GB
	Entries int   // files in all; 500,000
	Ratio   int64 // unpacked bytes for a packed one, where it is more than Grace; 250
	Grace   int64 // unpacked bytes that nobody asks the ratio of; 64 MB
	Memory  int64 // a zip up to so large is held in memory where it comes as a stream; 32 MB
}

// Sources and logs shrink to a tenth, a repeated log line to a hundredth; deflate
// ends at 1,032 to 1, which only padding and bombs come near.
var defaults = Limits{Depth: 8, Bytes: 4e9, Entries: 500_000, Ratio: 250, Grace: 64e6, Memory: 32 << 20}

// Budget is what is left of the limits for one text and all that is packed in it.
// It belongs to one goroutine.
type Budget struct {
	limits  Limits
	depth   int
	bytes   int64
	entries int
}

// Boundless is for an archive that may be as large as it likes, but for the ratio:
// an image's layer, which somebody asked to be scanned and which is one stream.
var Boundless = Limits{Depth: 1, Bytes: math.MaxInt64, Entries: math.MaxInt, Ratio: 1100}

// NewBudget makes one of limits.
func NewBudget(l Limits) *Budget {
	l.Depth = or(l.Depth, defaults.Depth)
	l.Bytes = or(l.Bytes, defaults.Bytes)
	l.Entries = or(l.Entries, defaults.Entries)
	l.Ratio = or(l.Ratio, defaults.Ratio)
	l.Grace = or(l.Grace, defaults.Grace)
	l.Memory = or(l.Memory, defaults.Memory)
	return &Budget{limits: l}
}

func or[N int | int64](n, otherwise N) N {
	if n == 0 {
		return otherwise
	}
	return n
}

// LimitError is why unpacking ended before the archive did.
type LimitError struct{ What string }

func (e *LimitError) Error() string { return e.What }

// packed counts the bytes that go into a decompressor, which may run ahead.
type packed struct {
	io.Reader
	n atomic.Int64
}

func (p *packed) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.n.Add(int64(n))
	return n, err
}

// unpacked counts what comes out of a decompressor, and fails where it is too much.
type unpacked struct {
	io.Reader
	budget *Budget
	in     *packed
	from   int64 // what in had counted before, for a part of a stream
	n      int64
}

func (b *Budget) unpacked(r io.Reader, in *packed) *unpacked {
	return &unpacked{Reader: r, budget: b, in: in}
}

func (u *unpacked) Read(p []byte) (int, error) {
	l := &u.budget.limits
	if u.budget.bytes >= l.Bytes {
		return 0, &LimitError{fmt.Sprintf("more than %d bytes unpacked", l.Bytes)}
	}
	if in := u.in.n.Load() - u.from; u.n > l.Grace && u.n > l.Ratio*in {
		return 0, &LimitError{fmt.Sprintf("%d bytes unpacked from %d: more than %d for one", u.n, in, l.Ratio)}
	}
	n, err := u.Reader.Read(p)
	u.n += int64(n)
	u.budget.bytes += int64(n)
	return n, err
}
