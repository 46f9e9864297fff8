package pack_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// BenchmarkPatch applies a delta as mirrors have them: 30 KB, 80 copies, 40 inserts.
func BenchmarkPatch(b *testing.B) {
	rng := rand.New(rand.NewPCG(15, 16))
	base := bytes.Repeat([]byte("what most of a text is, most of the time\n"), 750)
	var ops []byte
	size := 0
	for i := range 80 {
		n := 1 + rng.IntN(700)
		ops = append(ops, copied(i*len(base)/80/2, n)...)
		size += n
		if i%2 == 0 {
			ops = append(append(ops, 12), "some new one"...)
			size += 12
		}
	}
	delta := append(sizes(len(base), size), ops...)
	var dst []byte
	var copies []pack.Copied
	b.SetBytes(int64(size))
	for b.Loop() {
		var err error
		if dst, copies, err = pack.PatchCopies(dst, base, delta, 1<<20, copies[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkForest plants and walks a tree of 20,000 small texts, where what it costs
// to get to an object counts most.
func BenchmarkForest(b *testing.B) {
	rng := rand.New(rand.NewPCG(17, 18))
	f, _ := repo{b, b.TempDir(), object.SHA1}.tree(20000, func(i int) int { return i - 1 - rng.IntN(min(i, 50)) })
	b.Run("plant", func(b *testing.B) {
		for b.Loop() {
			if _, err := pack.Plant([]*pack.File{f}, nil, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
	forest, err := pack.Plant([]*pack.File{f}, nil, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("walk", func(b *testing.B) {
		for b.Loop() {
			if err := pack.Walk(b.Context(), forest, pack.WalkOptions{Jobs: 1, Kind: object.Blob}, idle{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("find", func(b *testing.B) {
		ids := make([]object.ID, forest.Len())
		for n := range ids {
			ids[n] = forest.ID(int32(n))
		}
		for i := 0; b.Loop(); i++ {
			forest.Find(ids[i%len(ids)])
		}
	})
}

// idle is a visitor that does nothing.
type idle struct{}

func (idle) Visit(int, *pack.Text, struct{}) (s struct{}) { return s }
func (idle) Large(int, int32, int64)                      {}
func (idle) Lost(int, int32, error)                       {}
