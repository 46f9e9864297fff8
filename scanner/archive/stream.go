package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/readahead"
	"github.com/ulikunitz/xz"
)

// zstdWindow is the largest window that is decoded, in bytes: what zstd(1) takes
// without --long.
const zstdWindow = 128 << 20

// xzDictionary bounds what an xz stream may have us allocate, in bytes: that of
// `xz -9`.
const xzDictionary = 64 << 20

// A tar is decompressed ahead of whoever looks at its files: a layer of an image
// takes as long to unpack as to scan. These are how many buffers, and their bytes.
const (
	aheadBuffers = 4
	aheadSize    = 512 << 10
)

// compressed unpacks one text. A tar in it is no layer of its own: nobody thinks
// of a .tar.gz as two.
func (w *walk) compressed(f Format) error {
	in := &packed{Reader: w.src.Reader}
	r, done, err := decompressor(f, in)
	if err != nil {
		return w.broken("read "+f.String(), err)
	}
	defer done()
	out := w.unpacked(r, in)
	head, err := readHead(out)
	whole := io.MultiReader(bytes.NewReader(head), &then{err, out})
	if isTar(head) {
		if err == nil {
			ahead, err := readahead.NewReaderSize(r, aheadBuffers, aheadSize)
			if err != nil {
				return w.broken("read "+f.String(), err)
			}
			defer ahead.Close()
			out.Reader = ahead
		}
		if err := w.tar(Source{Name: w.src.Name, Size: -1, Reader: whole}); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, whole); err != nil { // behind the tar's end stands the checksum
			return w.broken("read "+f.String(), err)
		}
		return nil
	}
	return w.member(innerName(w.src.Name), -1, whole)
}

// readHead reads the first HeadSize bytes, fewer where the text ends or breaks.
func readHead(r io.Reader) (head []byte, err error) {
	head = make([]byte, 0, HeadSize)
	for len(head) < HeadSize && err == nil {
		var n int
		n, err = r.Read(head[len(head):HeadSize])
		head = head[:len(head)+n]
	}
	return head, err
}

// then goes on after a head: with the error that ended it, or with the rest.
type then struct {
	err error
	io.Reader
}

func (t *then) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	return t.Reader.Read(p)
}

// decompressor makes the reader of a format. done gives back what it holds.
func decompressor(f Format, in io.Reader) (r io.Reader, done func(), err error) {
	done = func() {}
	switch f {
	case Gzip:
		r, err = gzip.NewReader(bufio.NewReaderSize(in, 64<<10))
	case Bzip2:
		r = bzip2.NewReader(bufio.NewReader(in))
	case XZ:
		r, err = xz.ReaderConfig{DictCap: xzDictionary}.NewReader(bufio.NewReader(in))
	case Zstd:
		var d *zstd.Decoder
		if d, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true)); err == nil {
			r, done = d, d.Close
		}
	default:
		err = fmt.Errorf("%s is no compression", f)
	}
	return r, done, err
}

// suffixes are those that a compressed text's name loses.
var suffixes = []string{".gz", ".bz2", ".xz", ".zst", ".zstd"}

// innerName is what a compressed text is called by itself.
func innerName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	for _, s := range suffixes {
		if inner, ok := strings.CutSuffix(name, s); ok && inner != "" {
			return inner
		}
	}
	return "data"
}
