package inflate

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// writer writes bits, the lowest first.
type writer struct {
	out  []byte
	free int // bits of the last byte
}

func (w *writer) bits(v uint64, n int) {
	for ; n > 0; n-- {
		if w.free == 0 {
			w.out, w.free = append(w.out, 0), 8
		}
		w.out[len(w.out)-1] |= byte(v&1) << (8 - w.free)
		v >>= 1
		w.free--
	}
}

// head begins a dynamic block with those code lengths, each written as it is: in a
// complete code of 16 lengths of 4 bits.
func (w *writer) head(nlit, noff int, lens []uint8) {
	w.bits(1|2<<1, 3)
	w.bits(uint64(nlit-257), 5)
	w.bits(uint64(noff-1), 5)
	w.bits(15, 4)
	for _, k := range preOrder {
		n := uint64(4)
		if k > 15 {
			n = 0
		}
		w.bits(n, 3)
	}
	for _, l := range lens {
		for i := 3; i >= 0; i-- { // codes come highest bit first
			w.bits(uint64(l>>i), 1)
		}
	}
}

// hostile are deflate streams of dynamic blocks whose codes are as odd as can be,
// with noise behind the head.
func hostile() [][]byte {
	rng := rand.New(rand.NewPCG(7, 8))
	var all [][]byte
	for i := range 3000 {
		nlit, noff := 257+rng.IntN(30), 1+rng.IntN(30)
		var w writer
		w.head(nlit, noff, append(lengths(rng, nlit, i), lengths(rng, noff, i/2)...))
		for range rng.IntN(200) {
			w.bits(uint64(rng.Uint32()), 8)
		}
		all = append(all, w.out)
	}
	return all
}

// lengths are n code lengths: of a complete code, mostly deep, of a nearly complete
// one, or of anything.
func lengths(rng *rand.Rand, n, how int) []uint8 {
	lens := make([]uint8, n)
	if how%7 == 6 {
		for i := range lens {
			lens[i] = uint8(rng.IntN(16))
		}
		return lens
	}
	// Leaves of a tree that is split at random, the deepest one rather often.
	leaves := []uint8{0}
	for want := 1 + rng.IntN(n); len(leaves) < want; {
		k := rng.IntN(len(leaves))
		if rng.IntN(2) == 0 {
			k = len(leaves) - 1
		}
		if leaves[k] == maxBits {
			if k = rng.IntN(len(leaves)); leaves[k] == maxBits {
				continue
			}
		}
		leaves[k]++
		leaves = append(leaves, leaves[k])
	}
	if len(leaves) == 1 {
		leaves[0] = 1
	}
	for i, k := range rng.Perm(n)[:len(leaves)] {
		lens[k] = leaves[i]
	}
	if n > 256 && lens[256] == 0 { // an end of block, for some other symbol's
		for i := range lens {
			if lens[i] != 0 {
				lens[i], lens[256] = 0, lens[i]
				break
			}
		}
	}
	if how%7 == 5 { // one code too many, too few, or too short
		lens[rng.IntN(n)] = uint8(rng.IntN(16))
	}
	return lens
}

// Streams with hostile tables: the same verdicts and bytes as compress/flate's.
func TestHostileTables(t *testing.T) {
	var z Inflater
	valid, subtables := 0, 0
	for _, s := range hostile() {
		for _, n := range sizes(s, 50) {
			if compare(t, &z, s, n) {
				valid++
			}
			if z.code.longest > litBits {
				subtables++
			}
		}
	}
	if valid < 100 || subtables < 1000 {
		t.Errorf("%d valid streams, %d with subtables: they test too little", valid, subtables)
	}
}

// zlibStream puts a header before deflated bytes, and the checksum of nothing
// behind them.
func zlibStream(deflated ...byte) []byte {
	return binary.BigEndian.AppendUint32(append([]byte{0x78, 0x9c}, deflated...), 1)
}

// TestVerdicts pins what zlib says, in words where the standard library has none.
func TestVerdicts(t *testing.T) {
	lone := func(bit uint64) []byte { // 'a' and the end have a bit each; the only distance's code is 0
		var w writer
		lens := make([]uint8, 259)
		lens['a'], lens[256], lens[257], lens[258] = 2, 1, 2, 1
		w.head(258, 1, lens)
		w.bits(0b01, 2)
		w.bits(0b11, 2) // length 3
		w.bits(bit, 1)
		w.bits(0, 1)
		return binary.BigEndian.AppendUint32(append([]byte{0x78, 0x9c}, w.out...), 0x03ce0185)
	}
	for _, c := range []struct {
		name string
		src  []byte
		n    int
		used int // 0: refused
	}{
		{"empty", zlibStream(3, 0), 0, 8},
		{"bytes behind it are the caller's", append(zlibStream(3, 0), 9, 9), 0, 8},
		{"a smaller window", append([]byte{0x18, 0x19}, zlibStream(3, 0)[2:]...), 0, 8},
		{"shorter than declared", zlibStream(3, 0), 1, 0},
		{"longer than declared", zlibStream(0x4b, 4, 0), 0, 0},
		{"checksum cut", zlibStream(3, 0)[:7], 0, 0},
		{"wrong checksum", append(zlibStream(3, 0)[:7], 2), 0, 0},
		{"a window of 64 kB", append([]byte{0x88, 0x1c}, zlibStream(3, 0)[2:]...), 0, 0},
		{"another method", append([]byte{0x77, 0x9f}, zlibStream(3, 0)[2:]...), 0, 0},
		{"FCHECK", append([]byte{0x78, 0x9d}, zlibStream(3, 0)[2:]...), 0, 0},
		{"a preset dictionary", []byte{0x78, 0xbb, 0, 0, 0, 1, 3, 0, 0, 0, 0, 1}, 0, 0},
		{"block type 3", zlibStream(7, 0), 0, 0},
		{"stored", zlibStream(1, 0, 0, 0xff, 0xff), 0, 11},
		{"stored, NLEN", zlibStream(1, 0, 0, 0, 0), 0, 0},
		{"distance before the beginning", zlibStream(3, 2, 0), 3, 0},
		{"a lone distance code", lone(0), 4, len(lone(0))},
		{"the other half of a lone distance code", lone(1), 4, 0},
		{"nothing", nil, 0, 0},
	} {
		var z Inflater
		used, err := z.Zlib(make([]byte, c.n+Slack), c.n, c.src)
		if (err == nil) != (c.used > 0) || used != c.used {
			t.Errorf("%s: %d, %v; want %d", c.name, used, err, c.used)
		}
	}
	var z Inflater
	if _, err := z.Zlib(make([]byte, Slack-1), 0, zlibStream(3, 0)); err == nil {
		t.Error("an output without room for the slack is taken")
	}
	if _, err := z.Zlib(make([]byte, Slack), -1, zlibStream(3, 0)); err == nil {
		t.Error("a negative size is taken")
	}
}
