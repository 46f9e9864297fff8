package gitsource

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// maxVersion bounds what File reads into memory: files that configure, and old
// versions of files that a finding is in.
const maxVersion = 256 << 20

// Has tells whether rev names an object that is here.
func (r *Repo) Has(rev string) bool {
	h, err := r.dir.Resolve(r.db, rev)
	return err == nil && r.db.Has(h)
}

// File is the content of the file at path (with '/') in the commit that rev
// names. The error is fs.ErrNotExist's where the commit has no such file.
func (r *Repo) File(rev, path string) ([]byte, error) {
	at, err := r.treeOf(rev)
	if err != nil {
		return nil, err
	}
	names := strings.Split(path, "/")
	for i, name := range names {
		e, err := r.child(at, name)
		if err == nil && (e.IsLink() || e.IsTree() != (i < len(names)-1)) {
			err = fs.ErrNotExist
		}
		if err != nil {
			return nil, fmt.Errorf("read %s:%s: %w", rev, path, err)
		}
		at = e.ID
	}
	return r.content(at, rev+":"+path)
}

// treeOf is the top folder of the commit that rev names.
func (r *Repo) treeOf(rev string) (tree id, err error) {
	h, err := r.dir.Resolve(r.db, rev)
	if err == nil {
		h, err = r.db.Peel(h)
	}
	if err != nil {
		return tree, err
	}
	c, err := r.db.ReadCommit(h)
	if err != nil {
		return tree, fmt.Errorf("read commit %s: %w", rev, err)
	}
	return c.Tree, nil
}

// child is the entry of a tree that has the name.
func (r *Repo) child(tree id, name string) (odb.Entry, error) {
	raw, err := r.db.ReadTree(tree)
	for e := (odb.Entry{}); err == nil && len(raw) > 0; {
		if e, raw, err = odb.NextEntry(raw, r.dir.Format); err == nil && bytes.Equal(e.Name, []byte(name)) {
			return e, nil
		}
	}
	if err == nil {
		err = fs.ErrNotExist
	}
	return odb.Entry{}, err
}

func (r *Repo) content(h id, name string) ([]byte, error) {
	rc, size, err := r.db.Open(h)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer rc.Close()
	if size > maxVersion {
		return nil, fmt.Errorf("read %s: %d bytes are more than the %d allowed", name, size, maxVersion)
	}
	b, err := io.ReadAll(rc)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}
