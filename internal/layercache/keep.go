package layercache

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// Put keeps a layer's record. A store that is full loses the records that were used
// the longest time ago.
func (s *Store) Put(digest string, r *imagesource.Record) {
	text, err := encode(r)
	if err != nil || len(text) > recordLimit-1<<10 {
		return
	}
	sealed := []byte(magic)
	nonce := make([]byte, s.seal.NonceSize())
	rand.Read(nonce)
	sealed = s.seal.Seal(append(sealed, nonce...), nonce, text, s.about(digest))
	if s.write(s.name(digest), sealed) == nil {
		s.evict()
	}
}

// write puts a new file in the place of another, so that a reader sees a whole one.
func (s *Store) write(name string, content []byte) error {
	var random [8]byte
	rand.Read(random[:])
	fresh := name + "." + hex.EncodeToString(random[:]) + ".tmp"
	f, err := s.root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.root.Rename(fresh, name)
	}
	if err != nil {
		s.root.Remove(fresh)
	}
	return err
}

// evict takes the oldest records away until a quarter of the room is free, once there
// is none. What a process left that was killed while it wrote is old one day.
func (s *Store) evict() {
	var all []fs.FileInfo
	var size int64
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.Contains(e.Name(), suffix) {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			all = append(all, info)
			size += info.Size()
		}
	}
	if size <= s.opt.Limit {
		return
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	for _, info := range all {
		if size <= s.opt.Limit/4*3 {
			return
		}
		if s.root.Remove(info.Name()) == nil {
			size -= info.Size()
		}
	}
}
