package odb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/objfile"
)

// looseDir is a directory of objects, one zlib stream a file.
type looseDir struct {
	Dir
	root *os.Root
}

func openLoose(d Dir) (*looseDir, error) {
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return nil, err
	}
	return &looseDir{d, root}, nil
}

func looseName(id ID) string {
	s := id.String()
	return s[:2] + "/" + s[2:]
}

func (d *looseDir) has(id ID) bool {
	_, err := d.root.Stat(looseName(id))
	return err == nil
}

// open reads an object's header. The caller closes the reader.
func (d *looseDir) open(id ID) (*looseReader, error) {
	f, err := openRegular(d.root, looseName(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, err
	}
	z, err := objfile.NewReader(f)
	if err != nil {
		f.Close()
		return nil, damaged(err)
	}
	r := &looseReader{file: f, z: z}
	if r.kind, r.size, err = z.Header(); err == nil && r.size < 0 {
		err = objfile.ErrNegativeSize
	}
	if err != nil {
		r.Close()
		return nil, damaged(err)
	}
	r.left = r.size
	return r, nil
}

// openRegular opens a file, but nothing that could make us wait for ever, as a
// named pipe does.
func openRegular(root *os.Root, name string) (*os.File, error) {
	st, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: not a file", name)
	}
	return root.Open(name)
}

// damaged words the decoders' errors: an end of file is no end of a read here.
func damaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early", ErrDamaged)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// ErrDamaged is in every error about an object that is there and does not decode.
var ErrDamaged = errors.New("object is damaged")

func (d *looseDir) read(id ID) (Kind, []byte, error) {
	r, err := d.open(id)
	if err != nil {
		return 0, nil, err
	}
	defer r.Close()
	if r.size > MaxDelta {
		return r.kind, nil, ErrTooLarge
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		return r.kind, nil, err
	}
	return r.kind, b.Bytes(), nil
}

// stream opens an object if it is there and large, else returns nil.
func (d *looseDir) stream(id ID) (io.ReadCloser, int64) {
	r, err := d.open(id)
	if err != nil {
		return nil, 0
	}
	if r.size < streamFrom {
		r.Close()
		return nil, 0
	}
	return r, r.size
}

// looseReader reads an object's content and holds it to its declared size.
type looseReader struct {
	file *os.File
	z    *objfile.Reader
	kind Kind
	size int64
	left int64
}

func (r *looseReader) Read(p []byte) (int, error) {
	n, err := r.z.Read(p)
	r.left -= int64(n)
	switch {
	case r.left < 0:
		return 0, fmt.Errorf("%w: it is longer than the %d bytes it declares", ErrDamaged, r.size)
	case err == io.EOF && r.left > 0:
		return n, fmt.Errorf("%w: it ends %d bytes before its declared size", ErrDamaged, r.left)
	case err != nil && err != io.EOF:
		return n, damaged(err)
	}
	return n, err
}

func (r *looseReader) Close() error {
	return errors.Join(r.z.Close(), r.file.Close())
}

// each calls f for every loose object's id.
func (d *looseDir) each(f func(ID)) error {
	var errs []error
	for i := range 256 {
		errs = append(errs, d.fan(fmt.Sprintf("%02x", i), f))
	}
	return errors.Join(errs...)
}

// fan calls f for the objects whose id begins with the two digits of name.
func (d *looseDir) fan(name string, f func(ID)) error {
	entries, err := fs.ReadDir(d.root.FS(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if s := name + e.Name(); plumbing.IsHash(s) && strings.ToLower(s) == s {
			f(plumbing.NewHash(s))
		}
	}
	return err
}
