package pack_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// grove is a database of three packs and loose objects that is made by a program of
// six bytes an object; who made it knows what can be read of it.
type grove struct {
	all []*planted
}

// planted is one object, or a copy of one.
type planted struct {
	place  int // 0 to 2: a pack, 3: loose
	kind   object.Kind
	text   []byte
	id     object.ID
	base   *planted // of a delta
	byRef  bool
	orphan bool // its base is nowhere
	broken bool // its stream does not decode
	beyond bool // its index has it behind the end of the pack
	offset int64
}

// most is how many objects a grove has.
const most = 24

func newGrove(program []byte) *grove {
	g := &grove{}
	var refs []int // which object a delta by id is of: a later one too
	for len(program) >= 6 && len(g.all) < most {
		r := program[:6]
		program = program[6:]
		p := &planted{place: int(r[5] % 4), kind: object.Kind(1 + r[0]>>2%4)}
		p.text = fmt.Appendf(bytes.Repeat([]byte("a line that all have\n"), int(r[2]%5)), "text %d\n", r[2]%16)
		switch r[3] % 16 {
		case 0:
			p.broken = true
		case 1:
			p.orphan = true
		case 2:
			p.beyond = true
		}
		p.byRef = r[0]%4 == 3
		if p.place < 3 && r[0]%4 == 2 {
			p.base = g.before(p.place, int(r[1]))
		}
		g.all, refs = append(g.all, p), append(refs, int(r[1]))
	}
	for i, p := range g.all {
		if p.place < 3 && p.byRef {
			p.base = g.all[refs[i]%len(g.all)]
		}
	}
	for _, p := range g.all {
		p.kind = g.kindOf(p)
	}
	for _, p := range g.all {
		p.id = sum(object.SHA1, p.kind, p.text)
	}
	return g
}

// String lists a grove for who has to mend the forest.
func (g *grove) String() string {
	var b strings.Builder
	for i, p := range g.all {
		fmt.Fprintf(&b, "%d: %s in %d, %s, base %d, by ref %v, orphan %v, broken %v, beyond %v\n", i, p.id, p.place, p.kind, slices.Index(g.all, p.base), p.byRef, p.orphan, p.broken, p.beyond)
	}
	return b.String()
}

// before is an object that stands in the same pack already, if any does.
func (g *grove) before(place, k int) *planted {
	var some []*planted
	for _, p := range g.all {
		if p.place == place {
			some = append(some, p)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[k%len(some)]
}

// kindOf is the kind at the end of p's deltas; blob, where they go round in a circle.
func (g *grove) kindOf(p *planted) object.Kind {
	for range g.all {
		if p.base == nil {
			return p.kind
		}
		p = p.base
	}
	return object.Blob
}

// circles tells whether deltas go round, be it by way of copies: then an object may
// be told as lost that somebody patient could rebuild.
func (g *grove) circles() bool {
	reach := map[object.ID]map[object.ID]bool{}
	for _, p := range g.all {
		reach[p.id] = map[object.ID]bool{}
	}
	for range g.all {
		for _, p := range g.all {
			if p.base == nil {
				continue
			}
			reach[p.id][p.base.id] = true
			for id := range reach[p.base.id] {
				reach[p.id][id] = true
			}
		}
	}
	for id := range reach {
		if reach[id][id] {
			return true
		}
	}
	return false
}

// readable are the objects that can be had from any of their copies. A delta by
// offset of what no index knows to be there is not.
func (g *grove) readable() map[object.ID]bool {
	ids := map[object.ID]bool{}
	for range g.all {
		for _, p := range g.all {
			if p.broken || p.beyond {
				continue
			}
			if p.base == nil || !p.orphan && ids[p.base.id] && (p.byRef || !p.base.beyond) {
				ids[p.id] = true
			}
		}
	}
	return ids
}

// delta makes p's text of its base's: what both begin with, and the rest.
func (p *planted) delta() []byte {
	same := 0
	for same < min(len(p.text), len(p.base.text)) && p.text[same] == p.base.text[same] {
		same++
	}
	d := sizes(len(p.base.text), len(p.text))
	if same > 0 {
		d = append(d, copied(0, same)...)
	}
	for rest := p.text[same:]; len(rest) > 0; {
		n := min(len(rest), 100)
		d = append(append(d, byte(n)), rest[:n]...)
		rest = rest[n:]
	}
	return d
}

// entry is p as it stands in a pack at p.offset.
func (p *planted) entry() []byte {
	var b []byte
	switch {
	case p.base == nil:
		b = entry(p.kind, len(p.text), nil, p.text)
	case p.byRef || p.orphan:
		ref := p.base.id
		if p.orphan {
			ref[19]++
		}
		b = entry(7, len(p.delta()), ref[:20], p.delta())
	default:
		b = entry(6, len(p.delta()), back(p.offset-p.base.offset), p.delta())
	}
	if p.broken {
		b[len(b)-1]++
	}
	return b
}

// build makes the files.
func (g *grove) build(t *testing.T) (files []*pack.File, loose []pack.Loose) {
	t.Helper()
	for place := range 3 {
		b := []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00")
		var ids []object.ID
		var offsets []int64
		var sums []uint32
		for _, p := range g.all {
			if p.place != place {
				continue
			}
			p.offset = int64(len(b))
			e := p.entry()
			b = append(b, e...)
			ids, offsets, sums = append(ids, p.id), append(offsets, p.offset), append(sums, crc32.ChecksumIEEE(e))
			if p.beyond {
				offsets[len(offsets)-1] = 1 << 20
			}
		}
		file, err := pack.InMemory(object.SHA1, append(b, make([]byte, 20)...), index(object.SHA1, ids, offsets, sums))
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(g.all, func(p *planted) bool { return p.beyond }) {
			pack.Unchecked(file) // where an object ends is told by where the next one begins
		}
		files = append(files, file)
	}
	for _, p := range g.all {
		if p.place == 3 {
			loose = append(loose, pack.Loose{ID: p.id, Kind: p.kind, Size: int64(len(p.text)), Open: func() (io.ReadCloser, error) {
				if p.broken || p.beyond {
					return nil, fmt.Errorf("%w: by design", pack.ErrDamaged)
				}
				return io.NopCloser(bytes.NewReader(p.text)), nil
			}})
		}
	}
	return files, loose
}

// FuzzForest plants what a program says, and walks: what can be read is told, with
// its text, and the rest as lost; what is read by one worker is read by three.
func FuzzForest(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	objects, readable, circles := 0, 0, 0
	for range 200 {
		program := make([]byte, 6*(1+rng.IntN(most)))
		for i := range program {
			program[i] = byte(rng.Uint32())
		}
		f.Add(program)
		g := newGrove(program)
		objects += len(g.all)
		readable += len(g.readable())
		if g.circles() {
			circles++
		}
	}
	if objects < 2000 || readable < objects/3 || readable > objects*9/10 || circles < 20 || circles > 180 {
		f.Fatalf("%d objects, %d texts readable, %d groves with circles", objects, readable, circles)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		g := newGrove(program)
		files, loose := g.build(t)
		readable, circles := g.readable(), g.circles()
		for i, jobs := range []int{1, 3, 2} {
			l := newLedger(t, object.SHA1)
			l.jobs = jobs
			if i == 2 {
				l.hold = 50
			}
			if err := l.read(files, loose); err != nil {
				t.Fatal(err)
			}
			if len(l.wrong) > 0 {
				t.Fatalf("%s has another text", l.wrong[0])
			}
			for _, p := range g.all {
				right, lost := l.right[p.id], l.lost[p.id]
				if right && !readable[p.id] || !right && lost == nil || !right && readable[p.id] && !circles {
					t.Fatalf("%d workers: %s is readable %v, told %v, lost: %v\n%s", jobs, p.id, readable[p.id], right, lost, g)
				}
				if lost != nil && !errors.Is(lost, pack.ErrDamaged) && !errors.Is(lost, pack.ErrMissing) && !errors.Is(lost, pack.ErrTruncated) {
					t.Errorf("%s: %v", p.id, lost)
				}
			}
		}
	})
}
