package pack

import (
	"bytes"
	"errors"
	"os"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// OpenRead is Open on a system that maps no files.
func OpenRead(dir *os.Root, name string, format object.Format) (*File, error) {
	return open(dir, name, format, func(*os.File, int64) ([]byte, error) { return nil, errors.ErrUnsupported })
}

// Unchecked makes f forget the checksums of its objects.
func Unchecked(f *File) { f.checks = nil }

// ParseEntry is what Entry reads heads with.
var ParseEntry = parseEntry

// InMemory is Open of the pack "p" and of its index, or of a multi-pack-index that
// knows it. It is not to be closed.
func InMemory(format object.Format, pack, list []byte) (*File, error) {
	f := &File{name: "pack/p.pack", format: format, pack: &region{mem: pack, size: int64(len(pack))}}
	f.listing = &region{mem: list, size: int64(len(list))}
	var lost error
	if bytes.HasPrefix(list, []byte("MIDX")) {
		lost = ErrIndex
		p := &part{region: f.listing}
		if err := p.parse("p", format); err != nil {
			return nil, err
		}
		f.table = p
	} else {
		x := &index{region: f.listing}
		if err := x.parse(format); err != nil {
			return nil, err
		}
		f.table, f.checks, f.sum = x, x.checks, x.sum
	}
	f.damage = f.check(lost)
	return f, nil
}

// PatchCopies is Patch, and lists what the text takes over from its base as a walk
// does.
func PatchCopies(dst, base, delta []byte, limit int64, copies []Copied) ([]byte, []Copied, error) {
	d, err := parseDelta(delta, len(base), limit)
	if err != nil {
		return nil, copies, err
	}
	dst = grown(dst, d.target)
	copies, err = d.apply(dst, base, copies, true)
	return dst, copies, err
}
