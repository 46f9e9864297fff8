package odb

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// looseDir is a directory of objects, one zlib stream a file.
type looseDir struct {
	Dir
	format object.Format
	root   *os.Root
	zlibs  sync.Pool // of io.ReadCloser: each is 40 KB, for objects that are mostly smaller
}

func openLoose(d Dir, format object.Format) (*looseDir, error) {
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return nil, err
	}
	return &looseDir{Dir: d, format: format, root: root}, nil
}

func (d *looseDir) name(id ID) string {
	s := hex.EncodeToString(id[:d.format.Size()])
	return s[:2] + "/" + s[2:]
}

func (d *looseDir) has(id ID) bool {
	_, err := d.root.Stat(d.name(id))
	return err == nil
}

// open reads an object's header. The caller closes the reader.
func (d *looseDir) open(id ID) (*looseReader, error) {
	f, err := openRegular(d.root, d.name(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, err
	}
	r := &looseReader{dir: d, file: f}
	if err = r.begin(); err == nil {
		err = r.credible()
	}
	if err != nil {
		r.Close()
		return nil, pack.Damaged(err)
	}
	return r, nil
}

// credible refuses a size that cannot come out of the file: somebody would take
// memory for it.
func (r *looseReader) credible() error {
	st, err := r.file.Stat()
	if err == nil && r.size/pack.MaxRatio > st.Size() {
		err = fmt.Errorf("%d bytes do not come out of the %d of its file", r.size, st.Size())
	}
	return err
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
	b.Grow(int(min(r.size, 1<<20)) + bytes.MinRead) // no more on the header's word alone
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
	io.Reader // behind the header
	dir       *looseDir
	file      *os.File
	zlib      io.ReadCloser
	kind      Kind
	size      int64
}

// maxLooseHead is the longest header: git itself reads no more than 32 bytes.
const maxLooseHead = 32

var errLooseHead = errors.New("its header is malformed")

// begin reads the header: kind, space, size in digits, zero. The format is in
// no man page: git's loose.c and object-file.c (parse_loose_header) have it.
func (r *looseReader) begin() (err error) {
	if z, ok := r.dir.zlibs.Get().(io.ReadCloser); ok {
		r.zlib, err = z, z.(zlib.Resetter).Reset(r.file, nil)
	} else {
		r.zlib, err = zlib.NewReader(r.file)
	}
	if err != nil {
		return err
	}
	z := bufio.NewReaderSize(r.zlib, maxLooseHead)
	head, err := z.ReadSlice(0)
	if errors.Is(err, bufio.ErrBufferFull) {
		return errLooseHead
	}
	if err != nil {
		return err
	}
	kind, size, _ := strings.Cut(string(head[:len(head)-1]), " ")
	n, err := strconv.ParseUint(size, 10, 63)
	if err == nil {
		r.kind, err = object.ParseKind(kind)
	}
	if err != nil {
		return errLooseHead // not err, which quotes: anything may stand there
	}
	r.size = int64(n)
	r.Reader = pack.Exactly(z, r.size)
	return nil
}

func (r *looseReader) Close() error {
	if r.zlib != nil {
		r.dir.zlibs.Put(r.zlib)
		r.zlib = nil
	}
	return r.file.Close()
}

// Loose lists the objects outside of packs, each once. One that cannot be read in
// any directory is of kind Unknown, and its Open tells why. Packs called after Loose
// has all the others, whatever git gc does in between.
func (db *DB) Loose() (all []pack.Loose, gaps []*leak.Gap) {
	at := map[ID]int{}
	for _, d := range db.dirs {
		err := d.each(func(id ID) {
			switch i, ok := at[id]; {
			case !ok:
				at[id] = len(all)
				all = append(all, db.describe(d, id))
			case all[i].Kind == object.Unknown:
				all[i] = db.describe(d, id)
			}
		})
		if err != nil {
			gaps = append(gaps, failure(d.Label, leak.GapUnreadable, err))
		}
	}
	db.morePacks(db.packs.open()) // git gc may have packed what was loose when the packs were listed
	return all, gaps
}

func (db *DB) describe(d *looseDir, id ID) pack.Loose {
	l := pack.Loose{ID: id, Size: -1, Open: func() (io.ReadCloser, error) {
		r, _, err := db.Open(id) // wherever it is by then: git gc packs loose objects
		return r, err
	}}
	if r, err := d.open(id); err == nil {
		l.Kind, l.Size = r.kind, r.size
		r.Close()
	}
	return l
}

// each calls f for every loose object's id.
func (d *looseDir) each(f func(ID)) error {
	var errs []error
	strange := 0
	for i := range 256 {
		n, err := d.fan(fmt.Sprintf("%02x", i), f)
		errs = append(errs, err)
		strange += n
	}
	if strange > 0 {
		errs = append(errs, fmt.Errorf("%d objects are named by another hash than the repository's (%s): see extensions.objectFormat in its configuration", strange, d.format))
	}
	return errors.Join(errs...)
}

// fan calls f for the objects whose id begins with the two digits of name. It
// counts those whose id is of another format, for which there is no reader here.
func (d *looseDir) fan(name string, f func(ID)) (strange int, err error) {
	entries, err := fs.ReadDir(d.root.FS(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, e := range entries {
		s := name + e.Name()
		id, wrong := object.Parse(s)
		switch {
		case wrong != nil || strings.ToLower(s) != s:
		case len(s) != 2*d.format.Size():
			strange++
		default:
			f(id)
		}
	}
	return strange, err
}
