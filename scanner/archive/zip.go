package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/oakum-sec/oakum/leak"
)

// zip reads a zip by its directory where that can be reached, else as it comes.
func (w *walk) zip() error {
	if w.src.At == nil || w.src.Size < 0 {
		held, err := io.ReadAll(io.LimitReader(w.src.Reader, w.limits.Memory+1))
		if err != nil {
			return w.broken("read zip", err)
		}
		if int64(len(held)) > w.limits.Memory {
			return w.zipStream(io.MultiReader(bytes.NewReader(held), w.src.Reader))
		}
		w.src.At, w.src.Size = bytes.NewReader(held), int64(len(held))
	}
	if n := zipRecords(w.src.At, w.src.Size); n > int64(w.limits.Entries) {
		w.gap("", leak.GapLimit, fmt.Errorf("%d files in one archive, more than %d", n, w.limits.Entries))
		return nil
	}
	r, err := zip.NewReader(w.src.At, w.src.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return w.broken("read zip", zipError(err, w.src))
	}
	r.RegisterDecompressor(zip.Deflate, func(in io.Reader) io.ReadCloser { return flate.NewReader(in) })
	for _, f := range r.File {
		if err := w.zipFile(f); err != nil {
			return err
		}
	}
	return nil
}

// zipError tells an archive that was cut, whose directory stands at its end, from
// another that is damaged: cut ones begin well.
func zipError(err error, src Source) error {
	head := make([]byte, 4)
	if n, _ := src.At.ReadAt(head, 0); errors.Is(err, zip.ErrFormat) && n == 4 && string(head) == localHeader {
		return fmt.Errorf("its directory is not at its end: %w", io.ErrUnexpectedEOF)
	}
	return err
}

func (w *walk) zipFile(f *zip.File) error {
	switch {
	case strings.HasSuffix(f.Name, "/") || f.Mode()&^0o777 != 0 && !f.Mode().IsRegular():
		return nil
	case f.Flags&encryptedFlag != 0:
		w.gapOf(f.Name, leak.Boundary, leak.GapEncrypted, errEncrypted)
		return nil
	}
	r, err := f.Open()
	if err != nil {
		g := GapOf(err)
		if errors.Is(err, zip.ErrAlgorithm) {
			g = &leak.Gap{Class: leak.Boundary, Code: leak.GapUnknown, Why: fmt.Errorf("compressed by method %d, which is not known here", f.Method)}
		}
		w.missed(f.Name, g)
		return nil
	}
	defer r.Close()
	out := w.unpacked(r, &packed{})
	out.in.n.Store(int64(f.CompressedSize64)) // by the directory: a zip's reader does not tell
	return w.member(f.Name, int64(f.UncompressedSize64), out)
}

var errEncrypted = errors.New("it needs a password: unpack it and scan what comes out")

// zipRecords is how many entries the directory says it has: reading it takes some
// 200 bytes for each, so that is asked first. 0 where it cannot be told.
func zipRecords(at io.ReaderAt, size int64) int64 {
	const endSize, comment, zip64Size = 22, 1<<16 - 1, 56 // APPNOTE 4.3.16, 4.3.14
	tail := make([]byte, min(size, endSize+comment))
	n, _ := at.ReadAt(tail, size-int64(len(tail)))
	i := bytes.LastIndex(tail[:n], []byte("PK\x05\x06"))
	if i < 0 || n-i < endSize {
		return 0
	}
	records := int64(binary.LittleEndian.Uint16(tail[i+10:]))
	if i >= 20 && string(tail[i-20:i-16]) == "PK\x06\x07" { // the locator of zip64's record, 4.3.15
		wide := make([]byte, zip64Size)
		where := binary.LittleEndian.Uint64(tail[i-12:])
		if where < uint64(size) {
			if n, _ := at.ReadAt(wide, int64(where)); n == zip64Size && string(wide[:4]) == "PK\x06\x06" {
				records = int64(binary.LittleEndian.Uint64(wide[32:]) & (1<<62 - 1))
			}
		}
	}
	return records
}
