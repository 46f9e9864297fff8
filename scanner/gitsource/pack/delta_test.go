package pack_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// sizes is the head of a delta.
func sizes(base, target int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(base)), uint64(target))
}

// copied is a copy instruction, with the bytes that are 0 left out.
func copied(from, n int) []byte {
	op := []byte{0x80}
	for i := range 7 {
		v := byte(from >> (8 * i))
		if i >= 4 {
			v = byte(n >> (8 * (i - 4)))
		}
		if v != 0 {
			op[0] |= 1 << i
			op = append(op, v)
		}
	}
	return op
}

// randomDelta makes a delta of base with what can go wrong at a seam: copies of all
// lengths, neighbours, inserts of 1 to 127 bytes.
func randomDelta(rng *rand.Rand, base []byte, instructions int) (delta, text []byte) {
	at := 0
	for range instructions {
		if rng.IntN(3) == 0 || len(base) == 0 {
			n := 1 + rng.IntN(127)
			delta = append(delta, byte(n))
			for range n {
				delta, text = append(delta, byte(rng.Uint32())), append(text, 0)
				text[len(text)-1] = delta[len(delta)-1]
			}
			continue
		}
		if rng.IntN(3) > 0 || at == len(base) {
			at = rng.IntN(len(base))
		}
		n := 1 + rng.IntN(min(len(base)-at, 1<<(1+rng.IntN(20))))
		if n == 1<<16 {
			n--
		}
		delta = append(delta, copied(at, n)...)
		text = append(text, base[at:at+n]...)
		at += n
	}
	return append(sizes(len(base), len(text)), delta...), text
}

func TestPatch(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var dst []byte
	for i := range 2000 {
		base := make([]byte, rng.IntN(1<<rng.IntN(19)))
		for i := range base {
			base[i] = byte(rng.Uint32())
		}
		delta, text := randomDelta(rng, base, rng.IntN(40))
		got, copies, err := pack.PatchCopies(dst, base, delta, 1<<40, nil)
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("delta %d: %v, %d bytes, want %d", i, err, len(got), len(text))
		}
		checkCopies(t, base, got, copies)
		if other, err := packfile.PatchDelta(base, delta); len(base) > 0 && (err != nil || !bytes.Equal(other, text)) {
			t.Fatalf("the test's deltas are none for go-git: %v", err)
		}
		dst = got
	}
}

// checkCopies holds copies to what they promise: true, ascending, and apart from
// each other in one of the texts.
func checkCopies(t testing.TB, base, text []byte, copies []pack.Copied) {
	t.Helper()
	var last pack.Copied
	for i, c := range copies {
		if c.Len <= 0 || c.At < last.At+last.Len || !bytes.Equal(text[c.At:c.At+c.Len], base[c.From:c.From+c.Len]) {
			t.Fatalf("copy %d is not true: %+v", i, c)
		}
		if i > 0 && c.At == last.At+last.Len && c.From == last.From+last.Len {
			t.Fatalf("copies %+v and %+v are one", last, c)
		}
		last = c
	}
}

func TestCopiesAreMerged(t *testing.T) {
	base := bytes.Repeat([]byte("0123456789abcdef"), 20000)
	delta := sizes(len(base), 0x10000+0x10000+7+3+5)
	delta = append(delta, 0x80)                                        // 64 KB from 0
	delta = append(delta, copied(0x10000, 0x10000)...)                 // goes on
	delta = append(append(delta, copied(0x20000, 7)...), "\x03+++"...) // goes on; new
	delta = append(delta, copied(0x20007, 5)...)                       // goes on in the base alone
	_, copies, err := pack.PatchCopies(nil, base, delta, 1<<20, nil)
	want := []pack.Copied{{At: 0, From: 0, Len: 0x20007}, {At: 0x2000a, From: 0x20007, Len: 5}}
	if err != nil || len(copies) != 2 || copies[0] != want[0] || copies[1] != want[1] {
		t.Errorf("%v, %+v, want %+v", err, copies, want)
	}
}

func TestDeltasRefused(t *testing.T) {
	base := []byte("0123456789")
	for name, c := range map[string]struct {
		delta []byte
		want  error
	}{
		"empty":                  {nil, pack.ErrDamaged},
		"no target":              {[]byte{10}, pack.ErrDamaged},
		"endless size":           {bytes.Repeat([]byte{0xff}, 30), pack.ErrDamaged},
		"other base":             {append(sizes(11, 1), copied(0, 1)...), pack.ErrDamaged},
		"reserved instruction":   {append(sizes(10, 0), 0), pack.ErrDamaged},
		"too short":              {append(sizes(10, 3), copied(0, 2)...), pack.ErrDamaged},
		"too long":               {append(sizes(10, 1), copied(0, 2)...), pack.ErrDamaged},
		"insert too long":        {append(sizes(10, 1), 2, 'a', 'b'), pack.ErrDamaged},
		"insert cut":             {append(sizes(10, 2), 2, 'a'), pack.ErrDamaged},
		"behind the base":        {append(sizes(10, 2), copied(9, 2)...), pack.ErrDamaged},
		"far behind the base":    {append(sizes(10, 2), copied(1<<32-1, 2)...), pack.ErrDamaged},
		"copy cut":               {append(sizes(10, 2), 0xff, 1), pack.ErrDamaged},
		"copy cut before size":   {append(sizes(10, 1), 0x90), pack.ErrDamaged},
		"larger than allowed":    {sizes(10, 101), pack.ErrTooLarge},
		"larger than any memory": {sizes(10, 1<<62), pack.ErrTooLarge},
	} {
		if text, err := pack.Patch(nil, base, c.delta, 100); !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v, want %v", name, text, err, c.want)
		}
	}
}

// FuzzPatch compares with go-git and with a reading of the format a byte at a time.
func FuzzPatch(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 6))
	seeds := 0
	for range 50 {
		base := bytes.Repeat([]byte("some text that is copied\n"), rng.IntN(20))
		delta, _ := randomDelta(rng, base, 1+rng.IntN(8))
		f.Add(base, delta)
		f.Add(base, delta[:rng.IntN(len(delta))])
		seeds += 2
	}
	if seeds != 100 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		const limit = 1 << 20
		want, ok := plainly(base, delta, limit)
		// With slack and without: neither is to change what comes out.
		for _, b := range [][]byte{bytes.Clone(base)[:len(base):len(base)], append(bytes.Clone(base), make([]byte, 64)...)[:len(base)]} {
			text, copies, err := pack.PatchCopies(nil, b, delta, limit, nil)
			if (err == nil) != ok || ok && !bytes.Equal(text, want) {
				t.Fatalf("%v, want %v: %q, want %q", err, ok, text, want)
			}
			if err != nil {
				continue
			}
			checkCopies(t, base, text, copies)
			if again, err := pack.Patch(text, base, delta, limit); err != nil || !bytes.Equal(again, want) {
				t.Fatalf("without copies: %v", err)
			}
		}
		if other, err := packfile.PatchDelta(base, delta); ok && err == nil && !bytes.Equal(other, want) {
			t.Fatalf("go-git makes %q of it, we %q", other, want)
		}
	})
}

// plainly applies a delta as gitformat-pack(5) words it.
func plainly(base, delta []byte, limit uint64) (text []byte, ok bool) {
	from, n := binary.Uvarint(delta)
	if n <= 0 || from != uint64(len(base)) {
		return nil, false
	}
	delta = delta[n:]
	size, n := binary.Uvarint(delta)
	if n <= 0 || size > limit {
		return nil, false
	}
	delta = delta[n:]
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		if op < 0x80 {
			if op == 0 || len(delta) < int(op) {
				return nil, false
			}
			text, delta = append(text, delta[:op]...), delta[op:]
			continue
		}
		var operand [7]uint64
		for i := range operand {
			if op>>i&1 == 0 {
				continue
			}
			if len(delta) == 0 {
				return nil, false
			}
			operand[i], delta = uint64(delta[0]), delta[1:]
		}
		at := operand[0] | operand[1]<<8 | operand[2]<<16 | operand[3]<<24
		n := operand[4] | operand[5]<<8 | operand[6]<<16
		if n == 0 {
			n = 0x10000
		}
		if at+n > uint64(len(base)) || uint64(len(text))+n > size {
			return nil, false
		}
		text = append(text, base[at:at+n]...)
	}
	return text, uint64(len(text)) == size
}
