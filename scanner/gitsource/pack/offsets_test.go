package pack

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// offsets is an index of nothing but offsets.
type offsets []int64

func (o offsets) len() int                          { return len(o) }
func (o offsets) id(pos int) (id object.ID)         { id[0], id[1] = byte(pos>>8), byte(pos); return id }
func (o offsets) find(object.ID) (pos int, ok bool) { return 0, false }
func (o offsets) offset(pos int) int64              { return o[pos] }
func (o offsets) close() error                      { return nil }

// Numbers go by offset, and each is found by its own, of packs of any size.
func TestOffsetsOfAnySize(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, limit := range []int64{1 << 20, 1 << 32, 1 << 33, 1 << 44, 1<<63 - 1} {
		var a, b offsets
		for range 3000 {
			a, b = append(a, packHead+rng.Int64N(limit-packHead)), append(b, packHead+rng.Int64N(limit-packHead))
		}
		a[7], a[8], b[2999] = -1, -1, -1
		f := &Forest{}
		if err := f.number([]*File{{table: a, end: math.MaxInt64}, {table: offsets{}}, {table: b, end: math.MaxInt64}}); err != nil || len(f.packs) != 2 {
			t.Fatal(err, len(f.packs))
		}
		for i, want := range []offsets{a, b} {
			p := &f.packs[i]
			f.sortPack(p)
			checkOffsets(t, f, p, slices.Clone(want))
		}
	}
}

func checkOffsets(t *testing.T, f *Forest, p *plot, want offsets) {
	t.Helper()
	slices.Sort(want)
	behind := 0
	for want[behind] < 0 {
		behind++
	}
	want = append(want[behind:], want[:behind]...)
	for i, off := range want {
		n := p.first + int32(i)
		if got := f.offset(p, n); got != off {
			t.Fatalf("object %d begins at %d, want %d", n, got, off)
		}
		if p.file.Offset(int(f.pos[n])) != off {
			t.Fatalf("object %d is another one than its offset's", n)
		}
		if off < 0 {
			continue
		}
		if m, ok := f.at(p, off); !ok || f.offset(p, m) != off {
			t.Fatalf("what begins at %d is %d", off, m)
		}
		if m, ok := f.at(p, off+1); ok != slices.Contains(want, off+1) {
			t.Fatalf("what begins at %d is %d", off+1, m)
		}
	}
}
