package imagesource

import (
	"crypto/sha256"
	"encoding/binary"
	"path"
	"strings"
)

// names is what a layer does to those below it: hashes of its files' names, and of
// what it deletes, a folder with all that is in it. Eight bytes of SHA-256 each: they
// are kept from one scan to the next (Record), and whoever makes images is not to
// find two names that are taken for one.
type names struct {
	files, gone map[uint64]struct{}
}

func newNames() names { return names{map[uint64]struct{}{}, map[uint64]struct{}{}} }

func nameHash(name string) uint64 {
	sum := sha256.Sum256([]byte(name))
	return binary.LittleEndian.Uint64(sum[:])
}

// A layer deletes what lies below it by files with such names
// (https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq" // all that the folder held before
)

func (n *names) see(name string) {
	dir, base := path.Split(name)
	switch {
	case base == opaque:
		n.gone[nameHash(strings.TrimSuffix(dir, "/")+"/*")] = struct{}{}
	case strings.HasPrefix(base, whiteout):
		n.gone[nameHash(dir+strings.TrimPrefix(base, whiteout))] = struct{}{}
	default:
		n.files[nameHash(name)] = struct{}{}
	}
}

// hides tells what the layer does to a file below it: "overwritten", "deleted" or "".
func (n *names) hides(name string) string {
	if _, ok := n.files[nameHash(name)]; ok {
		return "overwritten"
	}
	if _, ok := n.gone[nameHash(name)]; ok {
		return "deleted"
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if dir == "." {
			dir = ""
		}
		_, folder := n.gone[nameHash(dir)]
		_, content := n.gone[nameHash(dir+"/*")]
		if folder || content {
			return "deleted"
		}
		if dir == "" {
			return ""
		}
	}
}
