package gitsource_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestUnindexedBase hides objects as deltas of what stands in no index: git reads
// them, since such a delta says where its base begins, but who goes by the index
// alone does not know what they are.
func TestUnindexedBase(t *testing.T) {
	eachFormat(t, func(t *testing.T, f object.Format) {
		s := newSandbox(t, f)
		s.write("file", "nothing\n")
		s.commit("an ordinary commit")
		s.packUnindexed(object.Commit, s.git("commit-tree", "-m", "see "+s.mark("dangling commit"), "HEAD^{tree}"))
		s.packUnindexed(object.Blob, s.feed(s.mark("dangling blob"), "hash-object", "-w", "--stdin"))
		s.write("file", "token = "+s.mark("blob of a branch"))
		tip := s.commit("and " + s.mark("commit of a branch"))
		s.packUnindexed(object.Blob, s.git("rev-parse", tip+":file"))
		s.packUnindexed(object.Commit, tip)
		s.git("tag", "-m", "on "+s.mark("tag"), "v1")
		s.packUnindexed(object.Tag, s.git("rev-parse", "v1"))

		v := &vandal{s: s}
		if found, gaps := v.scan(t, nil); found != 5 || gaps != 0 {
			t.Errorf("of 5 secrets %d are found, with %d gaps", found, gaps)
		}
		got := s.look(s.open(gitsource.Options{}))
		for _, name := range s.marks.names {
			if len(got.marks[name]) == 0 {
				t.Errorf("%s is not yielded", name)
			}
		}
		s.wantNarrowed(t)
	})
}

// packUnindexed moves a loose object into a pack of its own, as a delta of half of
// itself, which stands before it and in no index.
func (s *sandbox) packUnindexed(kind object.Kind, id string) {
	s.t.Helper()
	text := s.raw(s.t.(*testing.T), "cat-file", kind.String(), id)
	base, rest := text[:len(text)/2], text[len(text)/2:]
	pack := append([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x01"), packEntry(byte(kind), base, nil)...)
	at := len(pack)
	delta := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(base))), uint64(len(text)))
	delta = append(delta, 0xb0, byte(len(base)), byte(len(base)>>8))
	for ; len(rest) > 0; rest = rest[min(100, len(rest)):] {
		delta = append(append(delta, byte(min(100, len(rest)))), rest[:min(100, len(rest))]...)
	}
	back := at - 12
	if back > 127 {
		s.t.Fatalf("a base of %d bytes is too far away", back)
	}
	pack = append(pack, packEntry(6, delta, []byte{byte(back)})...)
	sum := s.sum(pack)
	pack = append(pack, sum...)

	raw, err := hex.DecodeString(id)
	if err != nil {
		s.t.Fatal(err)
	}
	var index []byte // of version 1
	for first := range 256 {
		n := uint32(0)
		if first >= int(raw[0]) {
			n = 1
		}
		index = binary.BigEndian.AppendUint32(index, n)
	}
	index = append(binary.BigEndian.AppendUint32(index, uint32(at)), raw...)
	index = append(index, sum...)
	index = append(index, s.sum(index)...)
	name := ".git/objects/pack/pack-" + hex.EncodeToString(sum)
	s.write(name+".pack", string(pack))
	s.write(name+".idx", string(index))
	if err := os.Remove(filepath.Join(s.dir, ".git/objects", id[:2], id[2:])); err != nil {
		s.t.Fatal(err)
	}
	s.git("cat-file", "-e", id)
}

// packEntry is an object of less than 2 KB in a pack.
func packEntry(kind byte, data, base []byte) []byte {
	var b bytes.Buffer
	b.Write([]byte{0x80 | kind<<4 | byte(len(data)&15), byte(len(data) >> 4)})
	b.Write(base)
	z := zlib.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}

func (s *sandbox) sum(b []byte) []byte {
	f := object.SHA1
	if s.git("rev-parse", "--show-object-format") == "sha256" {
		f = object.SHA256
	}
	h := f.Hash()
	h.Write(b)
	return h.Sum(nil)
}
