package imagesource

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/oakum-sec/oakum/scanner/archive"
)

// store is a set of files that hold images: a folder, or a tar of one.
type store interface {
	// origin says what the digest of one of its files is worth.
	origin(name string) origin
	// open opens a file by its name with '/'; fs.ErrNotExist where there is none.
	open(name string) (io.ReadCloser, int64, error)
}

// metadataSize bounds a manifest or a configuration, in bytes. Registries refuse
// manifests above 4 MiB.
const metadataSize = 8 << 20

// metadata reads a small file whole.
func metadata(s store, name string) ([]byte, error) {
	r, size, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if size > metadataSize {
		return nil, fmt.Errorf("%s has %d bytes, more than a manifest may have", name, size)
	}
	text, err := io.ReadAll(io.LimitReader(r, metadataSize))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return text, nil
}

// folder is a store on disk. Nothing outside of it is opened.
type folder struct{ root *os.Root }

func openFolder(dir string) (folder, error) {
	root, err := os.OpenRoot(dir)
	return folder{root}, err
}

func (f folder) origin(name string) origin { return origin{file: f.root.Name() + "\x00" + name} }

func (f folder) open(name string) (io.ReadCloser, int64, error) {
	file, err := f.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, 0, errors.Join(err, fmt.Errorf("%s is no regular file", name))
	}
	return file, info.Size(), nil
}

// tarStore is a store in a tar. Of a plain file it knows where each member begins;
// a compressed one, or one that comes over a socket, is read anew for each.
type tarStore struct {
	ctx     context.Context // of the scan that the store was made for, and lives as long as
	stream  func(context.Context) (io.ReadCloser, error)
	file    *os.File // nil: a stream
	label   string   // tells it from other archives
	served  bool     // by a daemon, which goes by digests
	members map[string]member
}

type member struct {
	at, size int64
	link     string // another member
	content  []byte // of what is small, where the archive is a stream
}

// openTar reads the list of a tar's members.
func openTar(ctx context.Context, label string, stream func(context.Context) (io.ReadCloser, error)) (*tarStore, error) {
	s := &tarStore{ctx: ctx, label: label, stream: stream, members: map[string]member{}}
	r, err := s.begin()
	if err != nil {
		return nil, err
	}
	if f, ok := r.(*os.File); ok {
		s.file = f // kept open: layers are read from it
	} else {
		defer r.Close()
	}
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
		if err := s.add(h, t); err != nil {
			return nil, err
		}
	}
}

func (s *tarStore) add(h *tar.Header, t *tar.Reader) error {
	name, m := path.Clean(h.Name), member{size: h.Size}
	switch h.Typeflag {
	case tar.TypeReg:
	case tar.TypeSymlink:
		m.link = path.Join(path.Dir(name), h.Linkname)
	case tar.TypeLink:
		m.link = path.Clean(h.Linkname)
	default:
		return nil
	}
	var err error
	if s.file != nil {
		m.at, err = s.file.Seek(0, io.SeekCurrent)
	} else if h.Size < 1<<20 {
		m.content, err = io.ReadAll(t)
	}
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	s.members[name] = m
	return nil
}

// begin opens the stream, and takes off what it is compressed with.
func (s *tarStore) begin() (io.ReadCloser, error) {
	r, err := s.stream(s.ctx)
	if err != nil {
		return nil, err
	}
	head := make([]byte, archive.HeadSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		r.Close()
		return nil, err
	}
	f, isFile := r.(*os.File)
	switch format := archive.Sniff(head[:n]); {
	case format == archive.Tar && isFile:
		_, err := f.Seek(0, io.SeekStart)
		return f, err
	case format == archive.Tar:
		return both{io.MultiReader(bytes.NewReader(head[:n]), r), r}, nil
	case format == archive.Gzip:
		z, err := gzip.NewReader(io.MultiReader(bytes.NewReader(head[:n]), r))
		return both{z, r}, err
	case format == archive.Zstd:
		z, err := zstd.NewReader(io.MultiReader(bytes.NewReader(head[:n]), r))
		return both{z, r}, err
	default:
		r.Close()
		return nil, fmt.Errorf("it is no tar of images but %s", format)
	}
}

// both reads from one and closes the other.
type both struct {
	io.Reader
	io.Closer
}

func (s *tarStore) origin(name string) origin {
	return origin{file: s.label + "\x00" + path.Clean(name), served: s.served}
}

func (s *tarStore) open(name string) (io.ReadCloser, int64, error) {
	name = path.Clean(name)
	m, ok := s.members[name]
	for range 10 { // links in a circle lead nowhere
		if !ok || m.link == "" {
			break
		}
		name = m.link
		m, ok = s.members[name]
	}
	switch {
	case !ok || m.link != "":
		return nil, 0, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	case s.file != nil:
		return io.NopCloser(io.NewSectionReader(s.file, m.at, m.size)), m.size, nil
	case m.content != nil:
		return io.NopCloser(bytes.NewReader(m.content)), m.size, nil
	}
	r, err := s.again(name)
	return r, m.size, err
}

// again reads the stream up to a member.
func (s *tarStore) again(name string) (io.ReadCloser, error) {
	r, err := s.begin()
	if err != nil {
		return nil, err
	}
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("read the archive again: %w", err)
		}
		if path.Clean(h.Name) == name && h.Typeflag == tar.TypeReg {
			return both{t, r}, nil
		}
	}
}
