package scanner_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
)

// slow takes a tenth of a second for each read.
type slow struct{ io.Reader }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(100 * time.Millisecond)
	return s.Reader.Read(p[:min(len(p), 32<<10)])
}

// oneLayer is a source of one archive that takes its time.
type oneLayer struct{ text []byte }

func (o oneLayer) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		at := func(name string) leak.Place { return leak.ImageFile{Image: "i", Layer: "l", Name: name} }
		yield(scanner.Blob{Place: at(""), Size: int64(len(o.text)),
			Open:   func(context.Context) (io.ReadCloser, error) { return io.NopCloser(slow{bytes.NewReader(o.text)}), nil },
			Member: func(name string) (leak.Place, []string, bool) { return at(name), nil, true }}, nil)
	}
}

// Whoever waits for a large layer sees how far it is: bytes that grow, files that pass.
func TestProgressWithinOneText(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range 200 {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("f%d", i), Typeflag: tar.TypeReg, Size: 20_000}); err != nil {
			t.Fatal(err)
		}
		w.Write(bytes.Repeat([]byte("word "), 4_000))
	}
	w.Close()
	synctest.Test(t, func(t *testing.T) {
		var last int64
		places := map[string]bool{}
		sum, err := scanner.New(builtin.Set(), scanner.Options{Jobs: 2}).Scan(t.Context(), oneLayer{b.Bytes()}, func(e scanner.Event) error {
			if p := e.Progress; p != nil {
				if p.Bytes < last || p.Bytes > int64(b.Len()) {
					t.Errorf("%d bytes after %d, of %d", p.Bytes, last, b.Len())
				}
				last = p.Bytes
				places[p.Place.String()] = true
			}
			return nil
		})
		if err != nil || sum.Bytes != int64(b.Len()) || len(places) < 10 {
			t.Errorf("%v, %d bytes of %d, %d places were shown", err, sum.Bytes, b.Len(), len(places))
		}
	})
}
