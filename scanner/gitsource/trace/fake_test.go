package trace

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// fake is a database of trees that no git would make, with deltas that no git
// would make of them. Ids are no hashes: they are made to look like entries.
type fake struct {
	format object.Format
	all    []thing
	at     map[object.ID]int32
	empty  object.ID // is there without being there
}

type thing struct {
	id     object.ID
	kind   object.Kind
	data   []byte
	base   int32
	copies []pack.Copied
	hidden bool // from the walk
	gone   bool // from everybody
}

var (
	modes = []string{"100644", "100644", "100644", "100755", "120000", "100644", "40000", "40000", "040000", "160000", "7", "4", "16"}
	parts = []string{"a", "b", "c", "sub", "x/y", "x", "y", "/", "100644 a", "token", "long name that is no short one"}
)

// randomID gives one of few ids of few different bytes: names are those that rank
// below limit.
func (f *fake) randomID(rng *rand.Rand, limit int) (id object.ID) {
	words := []string{"100644 a\x00", "40000 b\x00", "\x00\x00", "100644 "}
	last := f.format.Size() - 1
	for n, k := 0, rng.IntN(4); n < last; k++ {
		n += copy(id[n:last], words[k%len(words)])
	}
	id[last-1] = " \x004a"[rng.IntN(4)]
	id[last] = byte(rng.IntN(limit))
	return id
}

// randomTree makes a tree that names what ranks below limit: where that is the
// tree's own rank, there are no cycles.
func (f *fake) randomTree(rng *rand.Rand, limit int) (b []byte) {
	size := 8
	if limit < 3 { // wide, but not so many paths in all
		size = 80
	}
	for range rng.IntN(size) {
		id := f.randomID(rng, limit)
		b = f.entry(b, modes[rng.IntN(len(modes))], parts[rng.IntN(len(parts))], id)
	}
	if rng.IntN(6) == 0 && len(b) > 0 {
		b = b[:rng.IntN(len(b))]
	}
	if rng.IntN(6) == 0 && len(b) > 0 {
		b[rng.IntN(len(b))] = " \x004a"[rng.IntN(4)]
	}
	return b
}

func (f *fake) entry(b []byte, mode, name string, id object.ID) []byte {
	b = fmt.Appendf(b, "%s %s\x00", mode, name)
	return append(b, id[:f.format.Size()]...)
}

// mutate makes a tree out of stretches of another.
func (f *fake) mutate(rng *rand.Rand, b []byte, limit int) []byte {
	out := append([]byte(nil), b...)
	for range 1 + rng.IntN(3) {
		other := f.randomTree(rng, limit)
		i, j := rng.IntN(len(out)+1), rng.IntN(len(other)+1)
		switch end := min(len(out), i+rng.IntN(60)); rng.IntN(3) {
		case 0:
			out = append(append(append([]byte(nil), out[:i]...), other[j:]...), out[end:]...)
		case 1:
			out = append(append([]byte(nil), out[:i]...), out[end:]...)
		default:
			out = append(append(append([]byte(nil), out[:i]...), other...), out[i:]...)
		}
	}
	if limit >= 3 { // no more trees in it than a visit of all their paths can bear
		out = out[:min(len(out), 400)]
	}
	return out
}

// add adds an object, unless its id is taken; a tree as a delta of another, now
// and then.
func (f *fake) add(rng *rand.Rand, o thing, limit int) {
	if _, taken := f.at[o.id]; taken {
		return
	}
	o.base = -1
	if n := len(f.all); o.kind == object.Tree && n > 0 && rng.IntN(8) > 0 {
		base := rng.IntN(n)
		if b := &f.all[base]; b.kind == object.Tree && !b.hidden && f.rank(b.id) <= limit {
			if rng.IntN(4) > 0 {
				o.data = f.mutate(rng, f.all[base].data, limit)
			}
			o.base, o.copies = int32(base), match(rng, f.all[base].data, o.data)
		}
	}
	f.at[o.id] = int32(len(f.all))
	f.all = append(f.all, o)
}

// match finds stretches of text in base: long and short, in step and not.
func match(rng *rand.Rand, base, text []byte) (copies []pack.Copied) {
	for at := 0; at < len(text); {
		best := pack.Copied{At: at}
		for from := range base {
			n := 0
			for at+n < len(text) && from+n < len(base) && text[at+n] == base[from+n] {
				n++
			}
			if n > best.Len || n == best.Len && rng.IntN(2) == 0 {
				best.From, best.Len = from, n
			}
		}
		if best.Len < 4 || rng.IntN(20) == 0 {
			at++
			continue
		}
		if rng.IntN(6) == 0 {
			best.Len = 1 + rng.IntN(best.Len)
		}
		copies = append(copies, best)
		at += best.Len
	}
	return copies
}

const ranks = 7

func (f *fake) rank(id object.ID) int { return int(id[f.format.Size()-1]) }

// randomFake makes a database: most ids that its trees name are there.
func randomFake(rng *rand.Rand, format object.Format, cycles bool) *fake {
	f := &fake{format: format, at: map[object.ID]int32{}}
	for range 200 {
		o := thing{id: f.randomID(rng, ranks+1), kind: object.Blob}
		limit := f.rank(o.id)
		if cycles {
			limit = ranks + 1
		}
		switch n := rng.IntN(20); {
		case n < 13 && (cycles || f.rank(o.id) > 0):
			o.kind = object.Tree
			o.data = f.randomTree(rng, limit)
			o.hidden = rng.IntN(20) == 0
			o.gone = o.hidden && rng.IntN(2) == 0
		case n == 13:
			o.kind = object.Commit
		case n == 14:
			o.kind = object.Unknown
		}
		f.add(rng, o, limit)
	}
	return f
}

func (f *fake) Len() int                        { return len(f.all) }
func (f *fake) ID(n int32) object.ID            { return f.all[n].id }
func (f *fake) Kind(n int32) object.Kind        { return f.all[n].kind }
func (f *fake) Copy(n int32) bool               { return false }
func (f *fake) Find(id object.ID) (int32, bool) { n, ok := f.at[id]; return n, ok }

// read is Options.Read.
func (f *fake) read(id object.ID) ([]byte, error) {
	n, ok := f.at[id]
	if !ok && id == f.empty && !id.IsZero() {
		return nil, nil
	}
	if !ok || f.all[n].gone {
		return nil, fmt.Errorf("%s is missing", id)
	}
	if f.all[n].kind != object.Tree {
		return nil, fmt.Errorf("%s is a %s", id, f.all[n].kind)
	}
	return f.all[n].data, nil
}

// walk is pack.Walk.
func (f *fake) walk(ctx context.Context, opt pack.WalkOptions, v pack.Visitor[*folder]) error {
	states := make([]*folder, len(f.all))
	for n, o := range f.all {
		worker := n % opt.Jobs
		if o.kind != opt.Kind || opt.Only != nil && !opt.Only(int32(n)) {
			continue
		}
		if o.hidden {
			v.Lost(worker, int32(n), pack.ErrMissing)
			continue
		}
		t := pack.Text{Node: int32(n), Data: o.data}
		var base *folder
		if o.base >= 0 && (opt.Only == nil || opt.Only(o.base)) {
			t.Delta, t.Copies, t.Base, base = true, o.copies, len(f.all[o.base].data), states[o.base]
			t.Old = f.all[o.base].data
		}
		states[n] = v.Visit(worker, &t, base)
	}
	return ctx.Err()
}
