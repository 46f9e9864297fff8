package inflate

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// inflated is what a reader of the standard library makes of src as a stream of n
// bytes: its bytes, where it ends, and whether it is one.
type inflated struct {
	out []byte
	end int
	ok  bool
}

// byZlib is the verdict of compress/zlib.
func byZlib(src []byte, n int) inflated {
	r := bytes.NewReader(src)
	z, err := zlib.NewReader(r)
	if err != nil {
		return inflated{}
	}
	return readAll(r, z, len(src), n)
}

// byFlate is that of compress/flate, which no checksum stops.
func byFlate(src []byte, n int) inflated {
	r := bytes.NewReader(src)
	return readAll(r, flate.NewReader(r), len(src), n)
}

func readAll(r *bytes.Reader, z io.Reader, size, n int) inflated {
	out, err := io.ReadAll(io.LimitReader(z, int64(n)+1))
	if err == nil && len(out) == n { // a reader tells of the end, and of a wrong checksum, once more
		if _, err = z.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return inflated{out, size - r.Len(), err == nil && len(out) == n}
}

// presetDictionary tells whether src asks for one. compress/zlib gives an empty
// one to who has its checksum; zlib, as git calls it, refuses.
func presetDictionary(src []byte) bool { return len(src) > 1 && src[1]&0x20 != 0 }

const sentinel = 0xa5

// compare decompresses src, as a zlib and as a deflate stream, of n bytes, and
// compares it with the standard library; it returns whether it is a deflate stream.
func compare(t *testing.T, z *Inflater, src []byte, n int) bool {
	t.Helper()
	whole := bytes.Repeat([]byte{sentinel}, n+Slack+64)
	dst := whole[:n+Slack]
	check := func(name string, want inflated, end int, err error) {
		t.Helper()
		switch {
		case (err == nil) != want.ok:
			t.Fatalf("%s of %d bytes: %v, and the standard library took it: %v", name, n, err, want.ok)
		case err == nil && (end != want.end || !bytes.Equal(dst[:n], want.out)):
			t.Fatalf("%s of %d bytes: other bytes, or its end is %d and not %d", name, n, end, want.end)
		case err != nil && !errors.Is(err, ErrData):
			t.Fatalf("%s: %v is no ErrData", name, err)
		case bytes.Count(whole[n+Slack:], []byte{sentinel}) != len(whole)-n-Slack:
			t.Fatalf("%s of %d bytes: wrote behind the slack", name, n)
		}
	}
	bare := byFlate(src, n)
	end, err := z.deflated(dst, src, 0)
	check("deflate", bare, end, err)
	if z.in != nil || z.src != nil || z.out != nil {
		t.Fatal("a buffer is kept")
	}
	want := byZlib(src, n)
	if presetDictionary(src) {
		want = inflated{}
	}
	end, err = z.Zlib(dst, n, src)
	check("zlib", want, end, err)
	return bare.ok
}

// sizes are the sizes worth trying for src: what the standard library makes of it,
// up to a limit, one byte more, one less, and n.
func sizes(src []byte, n int) []int {
	out, _ := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(src)), 1<<15))
	k := len(out)
	return []int{n, k, k + 1, max(k-1, 0)}
}

// seeds are zlib streams of all kinds of blocks, long and short.
func seeds() [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var text []byte
	for i := range 3000 {
		text = fmt.Appendf(text, "line %d of %x\n", i%97, rng.IntN(1<<20))
	}
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	var all [][]byte
	for _, p := range [][]byte{
		nil, []byte("a"), bytes.Repeat([]byte("a"), 1000), bytes.Repeat([]byte("abc"), 500), bytes.Repeat([]byte("0123456789"), 100),
		text[:40], text[:700], text[:9000], text, noise, append(bytes.Repeat(noise[:100], 3), text[:300]...),
	} {
		for _, level := range []int{zlib.NoCompression, zlib.BestSpeed, zlib.DefaultCompression, zlib.BestCompression, zlib.HuffmanOnly} {
			all = append(all, deflated(level, p))
		}
	}
	return all
}

func deflated(level int, p []byte) []byte {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err != nil {
		panic(err)
	}
	w.Write(p)
	w.Close()
	return b.Bytes()
}
