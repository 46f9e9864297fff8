package pack_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// FuzzEntry compares the head of an entry with a plain reading of the format.
func FuzzEntry(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		base := back(1 + rng.Int64N(1<<rng.IntN(62)))
		if i%3 == 0 {
			base = make([]byte, 32)
		}
		head := entry(object.Kind(i%8), rng.IntN(1<<rng.IntN(62)), base, nil)
		f.Add(head, int64(1)<<rng.IntN(62), i%2 == 0)
		f.Add(head[:rng.IntN(len(head))], int64(5000), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, off int64, long bool) {
		if off < 12 {
			return
		}
		size := 20
		if long {
			size = 32
		}
		got, n := pack.ParseEntry(b, off, size)
		want, m := plainEntry(b, off, size)
		if n != m || n > 0 && got != want {
			t.Fatalf("%x at %d: %+v, %d bytes; want %+v, %d", b, off, got, n, want, m)
		}
	})
}

// plainEntry reads a head in numbers of any size, which are then held to 63 bits.
func plainEntry(b []byte, off int64, idSize int) (e pack.Entry, n int) {
	size, shift := new(big.Int), uint(0)
	for i, c := range b {
		part, bits := int64(c&0x7f), uint(7)
		if i == 0 {
			part, bits = int64(c&15), 4
		}
		size.Or(size, new(big.Int).Lsh(big.NewInt(part), shift))
		if shift += bits; c < 0x80 {
			n = i + 1
			break
		}
	}
	if n == 0 || n > 10 || !size.IsInt64() { // git refuses a tenth group of bits too that is not needed
		return e, 0
	}
	e.Size = size.Int64()
	rest := b[n:]
	switch kind := b[0] >> 4 & 7; kind {
	case 1, 2, 3, 4:
		e.Kind = object.Kind(kind)
		return e, n
	case 7:
		if len(rest) < idSize {
			return e, 0
		}
		copy(e.Ref[:], rest[:idSize])
		return e, n + idSize
	case 6:
		dist := new(big.Int)
		for i, c := range rest {
			if i > 0 {
				dist.Add(dist, big.NewInt(1))
			}
			dist.Or(dist.Lsh(dist, 7), big.NewInt(int64(c&0x7f)))
			if c < 0x80 {
				if !dist.IsInt64() || dist.Sign() == 0 || dist.Int64() > off-12 {
					return e, 0
				}
				e.Base = off - dist.Int64()
				return e, n + i + 1
			}
		}
	}
	return e, 0
}

// FuzzIndex reads anything as an index or as a multi-pack-index. What it takes for
// one it can look everything up in.
func FuzzIndex(f *testing.F) {
	seeds := 0
	for _, l := range layouts(f) {
		for _, name := range l.names(".idx", "multi-pack-index") {
			b := l.files[name]
			if name == "multi-pack-index" {
				b = bytes.Replace(b, []byte("pack-"+l.packs[0][5:]), append([]byte("p.idx\x00"), make([]byte, len(l.packs[0])-6)...), 1)
			}
			f.Add(b, l.format == object.SHA256)
			f.Add(b[:len(b)*2/3], l.format == object.SHA256)
			seeds += 2
		}
	}
	if seeds < 16 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, list []byte, long bool) {
		format := object.SHA1
		if long {
			format = object.SHA256
		}
		file, err := pack.InMemory(format, make([]byte, 4000), list)
		if err != nil {
			return
		}
		ordered, last := true, object.ID{}
		for pos := range file.Len() {
			id := file.ID(pos)
			ordered = ordered && (pos == 0 || bytes.Compare(last[:], id[:]) < 0)
			last = id
			if off := file.Offset(pos); off >= file.End() || off >= 0 && off < 12 {
				t.Fatalf("object %d begins at %d", pos, off)
			}
			if at, ok := file.Find(id); ok && file.ID(at) != id {
				t.Fatalf("%s is found at %d, where %s is", id, at, file.ID(at))
			}
		}
		file.Find(object.ID{0xff})
		file.Verify()
		if !ordered || !bytes.HasPrefix(list, []byte("\xfftOc")) {
			return
		}
		for pos := range file.Len() {
			id := file.ID(pos)
			if at, ok := file.Find(id); fanned(list[8:], id[0], pos) && (!ok || at != pos) {
				t.Fatalf("of sorted ids the %d-th is found %v, at %d", pos, ok, at)
			}
		}
	})
}

// fanned tells whether a fan-out table says that the pos-th id may begin with first.
func fanned(table []byte, first byte, pos int) bool {
	from := uint32(0)
	if first > 0 {
		from = binary.BigEndian.Uint32(table[4*int(first)-4:])
	}
	return int(from) <= pos && pos < int(binary.BigEndian.Uint32(table[4*int(first):]))
}

// FuzzPack reads everything in a pack that is anything at all: each object is told
// once, and streamed it is the same as inflated.
func FuzzPack(f *testing.F) {
	seeds := 0
	for _, l := range layouts(f) {
		name := l.packs[0]
		list, ok := l.files[name+".idx"]
		if !ok {
			continue
		}
		f.Add(l.files[name+".pack"], list, l.format == object.SHA256, true)
		f.Add(l.files[name+".pack"], list, l.format == object.SHA256, false)
		seeds++
	}
	if seeds < 6 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, b, list []byte, long, sums bool) {
		format := object.SHA1
		if long {
			format = object.SHA256
		}
		file, err := pack.InMemory(format, b[:len(b):len(b)], list)
		if err != nil || file.Len() > 2000 {
			return
		}
		if !sums {
			pack.Unchecked(file)
		}
		l := newLedger(t, format)
		l.large = true
		if err := l.read([]*pack.File{file, file}, nil); err != nil {
			t.Fatal(err)
		}
		var z inflate.Inflater
		for pos := range min(file.Len(), 50) {
			e, err := file.Entry(file.Offset(pos))
			if err != nil || e.Size > 1<<20 {
				continue
			}
			inflated, err := file.Inflate(&z, nil, e)
			var streamed []byte
			s, serr := file.Stream(e)
			if serr == nil {
				streamed, serr = io.ReadAll(s)
			}
			if (err == nil) != (serr == nil) || err == nil && !bytes.Equal(inflated, streamed) {
				t.Fatalf("object %d: inflated %v, streamed %v", pos, err, serr)
			}
		}
	})
}
