package odb_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// writePack writes a pack of deltas that git would not make, with its index:
// each id's object is a delta on the other id's, of 1 TB.
func (r repo) writePack(baseOf map[string]string) {
	r.t.Helper()
	delta := binary.AppendUvarint(binary.AppendUvarint(nil, 1), 1<<40)
	pack := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(baseOf)))
	var ids []object.ID
	offsets := map[object.ID]uint32{}
	for h, base := range baseOf {
		id, b := mustID(h), mustID(base)
		ids, offsets[id] = append(ids, id), uint32(len(pack))
		pack = append(pack, 7<<4|byte(len(delta)))
		pack = append(append(pack, b[:r.format.Size()]...), deflate(delta)...)
	}
	sum := r.sum(pack)
	pack = append(pack, sum...)
	slices.SortFunc(ids, func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) })
	index := []byte("\xfftOc\x00\x00\x00\x02")
	for first := range 256 {
		n := slices.IndexFunc(ids, func(id object.ID) bool { return int(id[0]) > first })
		if n < 0 {
			n = len(ids)
		}
		index = binary.BigEndian.AppendUint32(index, uint32(n))
	}
	for _, id := range ids {
		index = append(index, id[:r.format.Size()]...)
	}
	index = append(index, make([]byte, 4*len(ids))...) // checksums, which nobody looks at
	for _, id := range ids {
		index = binary.BigEndian.AppendUint32(index, offsets[id])
	}
	index = append(index, sum...)
	index = append(index, r.sum(index)...)
	dir := filepath.Join(r.dir, ".git", "objects", "pack")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
	for ext, b := range map[string][]byte{".pack": pack, ".idx": index} {
		if err := os.WriteFile(filepath.Join(dir, "pack-made"+ext), b, 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r repo) sum(b []byte) []byte {
	h := r.format.Hash()
	h.Write(b)
	return h.Sum(nil)
}

func deflate(b []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(b)
	w.Close()
	return z.Bytes()
}
