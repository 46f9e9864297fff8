package pack_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"os"
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// made is a pack made by hand: what begins at which offset.
type made map[int64][]byte

// entry makes an object of a pack: head, what names its base, stream.
func entry(kind object.Kind, size int, base, data []byte) []byte {
	b := []byte{byte(kind)<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(size&0x7f))
	}
	return append(append(b, base...), deflated(data)...)
}

func deflated(data []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(data)
	w.Close()
	return z.Bytes()
}

// back is how a delta says that its base begins n bytes before it.
func back(n int64) []byte {
	b := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		n--
		b = append(b, byte(n&0x7f)|0x80)
	}
	slices.Reverse(b)
	return b
}

// crafted writes pack and index, the index giving the offsets of m, in order, to
// the ids, and opens them. Offsets behind the last one are 12.
func (r repo) crafted(m made, ids []object.ID) *pack.File {
	r.t.Helper()
	return r.craftedBy(pack.Open, m, ids)
}

func (r repo) craftedBy(open opener, m made, ids []object.ID) *pack.File {
	r.t.Helper()
	offsets := slices.Sorted(maps.Keys(m))
	if err := os.MkdirAll(r.path(""), 0o755); err != nil {
		r.t.Fatal(err)
	}
	file, err := os.Create(r.path("pack-made.pack"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	end, hole := int64(12), false
	file.WriteAt(binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(ids))), 0)
	for _, off := range offsets {
		hole = hole || off != end
		file.WriteAt(m[off], off)
		end = off + int64(len(m[off]))
	}
	if _, err := file.WriteAt(make([]byte, r.format.Size()), end); err != nil {
		r.t.Fatal(err)
	}
	for len(offsets) < len(ids) {
		offsets = append(offsets, 12)
	}
	sums := make([]uint32, len(ids))
	for i, off := range offsets {
		sums[i] = crc32.ChecksumIEEE(m[off])
	}
	if err := os.WriteFile(r.path("pack-made.idx"), index(r.format, ids, offsets, sums), 0o644); err != nil {
		r.t.Fatal(err)
	}
	f, err := open(r.root(), "pack-made", r.format)
	if err != nil {
		r.t.Fatal(err)
	}
	if hole { // such an object is not what its checksum is of
		pack.Unchecked(f)
	}
	r.t.Cleanup(func() { f.Close() })
	return f
}

// index makes an index of version 2 of a pack whose checksum is zeros.
func index(format object.Format, ids []object.ID, offsets []int64, sums []uint32) []byte {
	order := make([]int, len(ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(ids[a][:], ids[b][:]) })
	b, large := []byte("\xfftOc\x00\x00\x00\x02"), []byte(nil)
	for first := range 256 {
		n := 0
		for _, id := range ids {
			if int(id[0]) <= first {
				n++
			}
		}
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	for _, i := range order {
		b = append(b, ids[i][:format.Size()]...)
	}
	for _, i := range order {
		b = binary.BigEndian.AppendUint32(b, sums[i])
	}
	for _, i := range order {
		if off := offsets[i]; off < 1<<31 {
			b = binary.BigEndian.AppendUint32(b, uint32(off))
		} else {
			b = binary.BigEndian.AppendUint32(b, 1<<31+uint32(len(large)/8))
			large = binary.BigEndian.AppendUint64(large, uint64(off))
		}
	}
	return append(append(b, large...), make([]byte, 2*format.Size())...)
}
