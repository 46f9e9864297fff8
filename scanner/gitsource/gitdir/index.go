package gitdir

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// Index is what is staged: git's index file, by path and stage.
//
// It is parsed here because go-git's decoder takes 3 µs an entry, of which a
// hook in a large repository has a hundred thousand, and refuses indexes
// without a checksum (index.skipHash) and sparse ones.
// Format: gitformat-index(5), versions 2 to 4.
type Index struct {
	Entries []IndexEntry
	Trees   map[string]object.ID // cached trees by folder ("" or with a slash at its end), as far as valid
	idSize  int
}

// IndexEntry is a file at a stage.
type IndexEntry struct {
	Path  string
	ID    object.ID
	Mode  uint32
	Stage uint8 // 0; 1 to 3 in a conflict: base, ours, theirs
	Later bool  // only announced (git add -N): nothing of it is staged
}

// The kinds of entries, by the bits ModeType of their modes.
const (
	ModeType = 0o170000
	ModeLink = 0o160000 // a submodule's commit
	ModeTree = 0o040000 // a whole folder, in a sparse index
)

const (
	maxIndex    = 2 << 30
	maxDepth    = 2048 // folders, git's core.maxTreeDepth
	statSize    = 40   // bytes of an entry before its id
	flagMore    = 0x4000
	flagLater   = 0x2000 // of the second flags
	maxNameFlag = 0xfff
)

var errIndex = errors.New("the index is malformed: rebuild it with git reset")

// ReadIndex reads the index named by path. None is an empty one.
func ReadIndex(path string, format object.Format) (*Index, error) {
	b, err := readLimited(os.DirFS(filepath.Dir(path)), filepath.Base(path), maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return &Index{}, nil
	}
	if err != nil {
		return nil, err
	}
	return parseIndex(b, format)
}

func parseIndex(b []byte, format object.Format) (*Index, error) {
	head, size := 12, format.Size()
	if len(b) < head+size || string(b[:4]) != "DIRC" {
		return nil, fmt.Errorf("%w (no index)", errIndex)
	}
	body, sum := b[:len(b)-size], b[len(b)-size:]
	got := format.Hash()
	got.Write(body)
	if !bytes.Equal(got.Sum(nil), sum) && !bytes.Equal(sum, make([]byte, size)) {
		return nil, fmt.Errorf("%w (wrong checksum)", errIndex)
	}
	version, count := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("index of version %d, which oakum cannot read: git update-index --index-version 4", version)
	}
	x := &Index{Trees: map[string]object.ID{}, idSize: size}
	rest, last := body[head:], ""
	for range count {
		e, n, err := x.entry(rest, version, last)
		if err != nil {
			return nil, err
		}
		x.Entries = append(x.Entries, e)
		rest, last = rest[n:], e.Path
	}
	return x, x.extensions(rest)
}

// entry reads an entry and tells its length.
func (x *Index) entry(b []byte, version uint32, last string) (e IndexEntry, n int, err error) {
	n = statSize + x.idSize + 2
	if len(b) < n {
		return e, 0, errIndex
	}
	e.Mode = binary.BigEndian.Uint32(b[24:])
	e.ID = object.FromBytes(b[statSize : n-2])
	flags := binary.BigEndian.Uint16(b[n-2:])
	e.Stage = uint8(flags >> 12 & 3)
	if flags&flagMore != 0 {
		if n += 2; len(b) < n {
			return e, 0, errIndex
		}
		e.Later = binary.BigEndian.Uint16(b[n-2:])&flagLater != 0
	}
	keep := 0
	if version == 4 { // the path leaves out what it shares with the one before
		drop, m := pathPrefix(b[n:])
		if m == 0 || drop > len(last) {
			return e, 0, errIndex
		}
		keep, n = len(last)-drop, n+m
	}
	end := bytes.IndexByte(b[n:], 0)
	if end < 0 {
		return e, 0, errIndex
	}
	e.Path = last[:keep] + string(b[n:n+end])
	n += end + 1
	if version < 4 {
		n = (n + 7) &^ 7 // one to eight zeros
	}
	if n > len(b) {
		return e, 0, errIndex
	}
	return e, n, nil
}

// pathPrefix decodes how many bytes of the last path to drop, and its own length.
func pathPrefix(b []byte) (v, n int) {
	for i, c := range b[:min(len(b), 5)] {
		v = v<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			return v, i + 1
		}
		v++
	}
	return 0, 0
}

// extensions reads what follows the entries: signature, length, content.
func (x *Index) extensions(b []byte) error {
	for len(b) >= 8 {
		name, size := string(b[:4]), int(binary.BigEndian.Uint32(b[4:]))
		if b = b[8:]; size > len(b) {
			return errIndex
		}
		body := b[:size]
		b = b[size:]
		switch {
		case name == "TREE":
			x.cachedTrees(body, "")
		case name == "REUC":
			x.undo(body)
		case name == "link":
			return errors.New("a split index, which oakum cannot read: git update-index --no-split-index")
		case name == "sdir" || name[0] >= 'A' && name[0] <= 'Z': // entries of ModeTree are coming; or optional
		default:
			return fmt.Errorf("index with the extension %q, which oakum does not know", name)
		}
	}
	if len(b) > 0 {
		return errIndex
	}
	return nil
}

// cachedTrees reads the tree cache: name, zero, entry count, space, number of
// subtrees, newline, id unless the count is negative; then the subtrees.
func (x *Index) cachedTrees(b []byte, dir string) (rest []byte) {
	name, b, ok := bytes.Cut(b, []byte{0})
	line, b, ok2 := bytes.Cut(b, []byte("\n"))
	count, subs, ok3 := strings.Cut(string(line), " ")
	n, err := strconv.Atoi(subs)
	if !ok || !ok2 || !ok3 || err != nil || strings.Count(dir, "/") > maxDepth {
		return nil
	}
	if len(name) > 0 {
		dir += string(name) + "/"
	}
	if !strings.HasPrefix(count, "-") {
		if len(b) < x.idSize {
			return nil
		}
		x.Trees[dir], b = object.FromBytes(b[:x.idSize]), b[x.idSize:]
	}
	for ; n > 0 && b != nil; n-- {
		b = x.cachedTrees(b, dir)
	}
	return b
}

// undo reads the sides of conflicts that were resolved, kept so that the
// resolving can be undone: path, three modes in octal, ids of those not zero.
func (x *Index) undo(b []byte) {
	for len(b) > 0 {
		var fields [4]string
		for i := range fields {
			field, rest, ok := bytes.Cut(b, []byte{0})
			if !ok {
				return
			}
			fields[i], b = string(field), rest
		}
		for i, m := range fields[1:] {
			mode, err := strconv.ParseUint(m, 8, 32)
			if err != nil || mode == 0 {
				continue
			}
			if len(b) < x.idSize {
				return
			}
			x.Entries = append(x.Entries, IndexEntry{Path: fields[0], ID: object.FromBytes(b[:x.idSize]), Mode: uint32(mode), Stage: uint8(i + 1)})
			b = b[x.idSize:]
		}
	}
}
