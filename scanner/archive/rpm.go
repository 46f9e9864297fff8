package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cavaliergopher/cpio"
)

// rpm passes by a package's lead and two headers and reads the cpio archive behind
// them (https://rpm-software-management.github.io/rpm/manual/format_v4.html).
func (w *walk) rpm() error {
	counted := &packed{Reader: w.src.Reader}
	in := bufio.NewReaderSize(counted, 64<<10)
	const lead = 96
	if _, err := in.Discard(lead); err != nil {
		return w.broken("read rpm", noEOF(err))
	}
	for _, padded := range []bool{true, false} { // the signature's header is, the other is not
		if err := passHeader(in, padded); err != nil {
			return w.broken("read rpm", err)
		}
	}
	head, _ := in.Peek(HeadSize)
	f := Sniff(head)
	if f == None {
		return w.cpio(w.unpacked(in, counted))
	}
	r, done, err := decompressor(f, in)
	if err != nil {
		return w.broken("read rpm", err)
	}
	defer done()
	return w.cpio(w.unpacked(r, counted))
}

// passHeader passes by a header structure: a magic, 4 bytes, how many entries of 16
// bytes the index has and how many bytes the store.
func passHeader(in *bufio.Reader, padded bool) error {
	var h [16]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return noEOF(err)
	}
	if string(h[:4]) != "\x8e\xad\xe8\x01" {
		return errors.New("a header does not begin as one")
	}
	n := int64(binary.BigEndian.Uint32(h[8:]))*16 + int64(binary.BigEndian.Uint32(h[12:]))
	if padded {
		n += -n & 7
	}
	_, err := io.CopyN(io.Discard, in, n)
	return noEOF(err)
}

func (w *walk) cpio(src io.Reader) error {
	r := cpio.NewReader(src)
	for {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return w.broken("read rpm", noEOF(err))
		case h.Size < 0:
			return w.broken("read rpm", fmt.Errorf("a file of %d bytes", h.Size))
		case !h.Mode.IsRegular():
			continue
		}
		if err := w.member(h.Name, h.Size, r); err != nil {
			return err
		}
	}
}
