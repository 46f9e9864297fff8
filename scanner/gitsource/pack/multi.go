package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// part is what a multi-pack-index knows of one pack. Of an object that several
// packs hold it knows only one, so that a part may be less than the pack.
//
// Format: gitformat-pack(5), "multi-pack-index (MIDX) files have the following
// format", version 1; a chain of them as in "incremental multi-pack-indexes".
type part struct {
	names  // of all packs
	region *region
	places []byte // pack and offset of each object, four bytes each
	large  []byte // offsets of eight bytes
	has64  bool   // whether there is a table of these
	mine   []uint32
}

// Sizes in a multi-pack-index.
const (
	multiHead  = 12
	multiChunk = 12 // an entry of the table of contents: id, offset
	multiPlace = 8
)

var errMulti = fmt.Errorf("%w: of several packs", ErrIndex)

// openPart looks for the multi-pack-index that knows a pack: the one, or a link of
// the chain of incremental ones.
func openPart(dir *os.Root, pack string, format object.Format, mapped mapper) (*part, error) {
	var errs []error
	for _, name := range append([]string{"pack/multi-pack-index"}, chain(dir)...) {
		r, err := openRegion(dir, name, mapped)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p := &part{region: r}
		if err = Guard(func() error { return p.parse(pack, format) }); err == nil {
			return p, nil
		}
		errs = append(errs, err, r.close())
	}
	return nil, errors.Join(errs...)
}

// maxList is the size of the longest list of links that is read: git makes a
// handful, of one line of 41 or 65 bytes each.
const maxList = 64 << 10

// chain lists the incremental multi-pack-indexes, none where there is no chain.
func chain(dir *os.Root) (files []string) {
	const folder = "pack/multi-pack-index.d/"
	st, err := dir.Stat(folder + "multi-pack-index-chain")
	if err != nil || !st.Mode().IsRegular() || st.Size() > maxList {
		return nil
	}
	lines, err := dir.ReadFile(folder + "multi-pack-index-chain")
	if err != nil {
		return nil
	}
	for _, sum := range strings.Fields(string(lines)) {
		files = append(files, folder+"multi-pack-index-"+sum+".midx")
	}
	return files
}

// parse finds the tables, and which objects are the pack's.
func (p *part) parse(pack string, format object.Format) error {
	b, err := p.region.whole()
	if err != nil {
		return err
	}
	chunks, err := contents(b, format)
	if err != nil {
		return err
	}
	fan, ids := chunks["OIDF"], chunks["OIDL"]
	p.places, p.large = chunks["OOFF"], chunks["LOFF"]
	p.has64 = p.large != nil
	if len(fan) != fanSize {
		return fmt.Errorf("%w: no fan-out table", errMulti)
	}
	p.names = names{records: ids, stride: format.Size(), format: format}
	if err := p.setFan(fan); err != nil {
		return err
	}
	if len(p.places)/multiPlace < p.names.len() {
		return fmt.Errorf("%w: places of %d objects are missing", errMulti, p.names.len()-len(p.places)/multiPlace)
	}
	number := slices.IndexFunc(bytes.Split(chunks["PNAM"], []byte{0}), func(name []byte) bool {
		return string(bytes.TrimSuffix(name, []byte(".idx"))) == pack
	})
	if number < 0 {
		return fmt.Errorf("%w: it does not know %s", errMulti, pack)
	}
	for pos := range p.names.len() {
		if binary.BigEndian.Uint32(p.places[multiPlace*pos:]) == uint32(number) {
			p.mine = append(p.mine, uint32(pos))
		}
	}
	return nil
}

// contents reads the head and the table of contents.
func contents(b []byte, format object.Format) (map[string][]byte, error) {
	if len(b) < multiHead || string(b[:4]) != "MIDX" || b[4] != 1 || b[5] != 1+byte(format) {
		return nil, fmt.Errorf("%w: its head is not that of version 1", errMulti)
	}
	n := int(b[6])
	if len(b) < multiHead+(n+1)*multiChunk {
		return nil, fmt.Errorf("%w: its table of contents is cut", errMulti)
	}
	chunks := map[string][]byte{}
	for i := range n {
		c := b[multiHead+i*multiChunk:]
		from, to := binary.BigEndian.Uint64(c[4:]), binary.BigEndian.Uint64(c[4+multiChunk:])
		if from > to || to > uint64(len(b)) {
			return nil, fmt.Errorf("%w: a table in it lies behind its end", errMulti)
		}
		chunks[string(c[:4])] = b[from:to:to]
	}
	return chunks, nil
}

func (p *part) len() int { return len(p.mine) }

func (p *part) id(pos int) object.ID { return p.names.id(int(p.mine[pos])) }

func (p *part) find(id object.ID) (pos int, ok bool) {
	at, ok := p.names.find(id)
	pos, mine := slices.BinarySearch(p.mine, uint32(at))
	return pos, ok && mine
}

func (p *part) offset(pos int) int64 {
	off := binary.BigEndian.Uint32(p.places[multiPlace*int(p.mine[pos])+4:])
	if !p.has64 {
		return int64(off)
	}
	return offset(off, p.large)
}

func (p *part) close() error { return p.region.close() }
