package scanner

import (
	"context"
	"io"
	"iter"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// Blob is a text to scan and what is known of where it stands.
type Blob struct {
	Place  leak.Place
	Paths  []string // every path under which the content is known, the Place's first; nil: the Place's alone
	Sum    string   // the content's identity, as a git object id; "" where it is not known
	Size   int64    // in bytes, -1 where it is not known
	Reach  leak.Reach
	Origin *leak.Origin
	// Open is called at most once, by any goroutine. An error that is a
	// *leak.Gap is reported as it is, another one as an unreadable Gap.
	Open func(context.Context) (io.ReadCloser, error)
}

// Source yields what is to be scanned, in an order that depends on nothing but
// its input. An error beside an empty Blob is either a *leak.Gap, after which
// it goes on, or ends it: that pair is the last.
type Source interface {
	Blobs(ctx context.Context) iter.Seq2[Blob, error]
}

// Narrowing is a Source that can tell by itself, cheaper than by yielding every
// text, in which of them the rules match at all: a pack of deltas looks at
// inserted bytes only. It yields those, in the order in which Blobs would, and
// calls seen for what it passed over; the scanner reads the yielded ones whole.
type Narrowing interface {
	Source
	Candidates(ctx context.Context, set *rules.Set, seen func(blobs, bytes int64)) iter.Seq2[Blob, error]
}
