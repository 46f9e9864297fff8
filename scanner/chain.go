package scanner

import (
	"context"
	"iter"
)

// Chain is a Source of several: what the first has, then the next. Each is
// scanned in its own way, a Narrowing one by narrowing. An error that ends one of
// them ends the chain.
func Chain(sources ...Source) Source { return chain(sources) }

type chain []Source

func (c chain) Blobs(ctx context.Context) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		for _, s := range c {
			for b, err := range s.Blobs(ctx) {
				if !yield(b, err) {
					return
				}
			}
		}
	}
}
