package imagesource_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/oakum-sec/oakum/leak"
)

// peak runs what and returns the most that the heap held meanwhile.
func peak(what func()) uint64 {
	var most atomic.Uint64
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapAlloc))
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	what()
	close(stop)
	<-stopped
	return most.Load()
}

// streamed is a tar of files of zeros, made as it is compressed.
func streamed(open func(io.Writer) io.WriteCloser, sizes ...int64) []byte {
	var b bytes.Buffer
	z := open(&b)
	w := tar.NewWriter(z)
	zeros := make([]byte, 1<<20)
	for i, size := range sizes {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("f%d", i), Typeflag: tar.TypeReg, Size: size}); err != nil {
			panic(err)
		}
		for left := size; left > 0; left -= int64(len(zeros)) {
			must(w.Write(zeros[:min(left, int64(len(zeros)))]))
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	z.Close()
	return b.Bytes()
}

func gzips(w io.Writer) io.WriteCloser { return must(gzip.NewWriterLevel(w, gzip.BestSpeed)) }
func zstds(w io.Writer) io.WriteCloser { return must(zstd.NewWriter(w)) }

// nest packs a zip in a zip so often, as 42.zip does, sixteen of each.
func nest(text []byte, levels int) []byte {
	for range levels {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := range 16 {
			must(must(w.Create(fmt.Sprintf("lib %x.zip", i))).Write(text))
		}
		w.Close()
		text = b.Bytes()
	}
	return text
}

// entries is a layer of so many files, and of names that lead elsewhere.
func entries(n int) []byte {
	var b bytes.Buffer
	z := gzips(&b)
	w := tar.NewWriter(z)
	for i := range n {
		w.WriteHeader(&tar.Header{Name: fmt.Sprintf("d%d/f%d", i%1000, i), Typeflag: tar.TypeReg})
	}
	for _, h := range []tar.Header{
		{Name: "../../../etc/passwd.env", Typeflag: tar.TypeReg, Size: 48}, {Name: "/abs/a.env", Typeflag: tar.TypeReg, Size: 48},
		{Name: strings.Repeat("n", 200_000) + ".env", Typeflag: tar.TypeReg, Size: 48, Format: tar.FormatPAX},
		{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"}, {Name: "hard", Typeflag: tar.TypeLink, Linkname: "../../etc/shadow"},
		{Name: "dev", Typeflag: tar.TypeBlock, Devmajor: 8},
	} {
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		if h.Size > 0 {
			must(w.Write([]byte("TOKEN=" + token(70) + "\n\n")))
		}
	}
	w.Close()
	z.Close()
	return b.Bytes()
}

// Whatever a layer holds, it is gone through soon, in bounded memory, and what was not
// looked at is told.
func TestBombsInLayers(t *testing.T) {
	// Each name in a layer is kept, for what other layers delete: some 100 bytes.
	const memory = 220 << 20
	seen := 0
	for name, c := range map[string]struct {
		layer []byte
		gap   string
		found int
	}{
		"1 GB of zeros, gzip":    {streamed(gzips, 1<<30), "", 0},
		"2 GB of zeros, zstd":    {streamed(zstds, 2<<30), leak.GapLimit, 0},
		"42.zip's kind":          {tarOf("42.zip", string(nest([]byte(strings.Repeat("\x00", 64<<10)), 4)), "b.env", token(71)), leak.GapLimit, 1},
		"deeper than any":        {tarOf("deep.gz", string(deep(12)), "b.env", token(71)), leak.GapLimit, 1},
		"300,000 and hard names": {entries(300_000), "", 3},
	} {
		var got told
		began := time.Now()
		if most := peak(func() { got = scanLayer(t, c.layer) }); most > memory {
			t.Errorf("%s: %d MB", name, most>>20)
		}
		if took := time.Since(began); took > 2*time.Minute { // seconds, on a machine that does nothing else
			t.Errorf("%s took %s", name, took)
		}
		codes := map[string]int{}
		for _, g := range got.gaps {
			codes[g.Code]++
		}
		if len(got.at) != c.found || c.gap == "" && len(codes) > 0 || c.gap != "" && codes[c.gap] == 0 {
			t.Errorf("%s: found at %.200q, gaps %v", name, got.at, codes)
		}
		seen++
	}
	if seen != 5 {
		t.Errorf("%d bombs", seen)
	}
}

func deep(levels int) []byte {
	text := []byte("TOKEN=" + token(72))
	for range levels {
		text = gzipped(text)
	}
	return text
}
