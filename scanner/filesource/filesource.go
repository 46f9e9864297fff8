// Package filesource yields the files below some folders, and the standard
// input.
//
// It follows no symbolic link below a folder that it was given (a link's target
// is scanned where it lies, if that is below too), opens nothing that is not a
// regular file, and does all of it through an os.Root for each folder, so that a
// tree that changes under it cannot lead it elsewhere. What it passes over is a
// Gap: what it may not read, devices and pipes, mounts of kernel file systems,
// and repositories whose history only gitsource can read.
package filesource

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Root is a file or folder to scan and how its places are named.
type Root struct {
	Path string // on disk; a link here is followed, the user named it
	Name string // in places, with '/'; "" for a folder whose files are named from inside it
}

// Options change what is yielded; the zero value yields everything.
type Options struct {
	// SkipGit leaves the .git of the roots themselves alone, without a Gap:
	// gitsource reads it.
	SkipGit bool
	// Reach labels the blobs; zero is leak.Worktree.
	Reach leak.Reach
}

// Source yields the files below its roots, root by root in the order given,
// each folder's entries by name.
type Source struct {
	roots []Root
	opt   Options
}

var _ scanner.Source = (*Source)(nil)

// New makes a Source of roots.
func New(roots []Root, opt Options) *Source { return &Source{roots, opt} }

// Named makes Roots of paths as a user typed them.
func Named(paths ...string) []Root {
	roots := make([]Root, len(paths))
	for i, p := range paths {
		roots[i] = Root{Path: p, Name: filepath.ToSlash(filepath.Clean(p))}
		if roots[i].Name == "." {
			roots[i].Name = ""
		}
	}
	return roots
}

// Blobs yields the files. A root that does not exist ends it with an error: the
// user named something that is not there.
func (s *Source) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, r := range s.roots {
			info, err := os.Stat(r.Path)
			if err != nil {
				yield(scanner.Blob{}, err)
				return
			}
			if !s.root(ctx, r, info, yield) {
				return
			}
		}
	}
}

func (s *Source) root(ctx context.Context, r Root, info fs.FileInfo, yield func(scanner.Blob, error) bool) bool {
	if !info.IsDir() {
		return s.single(r, info, yield)
	}
	w := &walk{ctx: ctx, opt: s.opt, yield: yield, ahead: make(chan struct{}, listAhead)}
	dir, err := os.OpenRoot(r.Path)
	if err != nil {
		return yield(scanner.Blob{}, unreadable(leak.File{Name: nameOr(r)}, err))
	}
	return w.folder(&folder{root: dir, name: r.Name, info: info})
}

// single yields a root that is no folder.
func (s *Source) single(r Root, info fs.FileInfo, yield func(scanner.Blob, error) bool) bool {
	place := leak.File{Name: nameOr(r)}
	if !info.Mode().IsRegular() && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) == 0 {
		return yield(scanner.Blob{}, special(place, info.Mode()))
	}
	return yield(scanner.Blob{Place: place, Size: sizeOf(info), Reach: s.opt.Reach,
		Open: func(context.Context) (io.ReadCloser, error) { return os.Open(r.Path) }}, nil)
}

// sizeOf is -1 for a pipe (a process substitution), which the user may name.
func sizeOf(info fs.FileInfo) int64 {
	if info.Mode().IsRegular() {
		return info.Size()
	}
	return -1
}

func nameOr(r Root) string {
	if r.Name != "" {
		return r.Name
	}
	return path.Base(filepath.ToSlash(r.Path))
}

// Stdin yields what can be read from in, as one text.
func Stdin(in io.Reader) scanner.Source { return stdin{in} }

type stdin struct{ in io.Reader }

func (s stdin) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		yield(scanner.Blob{Place: leak.Stdin{}, Size: -1,
			Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(s.in), nil }}, nil)
	}
}

func unreadable(place leak.Place, err error) *leak.Gap {
	return &leak.Gap{Place: place, Class: leak.Failure, Code: leak.GapUnreadable, Why: err}
}

func special(place leak.Place, mode fs.FileMode) *leak.Gap {
	return &leak.Gap{Place: place, Class: leak.Boundary, Code: leak.GapSpecial,
		Why: fmt.Errorf("not a regular file (%s): nothing to scan", mode.Type())}
}
