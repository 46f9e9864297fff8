package inflate

import (
	"hash/adler32"
	"math/rand/v2"
	"testing"
)

func TestAdler(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, 1<<25)
	for _, fill := range []func() byte{
		func() byte { return 0 },
		func() byte { return 255 },
		func() byte { return byte(rng.Uint32()) },
	} {
		for i := range p {
			p[i] = fill()
		}
		for n := 0; n < len(p); n += 1 + n/3 {
			if got, want := adler(p[:n]), adler32.Checksum(p[:n]); got != want {
				t.Fatalf("%d bytes: %x, want %x", n, got, want)
			}
		}
		if got, want := adler(p), adler32.Checksum(p); got != want {
			t.Fatalf("%d bytes: %x, want %x", len(p), got, want)
		}
	}
}
