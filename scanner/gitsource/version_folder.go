package gitsource

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// maxFolder bounds the files that Folder reads, and maxDeep the folders within
// folders: of a tree that is made to have millions nobody wants the contents.
const (
	maxFolder = 10_000
	maxDeep   = 32
)

// Folder is the content of the files below the folder at name (with '/'; "" is the
// top) in the commit that rev names, by their paths below it, as far as want asks
// for them. Links and submodules are left out. The error is fs.ErrNotExist's where
// the commit has no such folder.
func (r *Repo) Folder(rev, name string, want func(name string) bool) (map[string][]byte, error) {
	at, err := r.treeOf(rev)
	if err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" {
			continue
		}
		e, err := r.child(at, part)
		if err == nil && !e.IsTree() {
			err = fs.ErrNotExist
		}
		if err != nil {
			return nil, fmt.Errorf("read %s:%s: %w", rev, name, err)
		}
		at = e.ID
	}
	f := folder{Repo: r, want: want, files: map[string][]byte{}}
	return f.files, f.read(at, "", 0)
}

// folder is a folder of a commit as it is read.
type folder struct {
	*Repo
	want  func(name string) bool
	files map[string][]byte
}

func (f *folder) read(tree id, below string, deep int) error {
	raw, err := f.db.ReadTree(tree)
	for e := (odb.Entry{}); err == nil && len(raw) > 0; {
		if e, raw, err = odb.NextEntry(raw, f.dir.Format); err != nil {
			break
		}
		name := path.Join(below, string(e.Name))
		switch {
		case e.IsTree() && deep < maxDeep:
			err = f.read(e.ID, name, deep+1)
		case e.IsTree() || e.IsLink() || bytes.HasPrefix(e.Mode, []byte("12")) || !f.want(name):
		case len(f.files) == maxFolder:
			err = fmt.Errorf("more than %d files", maxFolder)
		default:
			f.files[name], err = f.content(e.ID, name)
		}
	}
	return err
}
