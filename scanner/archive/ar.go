package archive

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// ar reads ar(5): a Debian package, or a library. GNU's table of long names and the
// table of symbols begin with a slash, and are no files.
func (w *walk) ar() error {
	in := bufio.NewReader(w.src.Reader)
	if _, err := in.Discard(len("!<arch>\n")); err != nil {
		return w.broken("read ar", noEOF(err))
	}
	var h [60]byte
	for {
		if _, err := io.ReadFull(in, h[:]); err != nil {
			if err == io.EOF {
				return nil
			}
			return w.broken("read ar", err)
		}
		size, err := strconv.ParseInt(strings.TrimRight(string(h[48:58]), " "), 10, 64)
		if err != nil || size < 0 || string(h[58:]) != "`\n" {
			return w.broken("read ar", errors.New("a member has no proper head"))
		}
		content := io.LimitReader(in, size)
		if name := strings.TrimRight(strings.TrimRight(string(h[:16]), " "), "/"); name != "" && name != "debian-binary" {
			if err := w.member(name, size, &exactly{content, size}); err != nil {
				return err
			}
		}
		if err := pass(in, content, size&1); err != nil {
			return w.broken("read ar", err)
		}
	}
}

// pass reads what is left of content and pad bytes behind it.
func pass(in *bufio.Reader, content io.Reader, pad int64) error {
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	if l, ok := content.(*io.LimitedReader); ok && l.N > 0 {
		return io.ErrUnexpectedEOF
	}
	_, err := in.Discard(int(pad))
	if err == io.EOF {
		err = nil // the last member's padding is left out by some
	}
	return err
}

// exactly fails where fewer bytes come than were said.
type exactly struct {
	io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
