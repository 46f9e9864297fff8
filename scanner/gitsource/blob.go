package gitsource

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"regexp"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// gitBlob is the Blob of a file's content, opened when a worker comes to it.
func (r *Repo) gitBlob(place leak.GitBlob, h id, size int64, reach leak.Reach) scanner.Blob {
	return scanner.Blob{Place: place, Sum: h.String(), Size: size, Reach: reach, Open: r.opener(h, place)}
}

// message is the Blob of an object that is a text as it is: a commit or a tag.
func (r *Repo) message(h id, what, ref string, size int64, reach leak.Reach, origin *leak.Origin) scanner.Blob {
	place := leak.GitMessage{Repo: r.name, Object: h.String(), What: what, Ref: ref}
	return scanner.Blob{Place: place, Sum: h.String(), Size: size, Reach: reach, Origin: origin, Open: r.opener(h, place)}
}

// words is the Blob of a text that is no object: a ref's name, a line of a log.
func (r *Repo) words(place leak.GitMessage, s string, reach leak.Reach) scanner.Blob {
	place.Repo = r.name
	return scanner.Blob{Place: place, Size: int64(len(s)), Reach: reach, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(s))), nil
	}}
}

func (r *Repo) opener(h id, place leak.Place) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rc, size, err := r.db.Open(h)
		if err != nil {
			return nil, r.gapOf(err, place)
		}
		if size <= maxPointer {
			return r.checkPointer(rc, place)
		}
		return &objectReader{rc, r, place}, nil
	}
}

// objectReader makes a Gap of an object that turns out damaged halfway.
type objectReader struct {
	io.ReadCloser
	r     *Repo
	place leak.Place
}

func (o *objectReader) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = o.r.gapOf(err, o.place)
	}
	return n, err
}

// maxPointer is the largest LFS pointer: its specification says 1024 bytes.
const maxPointer = 1024

// pointer is a whole LFS pointer and nothing else, so that no text hides
// behind one. Format: docs/spec.md of git-lfs; extensions are left to be scanned.
var pointer = regexp.MustCompile(`\Aversion https://git-lfs\.github\.com/spec/v1\r?\noid sha256:([0-9a-f]{64})\r?\nsize ([0-9]{1,18})\r?\n?\z`)

// checkPointer makes a boundary Gap of an LFS pointer whose content is not
// here. Content that is, is among the files of the git directory.
func (r *Repo) checkPointer(rc io.ReadCloser, place leak.Place) (io.ReadCloser, error) {
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		return nil, r.gapOf(err, place)
	}
	if m := pointer.FindSubmatch(b); m != nil {
		oid := string(m[1])
		if _, err := fs.Stat(r.dir.Shared.FS(), "lfs/objects/"+oid[:2]+"/"+oid[2:4]+"/"+oid); err != nil {
			return nil, &leak.Gap{Place: place, Class: leak.Boundary, Code: leak.GapLFS,
				Why: fmt.Errorf("content of %s bytes (%s) is on the LFS server: bring it with git lfs fetch --all", m[2], oid[:10])}
		}
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}
