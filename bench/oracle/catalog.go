package main

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// catalog is a source without its gift to narrow, and remembers what it yielded
// of each object: where it stands and under which paths.
type catalog struct {
	source scanner.Source
	blobs  map[string]scanner.Blob // by the object's id
	lost   map[string]bool         // objects that gaps name
}

func newCatalog(source scanner.Source) *catalog {
	return &catalog{source, map[string]scanner.Blob{}, map[string]bool{}}
}

func (c *catalog) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for b, err := range c.source.Blobs(ctx) {
			if b.Sum != "" && object(b.Place) {
				about := b
				about.Open = nil // would keep what it reads from
				c.blobs[b.Sum] = about
			}
			c.lose(err)
			if !yield(b, err) {
				return
			}
		}
	}
}

// object tells whether a place is one that git stores as an object.
func object(p leak.Place) bool {
	switch p.(type) {
	case leak.GitBlob, leak.GitMessage:
		return true
	}
	return false
}

// lose notes the object that a gap is about.
func (c *catalog) lose(err error) {
	gap, ok := err.(*leak.Gap)
	if !ok {
		return
	}
	switch p := gap.Place.(type) {
	case leak.GitBlob:
		c.lost[p.Blob] = true
	case leak.GitMessage:
		c.lost[p.Object] = true
	}
}

// compare tells whether the reader and git know the same objects.
func (c *catalog) compare(out io.Writer, g *catFile) (same bool) {
	unread := 0
	for sum := range c.blobs {
		if !g.seen[sum] {
			unread++
		}
	}
	fmt.Fprintf(out, "objects: %d that git lists, %d of them not yielded by the reader (%d have a gap), %d that only the reader has\n",
		len(g.seen), g.unknown+g.lost, g.lost, unread)
	return unread == 0 && g.unknown == 0
}
