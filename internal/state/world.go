package state

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// racy is how much older than its fingerprint a change has to be for a later one
// to show: FAT counts in steps of two seconds. git takes the same care of its index
// (git's Documentation/technical/racy-git.txt).
const racy = 2 * time.Second

// ErrRacy is returned where something changed so shortly before that a fingerprint
// might not tell it from the next change.
var ErrRacy = errors.New("changed just now")

// World is a fingerprint of everything in folders, by names and what stat(2) tells:
// sizes, times, modes, and where the system has them (Unix) the times of status
// changes, which nobody can set back, and the numbers of files. No file is opened.
// now is when the caller began, before he read anything.
func World(folders []string, now time.Time) (Key, error) {
	roots, err := distinct(folders)
	if err != nil {
		return Key{}, err
	}
	w := world{last: now.Add(-racy)}
	h := sha256.New()
	for _, root := range roots {
		w.buf = appendText(w.buf[:0], root)
		h.Write(w.buf)
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			w.buf = w.buf[:0]
			if err := w.entry(name[len(root):], name, d); err != nil {
				return err
			}
			h.Write(w.buf)
			return nil
		})
		if err != nil {
			return Key{}, fmt.Errorf("look at %s: %w", root, err)
		}
	}
	return Key(h.Sum(nil)), nil
}

// distinct are folders without links, none of which lies in another one.
func distinct(folders []string) (roots []string, err error) {
	var all []string
	for _, f := range folders {
		f, err := filepath.EvalSymlinks(f)
		if err == nil {
			f, err = filepath.Abs(f)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	slices.Sort(all)
	for _, f := range slices.Compact(all) {
		if !slices.ContainsFunc(roots, func(r string) bool { return Inside(f, r) }) {
			roots = append(roots, f)
		}
	}
	return roots, nil
}

// Inside tells whether the path name is folder or lies in it. Both are clean and
// absolute.
func Inside(name, folder string) bool {
	rel, err := filepath.Rel(folder, name)
	return err == nil && (rel == "." || filepath.IsLocal(rel))
}

// world describes entries.
type world struct {
	last time.Time // what changed later is racy
	buf  []byte
}

// entry appends a description of an entry to buf. A folder's own times say no more
// than the list of its entries, and git changes them by locking.
func (w *world) entry(rel, name string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	w.buf = appendText(w.buf, rel)
	w.buf = binary.BigEndian.AppendUint32(w.buf, uint32(info.Mode()))
	if info.IsDir() {
		w.buf = appendPlace(w.buf, info)
		return nil
	}
	changed := info.ModTime()
	w.buf = binary.BigEndian.AppendUint64(w.buf, uint64(info.Size()))
	w.buf = binary.BigEndian.AppendUint64(w.buf, uint64(changed.UnixNano()))
	w.buf, changed = appendStatus(w.buf, info, changed)
	if changed.After(w.last) {
		return fmt.Errorf("%s: %w", strings.TrimPrefix(rel, string(filepath.Separator)), ErrRacy)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(name)
		if err != nil {
			return err
		}
		w.buf = appendText(w.buf, target)
	}
	return nil
}

// appendText appends s so that no other sequence of texts gives the same bytes.
func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// Covers tells whether all of more are among folders, or lie in one of them.
func Covers(folders, more []string) (bool, error) {
	roots, err := distinct(folders)
	if err != nil {
		return false, err
	}
	all, err := distinct(append(slices.Clone(folders), more...))
	return err == nil && slices.Equal(roots, all), err
}
