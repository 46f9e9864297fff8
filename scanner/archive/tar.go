package archive

import (
	"archive/tar"
	"errors"
	"io"
	"strings"
)

// tar reads a tar's regular files as they come.
func (w *walk) tar(src Source) error {
	in := &packed{Reader: src.Reader}
	end := &endMark{Reader: in}
	t := tar.NewReader(end)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			if !end.zeros {
				return w.broken("read tar", io.ErrUnexpectedEOF)
			}
			return nil
		}
		if err != nil {
			return w.broken("read tar", err)
		}
		if !isRegular(h) {
			continue
		}
		var content io.Reader = t
		if isSparse(h) {
			out := w.unpacked(t, in)
			out.from = in.n.Load()
			content = out
		}
		if err := w.member(h.Name, h.Size, content); err != nil {
			return err
		}
	}
}

func isRegular(h *tar.Header) bool {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		return !strings.HasSuffix(h.Name, "/")
	}
	return false
}

// isSparse tells whether a file has holes, which archive/tar fills with zeros: a
// header of 512 bytes can stand for as many terabytes
// (https://www.gnu.org/software/tar/manual/html_node/Sparse-Formats.html).
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// endMark remembers whether the last thing read was a block of zeros. A tar ends in
// two of them: without, it was cut between two files, which archive/tar does not tell.
type endMark struct {
	io.Reader
	zeros bool
}

func (e *endMark) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if n > 0 {
		e.zeros = n == HeadSize && allZero(p[:n])
	}
	return n, err
}

func allZero(p []byte) bool {
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}
