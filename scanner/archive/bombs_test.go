package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

// spent unpacks an archive, and archives within, without keeping what comes out.
type spent struct {
	bytes   int64
	members int
	limits  int
	peak    uint64
}

func spend(t *testing.T, src Source, f Format) (s spent) {
	t.Helper()
	b := NewBudget(Limits{})
	var each func(f Format, src Source)
	each = func(f Format, src Source) {
		err := b.Each(f, src, func(m Member) error {
			s.members++
			head, err := readHead(m.Reader)
			rest := io.MultiReader(bytes.NewReader(head), &then{err, m.Reader})
			if inner := Sniff(head); inner != None {
				each(inner, Source{Name: m.Name, Size: m.Size, Reader: rest})
				return nil
			}
			n, err := io.Copy(io.Discard, rest)
			if s.bytes += n; err != nil && GapOf(err).Code == leak.GapLimit {
				s.limits++
			}
			return nil
		}, func(_ string, g *leak.Gap) {
			if g.Code == leak.GapLimit {
				s.limits++
			}
		})
		if err != nil {
			t.Error(err)
		}
		if s.members%256 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s.peak = max(s.peak, m.HeapInuse)
		}
	}
	each(f, src)
	return s
}

// repeated is a text so many times.
type repeated struct {
	text  []byte
	times int
	at    int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.times == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	if r.at += n; r.at == len(r.text) {
		r.at, r.times = 0, r.times-1
	}
	return n, nil
}

// The bombs that people build, against the limits that users have: each ends soon, in
// bounded memory, and says so.
func TestKnownBombs(t *testing.T) {
	zeros := gzipped(make([]byte, 10<<20))
	leaf := zipOf(map[string]string{"0.dll": strings.Repeat("\x00", 128<<10)}, zip.Deflate, false)
	for range 3 { // as 42.zip: sixteen in each of sixteen …
		level := map[string]string{}
		for i := range 16 {
			level[fmt.Sprintf("lib %x.zip", i)] = string(leaf)
		}
		leaf = zipOf(level, zip.Store, true)
	}
	entry := tarOf(map[string]string{"e": ""})
	entry = entry[len(entry)-1024-512 : len(entry)-1024]
	for name, src := range map[string]Source{
		"10 GB of zeros in gzip": {Name: "z.gz", Size: -1, Reader: &repeated{text: zeros, times: 1000}},
		"42.zip's kind":          {Name: "42.zip", Size: int64(len(leaf)), At: bytes.NewReader(leaf), Reader: bytes.NewReader(leaf)},
		"a million entries":      {Name: "m.tar", Size: -1, Reader: &repeated{text: entry, times: 1_000_000}},
	} {
		f := map[byte]Format{'z': Gzip, '4': Zip, 'm': Tar}[src.Name[0]]
		got := spend(t, src, f)
		if got.limits == 0 && f != Zip || got.bytes > 5e9 || got.members > 500_001 || got.peak > 300<<20 {
			t.Errorf("%s: %+v", name, got)
		}
		if all := int64(16*16*16) * 128 << 10; f == Zip && got.bytes != all && got.limits == 0 {
			t.Errorf("%s: neither all of it nor a limit: %+v", name, got)
		}
	}
}

// What unpacks to itself ends at the depth that archives may have.
func TestQuineEnds(t *testing.T) {
	quine := gzipped([]byte("what comes out is taken for the archive again"))
	b, depth, limits := NewBudget(Limits{}), 0, 0
	var again func()
	again = func() {
		err := b.Each(Gzip, Source{Name: "r.gz", Size: -1, Reader: bytes.NewReader(quine)}, func(Member) error {
			depth++
			again()
			return nil
		}, func(_ string, g *leak.Gap) {
			if g.Code == leak.GapLimit {
				limits++
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	again()
	if depth != defaults.Depth || limits != 1 {
		t.Errorf("%d deep, %d limits", depth, limits)
	}
}

// Names lead nowhere: nothing is written, links are not followed, a name may be as long
// as a format allows.
func TestHostileNames(t *testing.T) {
	long := strings.Repeat("n", 500_000)
	names := []string{"../../../etc/passwd", "/etc/shadow", `..\..\windows`, "C:\\x", "a\x00b", "\x1b[2Jclear", long, ""}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	want := 0
	for _, name := range names {
		if w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 1, Format: tar.FormatPAX}) == nil {
			must2(w.Write([]byte("x")))
			want++
		}
	}
	must(w.WriteHeader(&tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"}))
	must(w.WriteHeader(&tar.Header{Name: "hard", Typeflag: tar.TypeLink, Linkname: "../../etc/shadow"}))
	must(w.WriteHeader(&tar.Header{Name: "device", Typeflag: tar.TypeBlock, Devmajor: 8}))
	must(w.Close())
	if got := spend(t, Source{Size: -1, Reader: &b}, Tar); got.members != want || want < 5 {
		t.Errorf("of a tar %d members came out, not %d", got.members, want)
	}
	var z bytes.Buffer
	zw := zip.NewWriter(&z)
	h := &zip.FileHeader{Name: "../link", Method: zip.Store}
	h.SetMode(fs.ModeSymlink | 0o777)
	must2(must2(zw.CreateHeader(h)).Write([]byte("/etc/shadow")))
	must2(must2(zw.Create("../../" + long[:60_000])).Write([]byte("x")))
	must(zw.Close())
	if got := spend(t, Source{Size: int64(z.Len()), At: bytes.NewReader(z.Bytes()), Reader: &z}, Zip); got.members != 1 {
		t.Errorf("of a zip %d members came out", got.members)
	}
}
