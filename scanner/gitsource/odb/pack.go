package odb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/oakum-sec/oakum/leak"
)

// pack is an open packfile and its index.
type pack struct {
	db       *DB
	label    string
	file     *os.File
	size     int64 // of what can hold objects: without the trailing checksum
	index    *packIndex
	scanners sync.Pool // of *packfile.Scanner, each with its own place in the file
}

// maxChain is more than the longest chain of deltas that git can make (4,095);
// it ends circles of deltas that name their base by id.
const maxChain = 4096

// openPacks opens every pack of a directory.
func (db *DB) openPacks(d *looseDir) {
	entries, err := fs.ReadDir(d.root.FS(), "pack")
	if err != nil && !os.IsNotExist(err) {
		db.gap(d.Label+"/pack", leak.GapUnreadable, err)
	}
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	for _, e := range entries {
		name := e.Name()
		base, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
		label := d.Label + "/pack/" + name
		switch {
		case strings.HasPrefix(name, "tmp_"):
			db.gaps = append(db.gaps, &leak.Gap{Place: leak.File{Name: label}, Class: leak.Boundary, Code: leak.GapUnknown,
				Why: fmt.Errorf("left by an interrupted transfer, git gc removes it")})
		case ext == ".idx" && !there[base+".pack"]:
			db.gap(label, leak.GapMissing, fmt.Errorf("its pack is not there: run git fsck, fetch again"))
		case ext == ".pack" && !there[base+".idx"]:
			db.gap(label, leak.GapMissing, fmt.Errorf("its index is not there: run git index-pack on it"))
		case ext == ".pack":
			db.openPack(d, base)
		}
	}
}

func (db *DB) openPack(d *looseDir, base string) {
	p := &pack{db: db, label: d.Label + "/pack/" + base + ".pack"}
	idx, err := openRegular(d.root, "pack/"+base+".idx")
	if err != nil {
		db.gap(d.Label+"/pack/"+base+".idx", leak.GapUnreadable, err)
		return
	}
	if p.index, err = openIndex(idx); err != nil {
		idx.Close()
		db.gap(d.Label+"/pack/"+base+".idx", leak.GapCorrupt, fmt.Errorf("%w: run git index-pack on its pack", err))
		return
	}
	if p.file, err = openRegular(d.root, "pack/"+base+".pack"); err != nil {
		idx.Close()
		db.gap(p.label, leak.GapUnreadable, err)
		return
	}
	if code, err := p.check(); err != nil {
		db.gap(p.label, code, err)
	}
	p.scanners.New = func() any { return packfile.NewScanner(io.NewSectionReader(p.file, 0, p.size)) }
	db.packs = append(db.packs, p)
}

// check compares the pack's ends with its index. A pack that fails is used
// all the same, as far as it reaches.
func (p *pack) check() (code string, err error) {
	st, err := p.file.Stat()
	if err != nil {
		return leak.GapUnreadable, err
	}
	p.size = max(st.Size()-20, 0)
	var head [12]byte
	var sum ID
	if _, err := p.file.ReadAt(head[:], 0); err != nil {
		return leak.GapTruncated, fmt.Errorf("%d bytes are no pack: run git fsck, clone again", st.Size())
	}
	if _, err := p.file.ReadAt(sum[:], p.size); err != nil {
		return leak.GapUnreadable, err
	}
	count := binary.BigEndian.Uint32(head[8:])
	switch {
	case string(head[:4]) != "PACK" || binary.BigEndian.Uint32(head[4:]) != 2:
		return leak.GapCorrupt, fmt.Errorf("its head is not that of a version 2 pack: run git fsck, clone again")
	case sum != p.index.sum:
		p.size = st.Size() // what looks like a checksum may be an object's bytes
		return leak.GapTruncated, fmt.Errorf("its end is not the one its index knows (%d objects): it is cut or damaged, run git fsck, clone again", p.index.count)
	case int(count) != p.index.count:
		return leak.GapCorrupt, fmt.Errorf("it holds %d objects and its index %d: run git index-pack on it", count, p.index.count)
	}
	return "", nil
}

func (p *pack) close() error {
	p.index.file.Close()
	return p.file.Close()
}

// find is where an object begins. One that begins behind the end of a cut pack is not there.
func (p *pack) find(id ID) (int64, bool) {
	pos, ok := p.index.find(id)
	if !ok {
		return 0, false
	}
	off := p.index.offset(pos)
	return off, off > 0 && off < p.size
}

// link is a delta on the way from an object to its base.
type link struct {
	off   int64
	delta []byte
}

// read rebuilds the object at off. depth counts the links of chains that led
// here through another pack.
func (p *pack) read(off int64, depth int) (Kind, []byte, error) {
	var chain []link
	var kind Kind
	var data []byte
	held := 0
	for {
		if k, d, ok := p.db.cache.get(cacheKey{p, off}); ok {
			kind, data = k, d
			break
		}
		h, raw, err := p.inflate(off)
		if err != nil {
			return 0, nil, err
		}
		if !h.Type.IsDelta() {
			kind, data = h.Type, raw
			p.db.cache.put(cacheKey{p, off}, kind, data)
			break
		}
		chain = append(chain, link{off, raw})
		if held += len(raw); held > MaxDelta {
			return 0, nil, ErrTooLarge
		}
		if depth+len(chain) > maxChain {
			return 0, nil, fmt.Errorf("%w: its deltas chain deeper than %d", ErrDamaged, maxChain)
		}
		next, elsewhere := p.base(h)
		if elsewhere {
			if kind, data, err = p.db.readBase(h.Reference, p, depth+len(chain)); err != nil {
				return 0, nil, fmt.Errorf("its delta's base: %w", err)
			}
			break
		}
		off = next
	}
	data, err := p.patch(kind, data, chain)
	return kind, data, err
}

// base is where h's base begins; elsewhere tells that this pack does not have it.
func (p *pack) base(h *packfile.ObjectHeader) (off int64, elsewhere bool) {
	if h.Type == plumbing.OFSDeltaObject {
		return h.OffsetReference, false
	}
	off, ok := p.find(h.Reference)
	return off, !ok
}

// readBase reads the base of a delta that lies outside of pack not.
func (db *DB) readBase(id ID, not *pack, depth int) (Kind, []byte, error) {
	for _, p := range db.packs {
		if off, ok := p.find(id); ok && p != not {
			return p.read(off, depth)
		}
	}
	for _, d := range db.dirs {
		if kind, data, err := d.read(id); err == nil {
			return kind, data, nil
		}
	}
	return 0, nil, fmt.Errorf("%s: %w", id, ErrMissing)
}

// patch applies the deltas, the last one first, each to what the one before made.
func (p *pack) patch(kind Kind, data []byte, chain []link) ([]byte, error) {
	for i := len(chain) - 1; i >= 0; i-- {
		l := chain[i]
		_, n := binary.Uvarint(l.delta)
		if n > 0 {
			if target, _ := binary.Uvarint(l.delta[n:]); target > MaxDelta {
				return nil, ErrTooLarge
			}
		}
		var err error
		if data, err = packfile.PatchDelta(data, l.delta); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		p.db.cache.put(cacheKey{p, l.off}, kind, data)
	}
	return data, nil
}

// inflate reads the entry at off: an object's content, or a delta.
func (p *pack) inflate(off int64) (*packfile.ObjectHeader, []byte, error) {
	s := p.scanners.Get().(*packfile.Scanner)
	defer p.scanners.Put(s)
	h, err := s.SeekObjectHeader(off)
	if err != nil {
		return nil, nil, damaged(err)
	}
	if h.Length > MaxDelta {
		return nil, nil, ErrTooLarge
	}
	var b bytes.Buffer
	b.Grow(int(min(h.Length, 1<<20)) + bytes.MinRead)
	n, _, err := s.NextObject(&b)
	if err == nil && n != h.Length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, nil, damaged(err)
	}
	return h, b.Bytes(), nil
}

// stream opens the object at off if it is large and no delta, else returns nil.
func (p *pack) stream(off int64) (io.ReadCloser, int64) {
	s := p.scanners.Get().(*packfile.Scanner)
	h, err := s.SeekObjectHeader(off)
	if err != nil || h.Type.IsDelta() || h.Length < streamFrom {
		p.scanners.Put(s)
		return nil, 0
	}
	size := h.Length
	r, err := s.ReadObject()
	if err != nil {
		p.scanners.Put(s)
		return nil, 0
	}
	return &packReader{r, p, s, size}, size
}

// packReader holds a streamed object to its declared size.
type packReader struct {
	io.ReadCloser
	p    *pack
	s    *packfile.Scanner
	left int64
}

func (r *packReader) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	r.left -= int64(n)
	if err == io.EOF && r.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		err = damaged(err)
	}
	return n, err
}

func (r *packReader) Close() error {
	err := r.ReadCloser.Close()
	r.p.scanners.Put(r.s)
	return err
}
