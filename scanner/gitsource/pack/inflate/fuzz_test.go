package inflate

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"
	"math/rand/v2"
	"testing"
)

// FuzzZlib takes anything as a stream, and says what the standard library says.
func FuzzZlib(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, s := range seeds() {
		f.Add(s, uint16(100))
		f.Add(s[2:], uint16(100)) // a deflate stream
		f.Add(s[:rng.IntN(len(s))], uint16(100))
		for range 2 {
			m := bytes.Clone(s)
			m[rng.IntN(min(len(m), 90))] ^= 1 << rng.IntN(8)
			f.Add(m, uint16(100))
		}
	}
	for _, s := range hostile() {
		f.Add(s, uint16(300))
	}
	var z Inflater
	f.Fuzz(func(t *testing.T, src []byte, n uint16) {
		if len(src) > 1<<16 {
			return
		}
		for _, n := range sizes(src, int(n)) {
			compare(t, &z, src, n)
		}
	})
}

// TestMutants is the fuzz test for every day: flips that favour the first block's
// head, and cuts, with the checksum put right, so that it stops nothing.
func TestMutants(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var z Inflater
	valid, broken := 0, 0
	for _, s := range seeds() {
		for range 40 {
			m := mutant(rng, s)
			for _, n := range sizes(m[2:], rng.IntN(2000)) {
				compare(t, &z, m, n)
				if compare(t, &z, m[2:], n) {
					valid++
				} else {
					broken++
				}
			}
		}
	}
	if valid < 500 || broken < 3000 {
		t.Errorf("%d of the mutants are still streams, %d are not: they test too little", valid, broken)
	}
}

// mutant is s with up to three bits flipped, and perhaps cut.
func mutant(rng *rand.Rand, s []byte) []byte {
	m := bytes.Clone(s)
	for range 1 + rng.IntN(3) {
		where := len(m)
		if rng.IntN(2) == 0 {
			where = min(where, 80)
		}
		m[rng.IntN(where)] ^= 1 << rng.IntN(8)
	}
	if rng.IntN(4) == 0 {
		m = m[:2+rng.IntN(len(m)-1)]
	}
	n := len(byFlate(m[2:], 1<<17).out)
	if bare := byFlate(m[2:], n); bare.ok && bare.end+6 <= len(m) {
		binary.BigEndian.PutUint32(m[2+bare.end:], adler32.Checksum(bare.out))
	}
	return m
}

// Cut anywhere, a stream is no stream; and what follows it is not looked at.
func TestEveryCut(t *testing.T) {
	var z Inflater
	cuts := 0
	for _, s := range seeds() {
		n := sizes(s[2:], 0)[1]
		if len(s) > 1200 || n >= 1<<15 {
			continue
		}
		dst := make([]byte, n+Slack)
		for k := range s {
			cuts++
			if _, err := z.Zlib(dst, n, s[:k]); err == nil {
				t.Fatalf("a stream of %d bytes cut to %d is taken", len(s), k)
			}
		}
		for extra := range 40 {
			if used, err := z.Zlib(dst, n, append(bytes.Clone(s), make([]byte, extra)...)); err != nil || used != len(s) {
				t.Fatalf("with %d bytes behind it, a stream of %d ends at %d: %v", extra, len(s), used, err)
			}
		}
	}
	if cuts < 5000 {
		t.Errorf("%d cuts tried", cuts)
	}
}
