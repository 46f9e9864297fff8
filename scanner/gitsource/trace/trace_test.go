package trace

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestPlainWalk compares a Trace with a walk that reads every tree whole, on
// malformed, misnamed, cyclic and missing trees.
func TestPlainWalk(t *testing.T) {
	found, losses, deltas, links, tops := 0, 0, 0, 0, 0
	for seed := range uint64(250) {
		rng := rand.New(rand.NewPCG(seed, 7))
		format := object.Format(seed % 2)
		db := randomFake(rng, format, seed == 1000)
		p, tr := bothWalks(t, rng, db, seed)
		compare(t, seed, p, tr)
		for _, o := range db.all {
			deltas += min(len(o.copies), 1)
		}
		found, losses, links = found+len(p.found), losses+len(p.lost), links+len(p.links)
		tops += len(p.entered)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d found, %d losses, %d deltas, %d links, %d trees", found, losses, deltas, links, tops)
	if found < 5000 || losses < 1000 || deltas < 1500 || links < 1000 || tops < 5000 {
		t.Errorf("too little was compared")
	}
}

// bothWalks makes the same visits with both.
func bothWalks(t *testing.T, rng *rand.Rand, db *fake, seed uint64) (*plain, *Trace) {
	t.Helper()
	wanted := map[object.ID]bool{}
	for _, o := range db.all {
		if o.kind == object.Blob && rng.IntN(3) == 0 {
			wanted[o.id] = true
		}
	}
	opt := Options{Jobs: 1 + rng.IntN(3), Read: db.read}
	opt.Wanted = func(n int32) bool { return wanted[db.all[n].id] }
	var lost []string
	opt.Lost = func(id object.ID, dir string, err error) { lost = append(lost, lossOf(id, dir, err)) }
	token := func(b []byte) bool { return string(b) == "token" }
	if rng.IntN(2) == 0 {
		opt.Token = func(_ int, b []byte) bool { return token(b) }
		for id := range newPlain(db, nil).named(token) {
			wanted[id] = wanted[id] || db.all[max(0, db.at[id])].kind == object.Blob
		}
	}
	unasked := maps.Clone(wanted) // what a token's name adds is the Trace's own affair
	if opt.Token != nil {
		opt.Wanted = func(n int32) bool { return unasked[db.all[n].id] && n%2 == 0 }
	}
	p := newPlain(db, wanted)
	if opt.Token != nil {
		named := newPlain(db, nil).named(token)
		maps.DeleteFunc(wanted, func(id object.ID, _ bool) bool { return db.at[id]%2 != 0 && !named[id] })
	}
	tr, err := trace(t.Context(), db, db.walk, db.format, opt)
	if err != nil {
		t.Fatal(err)
	}
	visitAll(rng, db, p, tr)
	if !slices.Equal(p.lost, lost) {
		t.Errorf("seed %d: lost\n%.2000q, the plain walk\n%.2000q", seed, lost, p.lost)
	}
	return p, tr
}

func visitAll(rng *rand.Rand, db *fake, p *plain, tr *Trace) {
	type commit struct {
		tree object.ID
		Visit
	}
	var all []commit
	for i := range 30 {
		c := commit{db.randomID(rng, ranks+1), Visit{int32(i), uint8(i / 10)}}
		all = append(all, c)
		p.tree(c.tree, "", 0, c.Visit)
		tr.Tree(c.tree, "", c.Visit)
		if id := db.randomID(rng, ranks+1); rng.IntN(10) == 0 {
			p.blob(id, "in/index", c.Visit)
			tr.Blob(id, "in/index", c.Visit)
			p.links["a"] = id
			tr.Link("a", id)
			p.tree(id, "sparse/", 0, c.Visit)
			tr.Tree(id, "sparse/", c.Visit)
		}
	}
	nowhere := Visit{-1, 9}
	a, b := p.tops(), tr.Tops()
	if !slices.Equal(a, b) {
		p.lost = append(p.lost, fmt.Sprint("tops: ", a, b))
	}
	for _, id := range a {
		p.tree(id, "", 0, nowhere)
		tr.Tree(id, "", nowhere)
	}
	p.rest(nowhere)
	tr.Rest(nowhere)
	head := all[rng.IntN(len(all))].tree
	p.head(head)
	tr.Head(head)
	slices.Reverse(all)
	var newest [256]*Newest
	for _, c := range all {
		p.later(c.tree, c.Visit)
		if newest[c.Class] == nil {
			newest[c.Class] = tr.Newest(c.Class)
		}
		newest[c.Class].Tree(c.tree, c.Commit)
	}
}

func compare(t *testing.T, seed uint64, p *plain, tr *Trace) {
	t.Helper()
	if tr.Len() != len(p.found) {
		t.Errorf("seed %d: %d found, by the plain walk %d", seed, tr.Len(), len(p.found))
	}
	for i := range min(tr.Len(), len(p.found)) {
		if got, want := fmt.Sprintf("%+v", tr.At(i)), fmt.Sprintf("%+v", *p.found[i]); got != want {
			t.Errorf("seed %d, %d: found\n%.900s, by the plain walk\n%.900s", seed, i, got, want)
			break
		}
	}
	if got := tr.Links(); !maps.Equal(got, p.links) {
		t.Errorf("seed %d: %d links, by the plain walk %d, or others", seed, len(got), len(p.links))
	}
}

// TestCycles visits trees that hold themselves, which takes an index that lies.
func TestCycles(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	p, tr := bothWalks(t, rng, randomFake(rng, object.SHA1, true), 0)
	compare(t, 0, p, tr)
	if most := slices.Max(slices.Collect(maps.Values(tr.trees.count))); most != MaxPaths {
		t.Errorf("no tree was met under too many paths")
	}
}

// TestDepth nests trees deeper than git does.
func TestDepth(t *testing.T) {
	db := &fake{at: map[object.ID]int32{}}
	inner := object.ID{1: 1}
	for n := range MaxDepth + 3 {
		id := object.ID{byte(n), byte(n >> 8), 7}
		db.at[id] = int32(n)
		db.all = append(db.all, thing{id: id, kind: object.Tree, base: -1, data: db.entry(db.entry(nil, "100644", "f", inner), "40000", "d", inner)})
		inner = id
	}
	var lost []string
	opt := Options{Read: db.read, Wanted: func(int32) bool { return true }, Lost: func(id object.ID, dir string, err error) { lost = append(lost, lossOf(id, dir, err)) }}
	tr, err := trace(t.Context(), db, db.walk, db.format, opt)
	if err != nil {
		t.Fatal(err)
	}
	tr.Tree(inner, "", Visit{})
	p := newPlain(db, nil)
	p.tree(inner, "", 0, Visit{})
	if len(lost) != 1 || lost[0] != p.lost[0] {
		t.Errorf("lost %.300q, by the plain walk %.300q", lost, p.lost)
	}
}
