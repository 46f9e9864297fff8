package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/oakum-sec/oakum/leak"
)

// contents are what every archive of these tests holds: empty, small, and larger
// than any buffer on the way.
func contents() map[string]string {
	noise := make([]byte, 100_000)
	for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(noise); i++ {
		noise[i] = byte(r.IntN(256))
	}
	return map[string]string{"empty": "", "dir/a.env": "A=1\n", "dir/words": strings.Repeat("many words\n", 20_000), "noise": string(noise)}
}

func tarOf(files map[string]string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(w.WriteHeader(&tar.Header{Name: "dir/", Typeflag: tar.TypeDir, Mode: 0o755}))
	must(w.WriteHeader(&tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		must(w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(files[name])), Mode: 0o644}))
		must2(w.Write([]byte(files[name])))
	}
	must(w.Close())
	return b.Bytes()
}

// zipOf makes a zip; method tells each file's, sizes whether they stand before the content.
func zipOf(files map[string]string, method uint16, sizes bool) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	must2(w.Create("dir/"))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &zip.FileHeader{Name: name, Method: method}
		if sizes { // stored as they are: CreateRaw writes what it is told
			h.Method, h.CRC32 = zip.Store, crcOf(files[name])
			h.CompressedSize64, h.UncompressedSize64 = uint64(len(files[name])), uint64(len(files[name]))
			must2(must2(w.CreateRaw(h)).Write([]byte(files[name])))
			continue
		}
		must2(must2(w.CreateHeader(h)).Write([]byte(files[name])))
	}
	must(w.Close())
	return b.Bytes()
}

func packedBy(open func(io.Writer) io.WriteCloser, text []byte) []byte {
	var b bytes.Buffer
	w := open(&b)
	must2(w.Write(text))
	must(w.Close())
	return b.Bytes()
}

func gzipped(text []byte) []byte {
	return packedBy(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, text)
}

func xzed(text []byte) []byte {
	return packedBy(func(w io.Writer) io.WriteCloser { return must2(xz.NewWriter(w)) }, text)
}

func zstded(text []byte) []byte {
	return packedBy(func(w io.Writer) io.WriteCloser { return must2(zstd.NewWriter(w)) }, text)
}

// bzipped is "A=1\n" as bzip2 packs it: Go has no writer.
func bzipped() []byte {
	return must2(base64.StdEncoding.DecodeString("QlpoOTFBWSZTWdYEsGoAAAHMAAAQIAIgACAAIZpoM00MvF3JFOFCQ1gSwag="))
}

func arOf(files map[string][]byte) []byte {
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, 0, 0, 0, "100644", len(files[name]))
		b.Write(files[name])
		if len(files[name])&1 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func rpmOf(files map[string]string) []byte {
	var payload bytes.Buffer
	w := cpio.NewWriter(&payload)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		must(w.WriteHeader(&cpio.Header{Name: name, Mode: cpio.TypeReg | 0o644, Size: int64(len(files[name])), Links: 1}))
		must2(w.Write([]byte(files[name])))
	}
	must(w.Close())
	header := func(entries, store int) []byte {
		h := binary.BigEndian.AppendUint32([]byte("\x8e\xad\xe8\x01\x00\x00\x00\x00"), uint32(entries))
		return append(binary.BigEndian.AppendUint32(h, uint32(store)), make([]byte, entries*16+store)...)
	}
	lead := append([]byte("\xed\xab\xee\xdb\x03\x00"), make([]byte, 90)...)
	return slices.Concat(lead, header(2, 5), make([]byte, 3), header(3, 7), gzipped(payload.Bytes()))
}

// unpacked is all that came out of an archive, archives within opened too.
type outcome struct {
	texts map[string]string
	gaps  map[string]*leak.Gap
}

func open(t testing.TB, b *Budget, text []byte, seekable bool) outcome {
	t.Helper()
	out := outcome{map[string]string{}, map[string]*leak.Gap{}}
	var each func(prefix, name string, f Format, src Source)
	each = func(prefix, name string, f Format, src Source) {
		err := b.Each(f, src, func(m Member) error {
			path := prefix + "!/" + m.Name
			head, err := readHead(m.Reader)
			rest := io.MultiReader(bytes.NewReader(head), &then{err, m.Reader})
			if inner := Sniff(head); inner != None {
				each(path, m.Name, inner, Source{Name: m.Name, Size: m.Size, Reader: rest})
				return nil
			}
			content, err := io.ReadAll(rest)
			out.texts[path] = string(content)
			if err != nil {
				out.gaps[path] = GapOf(err)
			}
			if m.Size >= 0 && err == nil && m.Size != int64(len(content)) {
				t.Errorf("%s has %d bytes, not %d", path, len(content), m.Size)
			}
			return nil
		}, func(member string, g *leak.Gap) { out.gaps[prefix+"!/"+member] = g })
		if err != nil {
			t.Errorf("%s: %v", prefix, err)
		}
	}
	src := Source{Name: "x.gz", Size: -1, Reader: bytes.NewReader(text)}
	if seekable {
		src.Size, src.At = int64(len(text)), bytes.NewReader(text)
	}
	each("x", "x", Sniff(text), src)
	return out
}

// archives are one of each format, with what is to come out.
func archives() map[string]struct {
	packed []byte
	want   map[string]string
} {
	type archive = struct {
		packed []byte
		want   map[string]string
	}
	under := func(prefix string) map[string]string {
		want := map[string]string{}
		for name, text := range contents() {
			want[prefix+"!/"+name] = text
		}
		return want
	}
	words := contents()["dir/words"]
	return map[string]archive{
		"zip":           {zipOf(contents(), zip.Deflate, false), under("x")},
		"zip, stored":   {zipOf(contents(), zip.Store, true), under("x")},
		"tar":           {tarOf(contents()), under("x")},
		"tar.gz":        {gzipped(tarOf(contents())), under("x")},
		"tar.xz":        {xzed(tarOf(contents())), under("x")},
		"tar.zst":       {zstded(tarOf(contents())), under("x")},
		"gz":            {gzipped([]byte(words)), map[string]string{"x!/x": words}},
		"gz, short":     {gzipped([]byte("A=1\n")), map[string]string{"x!/x": "A=1\n"}},
		"bz2":           {bzipped(), map[string]string{"x!/x": "A=1\n"}},
		"xz":            {xzed([]byte(words)), map[string]string{"x!/x": words}},
		"zst":           {zstded([]byte(words)), map[string]string{"x!/x": words}},
		"zst, skipped":  {slices.Concat([]byte("\x5a\x2a\x4d\x18\x04\x00\x00\x00size"), zstded([]byte(words))), map[string]string{"x!/x": words}},
		"deb":           {arOf(map[string][]byte{"debian-binary": []byte("2.0\n"), "data.tar.xz": xzed(tarOf(contents()))}), under("x!/data.tar.xz")},
		"rpm":           {rpmOf(contents()), under("x")},
		"zip in tar.gz": {gzipped(tarOf(map[string]string{"b.zip": string(zipOf(contents(), zip.Deflate, false))})), under("x!/b.zip")},
	}
}

func TestUnpacksEveryFormat(t *testing.T) {
	seen := 0
	for name, a := range archives() {
		for _, seekable := range []bool{true, false} {
			for _, memory := range []int64{0, 1} { // 1: a zip that comes as a stream is read as one
				got := open(t, NewBudget(Limits{Memory: memory}), a.packed, seekable)
				if !maps.Equal(got.texts, a.want) {
					t.Errorf("%s, seekable %v, memory %d: %d texts came out, %d should", name, seekable, memory, len(got.texts), len(a.want))
				}
				for at, g := range got.gaps {
					t.Errorf("%s, seekable %v, memory %d: %s: %v", name, seekable, memory, at, g.Why)
				}
				seen++
			}
		}
	}
	if seen != 15*4 {
		t.Errorf("%d archives were read", seen)
	}
}

// Whatever is cut off, something is missing, and that is told: what came out whole
// is whole, and where not everything came out there is a Gap.
func TestCutArchivesAreGaps(t *testing.T) {
	cuts := 0
	for name, a := range archives() {
		r := rand.New(rand.NewPCG(3, uint64(len(a.packed))))
		for range 20 {
			cut := HeadSize + r.IntN(max(1, len(a.packed)-HeadSize))
			if cut >= len(a.packed) {
				cut = len(a.packed) - 1
			}
			if Sniff(a.packed[:cut]) == None {
				continue
			}
			for _, seekable := range []bool{true, false} {
				got := open(t, NewBudget(Limits{Memory: 1}), a.packed[:cut], seekable)
				cuts++
				if len(got.gaps) == 0 && !onlyPadding(a.packed[cut:]) {
					t.Errorf("%s cut at %d of %d, seekable %v: %d texts of %d and no gap", name, cut, len(a.packed), seekable, len(got.texts), len(a.want))
				}
			}
		}
	}
	if cuts < 350 {
		t.Errorf("only %d cuts", cuts)
	}
}

// onlyPadding: a tar's second block of zeros, the directory of a zip that is read
// as a stream, cpio's and ar's padding hold nothing that could be missed.
func onlyPadding(rest []byte) bool {
	return allZero(rest) || bytes.HasPrefix(rest, []byte("PK")) || len(rest) < 1500
}

func TestBombsEndInGaps(t *testing.T) {
	zeros := bytes.Repeat([]byte{0}, 4<<20)
	bomb := gzipped(gzipped(bytes.Repeat(gzipped(zeros), 50)))
	many := map[string]string{}
	for i := range 2000 {
		many[fmt.Sprintf("../../%0200d", i)] = ""
	}
	nested := []byte("end")
	for range 12 {
		nested = zipOf(map[string]string{"again.zip": string(nested)}, zip.Deflate, false)
	}
	small := Limits{Bytes: 3 << 20, Entries: 1000, Depth: 8, Grace: 1 << 20, Ratio: 100}
	for name, packed := range map[string][]byte{
		"zeros": gzipped(zeros), "zeros in a zip": zipOf(map[string]string{"z": string(zeros)}, zip.Deflate, false), "zeros in gzip in gzip": bomb,
		"a hole": sparseTar(1 << 40), "a hole in a tar.gz": gzipped(sparseTar(1 << 40)),
		"many in a zip": zipOf(many, zip.Deflate, false), "many in a tar": tarOf(many), "nested": nested,
	} {
		for _, seekable := range []bool{true, false} {
			got := open(t, NewBudget(small), packed, seekable)
			limits := 0
			for _, g := range got.gaps {
				if g.Code == leak.GapLimit {
					limits++
				}
			}
			if limits == 0 {
				t.Errorf("%s, seekable %v: no limit was told of; gaps %v", name, seekable, got.gaps)
			}
			sum := 0
			for _, text := range got.texts {
				sum += len(text)
			}
			if sum > 4<<20 {
				t.Errorf("%s: %d bytes came out", name, sum)
			}
		}
	}
}

// sparseTar is a tar of one file of so many bytes, all of them a hole, in the form
// that GNU tar calls 1.0.
func sparseTar(size int64) []byte {
	var b bytes.Buffer
	content := append([]byte(fmt.Sprintf("1\n%d\n0\n", size)), make([]byte, 512)...)[:512]
	block := func(name string, flag byte, body []byte) {
		h := make([]byte, 512)
		copy(h, name)
		copy(h[100:], "0000644\x000000000\x000000000\x00")
		copy(h[124:], fmt.Sprintf("%011o\x00%011o\x00        ", len(body), 0))
		h[156] = flag
		copy(h[257:], "ustar\x0000")
		sum := 0
		for _, c := range h {
			sum += int(c)
		}
		copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
		b.Write(append(h, body...))
		b.Write(make([]byte, -len(body)&511))
	}
	var pax string
	for _, kv := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=hole", fmt.Sprintf("GNU.sparse.realsize=%d", size)} {
		pax += fmt.Sprintf("%d %s\n", len(kv)+4, kv)
	}
	block("PaxHeaders/hole", 'x', []byte(pax))
	block("GNUSparseFile/hole", '0', content)
	b.Write(make([]byte, 1024))
	return b.Bytes()
}

func TestEncryptedMembersAreGaps(t *testing.T) {
	packed := zipOf(map[string]string{"a": "A", "b": "B"}, zip.Store, true)
	second := func(mark string) int { // the folder's entry comes first
		i := bytes.Index(packed, []byte(mark))
		return i + 4 + bytes.Index(packed[i+4:], []byte(mark))
	}
	packed[second(localHeader)+6] |= encryptedFlag
	packed[second("PK\x01\x02")+8] |= encryptedFlag
	for _, seekable := range []bool{true, false} {
		got := open(t, NewBudget(Limits{Memory: 1 << 20}), packed, seekable)
		if g := got.gaps["x!/a"]; g == nil || g.Code != leak.GapEncrypted || g.Class != leak.Boundary {
			t.Errorf("seekable %v: gaps %v", seekable, got.gaps)
		}
		if !maps.Equal(got.texts, map[string]string{"x!/b": "B"}) {
			t.Errorf("seekable %v: texts %v", seekable, got.texts)
		}
	}
}

func TestUnknownFormatsAreGaps(t *testing.T) {
	for _, head := range []string{"7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07\x01\x00", "\x04\x22\x4d\x18", "LZIP\x01", "\x1f\x9d\x90"} {
		got := open(t, NewBudget(Limits{}), []byte(head+strings.Repeat("x", 600)), true)
		if g := got.gaps["x!/"]; g == nil || g.Code != leak.GapUnknown || g.Class != leak.Boundary {
			t.Errorf("%q: %v", head, got.gaps)
		}
	}
}

func TestSniffLeavesTextsAlone(t *testing.T) {
	for _, text := range []string{"", "PK", "BZh9 is a word", "# a comment", strings.Repeat("\x00", 600), strings.Repeat("text ", 200), "!<arch"} {
		if f := Sniff([]byte(text)); f != None {
			t.Errorf("%q is %s", text[:min(len(text), 20)], f)
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func must2[T any](v T, err error) T {
	must(err)
	return v
}

func crcOf(s string) uint32 { return crc32.ChecksumIEEE([]byte(s)) }
