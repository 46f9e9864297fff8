package scanner

import (
	"context"
	"slices"
	"time"
)

// Memo remembers what a scan told of one text, for a later scan by the same rules and
// options. Its methods are called by the goroutine that scans the text.
type Memo interface {
	// Recall is what was told of the text, if that is known. The text is not opened then.
	Recall(ctx context.Context) (Told, bool)
	// Keep is handed what was told, once the text was opened and scanned. The events are
	// lent: whoever keeps them makes copies.
	Keep(Told)
}

// Told is what a text gave: everything but what a sink adds.
type Told struct {
	Events  []Event // in order, none of them Progress
	Bytes   int64
	Dropped map[string]int64
	Until   time.Time // when a token among them expires, which changes what is told; zero: none will
}

// remembered scans a text that has a Memo.
func (w *worker) remembered(ctx context.Context, b *Blob, out *result) {
	if told, ok := b.Memo.Recall(ctx); ok {
		out.add(&result{blobs: 1, bytes: told.Bytes, dropped: told.Dropped, last: b.Place})
		out.events = append(out.events, told.Events...)
		w.live.read(int(told.Bytes)) // as if it had been: it is taken off with the rest
		return
	}
	var own result
	w.each(b, &own, func() { w.open(ctx) })
	if ctx.Err() == nil {
		b.Memo.Keep(Told{slices.Clip(own.events), own.bytes, own.dropped, own.until})
	}
	out.add(&own)
	out.events = append(out.events, own.events...)
}

// outlives notes that what is told changes at a time, the first of which counts.
func (r *result) outlives(now, expires time.Time) {
	if expires.After(now) && (r.until.IsZero() || expires.Before(r.until)) {
		r.until = expires
	}
}
