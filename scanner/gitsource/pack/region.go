package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// region is the bytes of a file: mapped into memory where the system does that,
// else read when they are asked for. Either way the file stays ours when somebody
// unlinks it, as git gc does.
type region struct {
	mem  []byte   // all of the file, or nil
	file *os.File // where mem is nil
	size int64
}

// mapper maps a file into memory.
type mapper func(f *os.File, size int64) ([]byte, error)

// openRegion opens a file, but nothing that could make us wait for ever, as a
// named pipe does.
func openRegion(dir *os.Root, name string, mapped mapper) (*region, error) {
	st, err := dir.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("is no file")}
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	if st, err = f.Stat(); err != nil {
		f.Close()
		return nil, err
	}
	r := &region{file: f, size: st.Size()}
	if mem, err := mapped(f, r.size); err == nil {
		f.Close()
		r.mem, r.file = mem, nil
	}
	return r, nil
}

// whole is all bytes of the region, read into memory if they are not mapped. It
// is for indexes: what is looked up in them cannot fail half-way.
func (r *region) whole() ([]byte, error) {
	if r.mem != nil {
		return r.mem, nil
	}
	if r.size > maxWhole {
		return nil, fmt.Errorf("%d bytes of index are more than the %d that are read into memory where files cannot be mapped", r.size, int64(maxWhole))
	}
	b := make([]byte, r.size)
	_, err := r.file.ReadAt(b, 0)
	return b, err
}

// maxWhole has room for the index of 60 million objects.
const maxWhole = 1<<31 - 1

// at is the n bytes from off on, fewer where the region ends: a part of the
// mapping, or of buf, which is replaced by a longer one if it is too short.
func (r *region) at(off int64, n int, buf []byte) ([]byte, error) {
	if off < 0 || off > r.size {
		return nil, fmt.Errorf("%w: offset %d lies behind its end", ErrTruncated, off)
	}
	n = int(min(int64(n), r.size-off))
	if r.mem != nil {
		return r.mem[off : off+int64(n)], nil
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	n, err := r.file.ReadAt(buf[:n], off)
	if err == io.EOF {
		err = nil // shorter than it was: the decoder tells that bytes are missing
	}
	return buf[:n], err
}

// ReadAt reads as io.ReaderAt wants it, faults included: no Guard is needed.
func (r *region) ReadAt(p []byte, off int64) (n int, err error) {
	if r.file != nil {
		return r.file.ReadAt(p, off)
	}
	err = Guard(func() error {
		b, err := r.at(off, len(p), nil)
		n = copy(p, b)
		return err
	})
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

func (r *region) close() error {
	if r.file != nil {
		return r.file.Close()
	}
	mem := r.mem
	r.mem = nil
	return unmap(mem)
}
