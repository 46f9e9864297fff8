package gitsource

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Metadata yields the files of the git directory that are no objects, refs or
// logs: configuration with its remotes' URLs, hooks, messages being written,
// recorded conflict resolutions, and the LFS store's content.
func (r *Repo) Metadata() scanner.Source { return sourceFunc(r.metadata) }

func (r *Repo) metadata(e *emitter) {
	fs.WalkDir(r.dir.Shared.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case e.stopped():
			return fs.SkipAll
		case err != nil:
			e.gaps(r.dir.Gap(name, leak.GapUnreadable, err))
			return nil
		case d.IsDir() && elsewhere(name):
			return fs.SkipDir
		case d.IsDir() || elsewhere(name):
			return nil
		}
		r.metaFile(e, name, d)
		return nil
	})
}

// elsewhere tells which parts of the git directory are read by other means:
// objects, refs, logs and indexes by history; modules as repositories.
func elsewhere(name string) bool {
	if rest, ok := strings.CutPrefix(name, "worktrees/"); ok {
		_, name, _ = strings.Cut(rest, "/")
	}
	switch name {
	case "refs", "logs", "index", "modules":
		return true
	}
	if rest, ok := strings.CutPrefix(name, "objects/"); ok {
		top, _, _ := strings.Cut(rest, "/")
		return top != "info" || strings.HasPrefix(rest, "info/commit-graph") // hashes of what history reads
	}
	return strings.HasPrefix(name, "sharedindex.")
}

// metaFile yields one file. It is opened below the git directory only: a link
// out of it (a hostile repository's ".git/config", to somebody's key) is a Gap.
func (r *Repo) metaFile(e *emitter, name string, d fs.DirEntry) {
	kind := d.Type()
	if kind&fs.ModeSymlink != 0 { // os.Root follows it, but not out of the git directory
		if st, err := r.dir.Shared.Stat(name); err == nil {
			kind = st.Mode().Type()
		} else {
			e.gaps(r.dir.Gap(name, leak.GapUnreadable, err))
			return
		}
	}
	switch {
	case kind&fs.ModeSocket != 0: // the file system monitor's; nothing lies in it
		return
	case kind.IsDir():
		e.gaps(r.dir.Gap(name, leak.GapSpecial, errors.New("a link to a folder is not followed")))
		return
	case !kind.IsRegular():
		e.gaps(r.dir.Gap(name, leak.GapSpecial, errors.New("is no file")))
		return
	}
	size := int64(-1)
	if st, err := r.dir.Shared.Stat(name); err == nil {
		size = st.Size()
	}
	place := r.dir.File(name)
	e.blob(scanner.Blob{Place: place, Size: size, Reach: leak.Worktree, Open: func(ctx context.Context) (io.ReadCloser, error) {
		return openFile(ctx, r.dir.Shared, name)
	}})
}

func openFile(ctx context.Context, root *os.Root, name string) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err // not f: a nil *os.File is no nil ReadCloser
	}
	return f, nil
}
