package scanner_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/archive"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

func zipped(t testing.TB, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarGz(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(keysOf(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func keysOf(m map[string][]byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// shipped is an archive with archives in it, one of which is damaged.
func shipped(t testing.TB) []byte {
	line := func(seed uint64) string { return leaktest.Must(seed, "first\nx {{github \"ghp_\"}} y\n") }
	broken := zipped(t, "lost.conf", line(3))
	return tarGz(t, map[string][]byte{
		"app/.env":     []byte(line(1)),
		"lib/app.jar":  zipped(t, "a.properties", line(2)),
		"lib/cut.jar":  broken[:len(broken)-30],
		"lib/pic.png":  []byte("\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 100)),
		"src/main.txt": []byte("nothing"),
	})
}

func TestArchivesAreOpened(t *testing.T) {
	src := sourcetest.Memory{{Name: "rel.tar.gz", Content: shipped(t)}, {Name: "z.txt", Content: []byte("nothing")}}
	for name, from := range map[string]scanner.Source{"plain": src.Plain(), "narrowed": src} {
		found, gaps, sum := scanSource(t, scanner.Options{}, from)
		var at []string
		for _, f := range found {
			at = append(at, fmt.Sprintf("%s:%d:%d", f.Place, f.Line, f.Column))
		}
		want := []string{"rel.tar.gz!/app/.env:2:3", "rel.tar.gz!/lib/app.jar!/a.properties:2:3"}
		if !slices.Equal(at, want) {
			t.Errorf("%s: found at %q, want %q", name, at, want)
		}
		if len(gaps) != 1 || gaps[0].Place.String() != "rel.tar.gz!/lib/cut.jar" || gaps[0].Code != leak.GapTruncated {
			t.Errorf("%s: gaps %v", name, gaps)
		}
		if sum.Blobs != 2 || sum.Bytes != int64(len(src[0].Content)+len(src[1].Content)) {
			t.Errorf("%s: %d texts of %d bytes: members are not counted", name, sum.Blobs, sum.Bytes)
		}
	}
}

func TestArchivesAreLeftAlone(t *testing.T) {
	src := sourcetest.Memory{{Name: "rel.tar.gz", Content: shipped(t)}}
	if found, gaps, _ := scanSource(t, scanner.Options{NoUnpack: true}, src.Plain()); len(found)+len(gaps) > 0 {
		t.Errorf("%d findings, gaps %v", len(found), gaps)
	}
	found, gaps, _ := scanSource(t, scanner.Options{Archives: archive.Limits{Depth: 1}}, src.Plain())
	if len(found) != 1 || len(gaps) != 2 || gaps[0].Code != leak.GapLimit {
		t.Errorf("one layer deep: %d findings, gaps %v", len(found), gaps)
	}
}

// A text that was none and becomes an archive, or the other way round, is looked
// at as what it is, whatever its delta copies.
func TestProbeKnowsArchives(t *testing.T) {
	p := scanner.NewProbe(testSet(t), scanner.Options{})
	text := []byte(strings.Repeat("many words on a line\n", 100))
	packed := zipped(t, "a.conf", leaktest.Must(1, `{{github "ghp_"}}`))
	grown := append(slices.Clone(packed), text...)
	plain := p.Text(text)
	if _, whole := p.Text(packed).Regions(); !whole {
		t.Error("an archive is not to be looked at whole")
	}
	marks := p.Edited(plain, len(text), grown, []scanner.Copied{{At: len(packed), From: 0, Len: len(text)}})
	if _, whole := marks.Regions(); !whole {
		t.Error("what became an archive is not to be looked at whole")
	}
	if regions, whole := p.Edited(p.Text(packed), len(packed), text, nil).Regions(); whole || len(regions) > 0 {
		t.Error("what was an archive is still taken for one")
	}
}
