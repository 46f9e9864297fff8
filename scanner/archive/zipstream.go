package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/oakum-sec/oakum/leak"
)

// A zip's local headers (APPNOTE 4.3.7): what a reader has who cannot jump to the
// directory at the end.
const (
	localHeader   = "PK\x03\x04"
	localSize     = 30
	encryptedFlag = 1      // bit 0
	laterFlag     = 1 << 3 // sizes follow the content
	methodStored  = 0
	methodDeflate = 8
)

// localFile is a local header.
type localFile struct {
	flags, method uint16
	packed, size  int64
	name          string
}

// zipStream reads a large zip as it comes. What has neither a size nor an end of
// its own (stored, sizes later) cannot be passed by: a Gap for the rest.
func (w *walk) zipStream(src io.Reader) error {
	counted := &packed{Reader: src}
	in := bufio.NewReaderSize(counted, 64<<10)
	if mark, err := in.Peek(4); err == nil && string(mark) == "PK\x07\x08" { // of an archive in parts that became one, 8.5.4
		in.Discard(4)
	}
	for {
		f, err := readLocal(in)
		if f == nil {
			if err != nil {
				return w.broken("read zip", err)
			}
			return nil
		}
		if err := w.localFile(f, in, counted); err != nil {
			return err
		}
	}
}

// readLocal reads the next local header; nil where the directory begins.
func readLocal(in *bufio.Reader) (*localFile, error) {
	var h [localSize]byte
	if _, err := io.ReadFull(in, h[:4]); err != nil {
		return nil, noEOF(err)
	}
	switch string(h[:4]) {
	case localHeader:
	case "PK\x01\x02", "PK\x05\x06", "PK\x06\x08", "PK\x06\x06": // the directory, or what stands before it
		return nil, nil
	default:
		return nil, errors.New("no file and no directory where one should begin")
	}
	if _, err := io.ReadFull(in, h[4:]); err != nil {
		return nil, noEOF(err)
	}
	f := &localFile{
		flags: binary.LittleEndian.Uint16(h[6:]), method: binary.LittleEndian.Uint16(h[8:]),
		packed: int64(binary.LittleEndian.Uint32(h[18:])), size: int64(binary.LittleEndian.Uint32(h[22:])),
	}
	rest := make([]byte, int(binary.LittleEndian.Uint16(h[26:]))+int(binary.LittleEndian.Uint16(h[28:])))
	if _, err := io.ReadFull(in, rest); err != nil {
		return nil, noEOF(err)
	}
	n := binary.LittleEndian.Uint16(h[26:])
	f.name = string(rest[:n])
	f.wide(rest[n:])
	return f, nil
}

// wide takes sizes of over 4 GB from the extra field 1 (4.5.3).
func (f *localFile) wide(extra []byte) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return
		}
		if id == 1 && n >= 16 && f.size == 0xffffffff {
			f.size = int64(binary.LittleEndian.Uint64(extra) & (1<<62 - 1))
			f.packed = int64(binary.LittleEndian.Uint64(extra[8:]) & (1<<62 - 1))
		}
		extra = extra[n:]
	}
}

func (w *walk) localFile(f *localFile, in *bufio.Reader, counted *packed) error {
	later := f.flags&laterFlag != 0
	switch {
	case later && f.method != methodDeflate || later && f.flags&encryptedFlag != 0:
		w.gap("", leak.GapUnknown, fmt.Errorf("%s says how long it is only at its end, and so the rest cannot be found: unpack it and scan what comes out", f.name))
		return errStop
	case f.flags&encryptedFlag != 0:
		w.gapOf(f.name, leak.Boundary, leak.GapEncrypted, errEncrypted)
		return w.pass(in, f.packed)
	case f.method != methodStored && f.method != methodDeflate:
		w.gapOf(f.name, leak.Boundary, leak.GapUnknown, fmt.Errorf("compressed by method %d, which is not known here", f.method))
		return w.pass(in, f.packed)
	case strings.HasSuffix(f.name, "/") && !later:
		return w.pass(in, f.packed)
	}
	if later {
		return w.openEnded(f, in, counted)
	}
	return w.sized(f, in)
}

// sized hands out a content whose size is known, and passes by what of it was left.
func (w *walk) sized(f *localFile, in *bufio.Reader) error {
	content := &packed{Reader: &exactly{io.LimitReader(in, f.packed), f.packed}}
	var r io.Reader = content
	if f.method == methodDeflate {
		r = flate.NewReader(content)
	}
	if err := w.member(f.name, f.size, w.unpacked(r, content)); err != nil {
		return err
	}
	return w.pass(in, f.packed-content.n.Load())
}

// openEnded hands out a content that ends where its deflate stream does. flate
// reads a bufio.Reader byte by byte, and so nothing of what follows.
func (w *walk) openEnded(f *localFile, in *bufio.Reader, counted *packed) error {
	out := w.unpacked(flate.NewReader(in), counted)
	out.from = counted.n.Load()
	if err := w.member(f.name, -1, out); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		return w.broken("read zip", noEOF(err))
	}
	return w.descriptor(in)
}

// descriptor passes by the sizes that follow a content: 12 bytes or, in a zip64, 20,
// with a signature before them or not (4.3.9). What follows must be a header.
func (w *walk) descriptor(in *bufio.Reader) error {
	for _, n := range []int{16, 12, 24, 20} {
		next, _ := in.Peek(n + 4)
		if len(next) == n+4 && string(next[n:n+2]) == "PK" {
			in.Discard(n)
			return nil
		}
	}
	return w.broken("read zip", errors.New("what follows a file's content is neither a file nor the directory"))
}

func (w *walk) pass(in *bufio.Reader, n int64) error {
	if _, err := io.CopyN(io.Discard, in, n); err != nil {
		return w.broken("read zip", noEOF(err))
	}
	return nil
}

// noEOF makes an end where there should be none what it is.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
