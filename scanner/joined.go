package scanner

import (
	"bytes"
	"context"
	"io"
	"sort"

	"github.com/oakum-sec/oakum/leak"
)

// Joined is a text that is put together of several places, a line each: what
// belongs together, as a key's id and its secret, is then seen side by side. Its zero
// value is empty.
type Joined struct {
	text   bytes.Buffer
	starts []int64
	parts  []Part
}

// Add appends what stands at p: value, behind a name and what joins the two. Where
// it begins is for Add to find.
func (j *Joined) Add(p Part, before, value string) {
	start := int64(j.text.Len())
	p.Begin = start + int64(len(before))
	j.starts, j.parts = append(j.starts, start), append(j.parts, p)
	j.text.WriteString(before)
	j.text.WriteString(value)
	j.text.WriteByte('\n')
}

// Empty tells whether nothing was added.
func (j *Joined) Empty() bool { return len(j.parts) == 0 }

// Blob is the text as it is now, whose whole is at place.
func (j *Joined) Blob(place leak.Place) Blob {
	return Blob{
		Place: place,
		Size:  int64(j.text.Len()),
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(j.text.Bytes())), nil
		},
		Part: func(offset int64) Part {
			i := sort.Search(len(j.starts), func(i int) bool { return j.starts[i] > offset }) - 1
			return j.parts[max(0, i)]
		},
	}
}
