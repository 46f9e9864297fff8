// Package gitdir reads what a git directory says besides its objects: where
// its parts lie, the settings that tell how to read them, refs, reflogs, the
// index, and what a revision's name means.
//
// Everything is read as data: nothing is run, included or followed out of the
// git directory (symbolic links neither), and what cannot be read is a Gap.
//
// Limits: refs in files and packed-refs, not in a reftable; the index in one
// file, not split; of revisions' syntax names, ids, ~N and ^N.
package gitdir

import (
	"errors"
	"os"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// Dir is an open git directory.
type Dir struct {
	Layout
	Settings
	Shallow map[odb.ID]bool // commits whose parents were not brought along
	Own     *os.Root        // of this working tree: HEAD, index
	Shared  *os.Root        // of all working trees; the same files where there is one only
	Gaps    []*leak.Gap     // found while opening

	packed packedRefs
}

// Open opens the git directory of l.
func Open(l Layout) (*Dir, error) {
	d := &Dir{Layout: l}
	var err error
	if d.Own, err = os.OpenRoot(l.Git); err != nil {
		return nil, err
	}
	if d.Shared, err = os.OpenRoot(l.Common); err != nil {
		d.Own.Close()
		return nil, err
	}
	if err := d.readSettings(); err != nil {
		d.Close()
		return nil, err
	}
	d.readShallow()
	return d, nil
}

// Close closes the directory's files.
func (d *Dir) Close() error { return errors.Join(d.Own.Close(), d.Shared.Close()) }

// File is the place of a file of the git directory.
func (d *Dir) File(name string) leak.File { return leak.File{Name: d.Label + name} }

// Gap says that a file of the git directory could not be read.
func (d *Dir) Gap(name, code string, why error) *leak.Gap {
	return &leak.Gap{Place: d.File(name), Class: leak.Failure, Code: code, Why: why}
}

func (d *Dir) note(name, code string, why error) { d.Gaps = append(d.Gaps, d.Gap(name, code, why)) }
