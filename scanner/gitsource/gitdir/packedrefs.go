package gitdir

import (
	"bytes"
	"io/fs"
	"os"
	"sync"

	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// packedRefs is the content of the file packed-refs, read again when it changed: a
// range names a few revisions, each of which is looked for under several names, and
// a server's file has a line for each of 35,000 pull requests.
type packedRefs struct {
	mu      sync.Mutex
	content []byte
	info    fs.FileInfo
}

// lookup finds one ref. Format of a line: id, space, name (git-pack-refs(1)).
func (p *packedRefs) lookup(d *Dir, name string) (odb.ID, bool) {
	text := p.read(d)
	key := []byte(" " + name)
	for from := 0; ; {
		at := bytes.Index(text[from:], key)
		if at < 0 {
			return odb.ID{}, false
		}
		at += from
		from = at + 1
		if rest := text[at+len(key):]; len(rest) > 0 && rest[0] != '\n' && rest[0] != '\r' {
			continue
		}
		line := text[bytes.LastIndexByte(text[:at], '\n')+1 : at]
		if h, ok := d.Format.Parse(string(line)); ok {
			return h, true
		}
	}
}

// read is the file as it is; nothing where there is none.
func (p *packedRefs) read(d *Dir) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	info, err := fs.Stat(d.Shared.FS(), "packed-refs")
	if err != nil {
		return nil
	}
	if p.info == nil || !os.SameFile(p.info, info) || p.info.Size() != info.Size() || !p.info.ModTime().Equal(info.ModTime()) {
		if p.content, err = readLimited(d.Shared.FS(), "packed-refs", maxPackedRefs); err != nil {
			p.content, p.info = nil, nil
			return nil
		}
		p.info = info
	}
	return p.content
}
