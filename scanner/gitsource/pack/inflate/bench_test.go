package inflate

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// BenchmarkZlib decompresses what a pack holds: mostly small deltas, some files.
// Its rival is compress/zlib, reset and not made anew.
func BenchmarkZlib(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{40, 600, 8000, 100_000} {
		var text []byte
		for len(text) < size {
			text = fmt.Appendf(text, "func (%c *thing) name%d() int { return %d }\n", 'a'+rune(rng.IntN(26)), rng.IntN(300), rng.IntN(1<<20))
		}
		text = text[:size]
		src := deflated(zlib.DefaultCompression, text)
		b.Run(fmt.Sprintf("own/%d", size), func(b *testing.B) {
			var z Inflater
			dst := make([]byte, size+Slack)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := z.Zlib(dst, size, src); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("std/%d", size), func(b *testing.B) {
			r, err := zlib.NewReader(bytes.NewReader(src))
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				if err := r.(zlib.Resetter).Reset(bytes.NewReader(src), nil); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(r, dst); err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
