package scanner

import (
	"context"
	"io"
	"iter"
	"log/slog"

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
	Notes  []string // what every finding in it is to tell
	// Open is called at most once, by any goroutine. An error that is a
	// *leak.Gap is reported as it is, another one as an unreadable Gap.
	Open func(context.Context) (io.ReadCloser, error)

	// Member is for an archive that people do not take for one, such as an image's
	// layer: it is opened whatever the options and the limits are, and its files
	// stand where Member says, with these notes, or are not looked at. It is called
	// in the archive's order, by the goroutine that called Open.
	Member func(name string) (place leak.Place, notes []string, look bool)
	// Memo spares opening a text that was scanned before; nil: there is nothing known.
	Memo Memo
	// Part is for a text that is put together of several places, such as the fields
	// of an object: it tells which one offset is in.
	Part func(offset int64) Part
	// Stated is what the source knows to be there without a text, as that a secret of
	// that name is held.
	Stated []Statement
}

// Statement is a finding without a value. Where the rules that are run have none of
// that id, it is not told; severity and proof are the rule's.
type Statement struct {
	Rule  string
	Key   string // the name it stands under
	Place leak.Place
	Notes []string
}

// Part is one of the places that a text is put together of.
type Part struct {
	Place        leak.Place
	Begin        int64    // where in the text its own text begins
	Line, Column int      // where that stands in the place's file; 0 where that is not known
	Notes        []string // what a finding that begins in it is to tell
}

// Source yields what is to be scanned, in an order that depends on nothing but
// its input. An error beside an empty Blob is either a *leak.Gap, after which
// it goes on, or ends it: that pair is the last.
type Source interface {
	Blobs(ctx context.Context) iter.Seq2[Blob, error]
}

// Narrowing is a Source that can find out by itself, cheaper than by yielding
// every text, where the scanner has to look: a pack of deltas probes inserted
// bytes only. Its Blobs stays the measure of what it has to tell.
type Narrowing interface {
	Source
	// Narrow tells n of every text that Blobs would yield and returns when all is
	// told. An error ends the scan, after what was told so far; where ctx ends
	// first it stops soon and returns ctx's.
	Narrow(ctx context.Context, n Narrower) error
}

// Narrower is what a scan hands to a Narrowing source. Its methods may be called
// from any goroutine, and those that take a worker's number, from 0 up to Jobs,
// by one goroutine at a time for each. They do nothing any more once the scan was
// stopped.
//
// A rank is a text's place in the order of Blobs; no two texts or gaps share one.
// Calls may come in any order. What they tell is held, and delivered by rank when
// Narrow has returned.
type Narrower interface {
	Set() *rules.Set
	Probe() *Probe // a new one, of the scan's rules and options
	Jobs() int
	Log() *slog.Logger // where to say what takes how long; it may be silent

	// Seen counts texts that a Probe found nothing in.
	Seen(blobs, bytes int64)
	// Look scans b, whose content is text: what begins in regions, which are in
	// order and disjoint, with all of the text around them. nil is all of it; where
	// they are empty but not nil, b's name alone is looked at. Neither text nor
	// regions are kept, and b is not opened.
	Look(ctx context.Context, worker int, rank int64, b Blob, text []byte, regions []leak.Span)
	// Read opens b and scans it whole, as it would if Blobs had yielded it.
	Read(ctx context.Context, worker int, rank int64, b Blob)
	// Gap tells what Blobs would have yielded a Gap for.
	Gap(rank int64, g *leak.Gap)
}
