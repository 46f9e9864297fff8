package tree

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1" // git's name for a blob, which is compared with git's; it vouches for nothing else
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// hashOf is the hash of a repository, one of whose ids is like.
func hashOf(like string) hash.Hash {
	if len(like) == 2*sha256.Size {
		return sha256.New()
	}
	return sha1.New()
}

// blobID is what git calls a blob with this content (gitformat-object). Where it is
// what HEAD has, git need not be asked for the content, as `git status` does not.
func blobID(content []byte, like string) string {
	h := hashOf(like)
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// writeBlobs puts blobs into the repository: one git takes them all as a pack, and
// writes each as a loose object.
func (g git) writeBlobs(ctx context.Context, blobs [][]byte, like string) error {
	_, err := g.run(ctx, pack(blobs, like), "unpack-objects", "-q")
	return err
}

// pack is a pack of blobs, none of them a delta (gitformat-pack).
func pack(blobs [][]byte, like string) []byte {
	const version, blobType = 2, 3
	var out bytes.Buffer
	out.WriteString("PACK")
	out.Write(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, version), uint32(len(blobs))))
	for _, b := range blobs {
		// The size's low four bits stand beside the type, the others as a uvarint.
		first, rest := byte(blobType<<4|len(b)&0x0f), uint64(len(b)>>4)
		if rest == 0 {
			out.WriteByte(first)
		} else {
			out.Write(binary.AppendUvarint([]byte{first | 0x80}, rest))
		}
		z := zlib.NewWriter(&out)
		_, _ = z.Write(b) // into memory
		_ = z.Close()
	}
	sum := hashOf(like)
	sum.Write(out.Bytes())
	return sum.Sum(out.Bytes())
}

// pointers are those of the blobs that stand for a file in Git LFS.
func (g git) pointers(ctx context.Context, of map[string]entry) (map[string]bool, error) {
	var ask bytes.Buffer
	for _, e := range of {
		if strings.HasPrefix(e.mode, "100") { // a submodule's commit is in another repository
			fmt.Fprintln(&ask, e.object)
		}
	}
	out, err := g.run(ctx, ask.Bytes(), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for len(out) > 0 {
		var id, kind string
		var size int
		line, rest, _ := bytes.Cut(out, []byte("\n"))
		if _, err := fmt.Sscan(string(line), &id, &kind, &size); err != nil || size >= len(rest) {
			return nil, fmt.Errorf("git cat-file: %q", line) // "ID missing": a partial clone that is offline
		}
		if isPointer(rest[:size]) {
			found[id] = true
		}
		out = rest[size+1:]
	}
	return found, nil
}
