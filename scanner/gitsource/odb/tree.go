package odb

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// ReadTree reads a tree, for NextEntry.
func (db *DB) ReadTree(id ID) ([]byte, error) {
	kind, raw, err := db.Read(id)
	if err == nil && kind != object.Tree {
		err = fmt.Errorf("read object %s: %w: it is a %s where a tree should be", id, ErrDamaged, kind)
	}
	return raw, err
}

// Entry is an entry of a tree: a file, link, folder or submodule. Its slices
// lie in the tree.
type Entry struct {
	Mode, Name []byte
	ID         ID
	raw        []byte
}

// IsTree tells whether e is a folder.
func (e Entry) IsTree() bool { return e.Mode[0] == '4' || bytes.HasPrefix(e.Mode, []byte("04")) }

// IsLink tells whether e is a submodule: the commit of another repository.
func (e Entry) IsLink() bool { return bytes.HasPrefix(e.Mode, []byte("16")) }

var errTree = errors.New("does not parse as a tree")

// NextEntry takes an entry off a tree of ids of format f: mode, space, name,
// zero, id.
func NextEntry(b []byte, f object.Format) (e Entry, rest []byte, err error) {
	space := bytes.IndexByte(b, ' ')
	if space < 1 || space > 7 {
		return e, nil, errTree
	}
	zero := bytes.IndexByte(b[space:], 0) + space
	end := zero + 1 + f.Size()
	if zero <= space+1 || end > len(b) {
		return e, nil, errTree
	}
	e = Entry{Mode: b[:space], Name: b[space+1 : zero], raw: b[:end]}
	e.ID = object.FromBytes(b[zero+1 : end])
	return e, b[end:], nil
}

// Cursor walks a tree beside another. Trees are sorted; one that is not makes
// entries look new that are not, which costs time and no finding.
type Cursor struct {
	rest   []byte
	format object.Format
}

// NewCursor begins at the start of a tree of ids of format f.
func NewCursor(tree []byte, f object.Format) Cursor { return Cursor{tree, f} }

// Seek looks e up in the trees of cursors: whether one has it just so, and the
// trees that stand at its name.
func Seek(cursors []Cursor, e Entry) (subs []ID, same bool) {
	for i := range cursors {
		c := &cursors[i]
		for len(c.rest) > 0 {
			if bytes.HasPrefix(c.rest, e.raw) {
				c.rest, same = c.rest[len(e.raw):], true
				break
			}
			old, rest, err := NextEntry(c.rest, c.format)
			if err != nil {
				c.rest = nil
				break
			}
			order := compareEntries(old, e)
			if order > 0 {
				break
			}
			c.rest = rest
			if order == 0 {
				same = same || old.ID == e.ID && old.IsLink() == e.IsLink() // another mode is no other content, but a link is none of ours
				if old.IsTree() && e.IsTree() {
					subs = append(subs, old.ID)
				}
				break
			}
		}
	}
	return subs, same
}

// compareEntries orders as git sorts trees: a tree's name ends in a slash.
func compareEntries(a, b Entry) int {
	n := min(len(a.Name), len(b.Name))
	if c := bytes.Compare(a.Name[:n], b.Name[:n]); c != 0 {
		return c
	}
	return int(after(a, n)) - int(after(b, n))
}

// after is the byte of e's name at n, which may be the end.
func after(e Entry, n int) byte {
	switch {
	case n < len(e.Name):
		return e.Name[n]
	case e.IsTree():
		return '/'
	}
	return 0
}
