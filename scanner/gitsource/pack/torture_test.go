package pack_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestTorture reads packs and indexes that are in order, damaged, and cut while they
// are read.
func TestTorture(t *testing.T) {
	all := layouts(t)
	t.Run("whole", func(t *testing.T) { testWhole(t, all) })
	t.Run("damaged", func(t *testing.T) { testDamaged(t, all) })
	t.Run("shrunk", func(t *testing.T) { testShrunk(t, all) })
}

func testWhole(t *testing.T, all []*layout) {
	for _, l := range all {
		for how, open := range openers {
			l.opener = open
			v := l.read(t, nil)
			if v.texts != len(l.ids) || v.lost > 0 || v.damaged || v.wrongly() || len(l.ids) < 30 {
				t.Errorf("%s, %s, of %d objects: %s", l.name, how, len(l.ids), v)
			}
		}
		l.opener = nil
	}
}

// mutant is a damaged file.
type mutant struct {
	bytes []byte
	head  bool // the damage is in the head of an entry of a pack
}

// mutants damages a file in all the ways that disks, copies and people do.
func mutants(rng *rand.Rand, whole []byte, heads []int64) (all []mutant) {
	flipped := func(at, bit int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 1 << bit
		return b
	}
	for range 80 {
		all = append(all, mutant{bytes: flipped(rng.IntN(len(whole)), rng.IntN(8))})
	}
	for _, off := range heads {
		at := int(off) + rng.IntN(4)
		all = append(all, mutant{flipped(at, rng.IntN(8)), true}, mutant{flipped(int(off), 4+rng.IntN(3)), true}) // these are its kind
	}
	for cut := rng.IntN(50); cut < len(whole); cut += len(whole)/25 + 1 {
		all = append(all, mutant{bytes: whole[:cut]})
	}
	for range 30 { // a stretch of noise, or of zeros, or from somewhere else
		b := bytes.Clone(whole)
		from := rng.IntN(len(b))
		stretch := b[from:min(len(b), from+1+rng.IntN(60))]
		switch rng.IntN(3) {
		case 0:
			clear(stretch)
		case 1:
			copy(stretch, whole[rng.IntN(len(b)):])
		default:
			for i := range stretch {
				stretch[i] = byte(rng.Uint32())
			}
		}
		all = append(all, mutant{b, true}) // perhaps
	}
	return all
}

// testDamaged damages packs and indexes: what is told of them is right, or lost, or
// the whole pack is said to be damaged. Nothing else checks where an index has no
// checksums of objects: there a pack's entry can turn into another kind.
func testDamaged(t *testing.T, all []*layout) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, l := range all {
		tried, lost, damaged := 0, 0, 0
		for _, name := range l.names(".pack", ".idx", "multi-pack-index") {
			for _, m := range mutants(rng, l.files[name], l.heads(t, name)) {
				l.write(t, name, m.bytes)
				v := l.read(t, nil)
				if v.wrongly() && (l.sums || !m.head) {
					t.Errorf("%s, with another %s: %s", l.name, name, v)
				}
				tried++
				if v.lost > 0 {
					lost++
				}
				if v.damaged {
					damaged++
				}
			}
			l.write(t, name, l.files[name])
		}
		if tried < 250 || lost < 15 || damaged < tried/4 {
			t.Errorf("%s: of %d damaged files %d cost an object, %d were noticed as a whole", l.name, tried, lost, damaged)
		}
	}
}

// heads are the offsets of the objects of a pack, nothing for other files.
func (l *layout) heads(t *testing.T, name string) (offsets []int64) {
	t.Helper()
	files, _ := l.open(t)
	for _, f := range files {
		if f.Name() == "pack/"+name {
			for pos := range f.Len() {
				offsets = append(offsets, f.Offset(pos))
			}
		}
		f.Close()
	}
	return offsets
}

// testShrunk cuts every file after it was opened: a memory fault is an
// error like others.
func testShrunk(t *testing.T, all []*layout) {
	rng := rand.New(rand.NewPCG(13, 14))
	faults := 0
	for _, l := range all {
		for _, name := range l.names(".pack", ".idx", "multi-pack-index") {
			for range 10 {
				cut := rng.IntN(len(l.files[name]))
				v := l.read(t, func() {
					if err := os.Truncate(filepath.Join(l.dir, "pack", name), int64(cut)); err != nil {
						t.Fatal(err)
					}
				})
				if v.wrongly() && l.sums {
					t.Errorf("%s, with %s cut to %d of %d bytes when it was open: %s", l.name, name, cut, len(l.files[name]), v)
				}
				if v.lost > 0 || v.damaged {
					faults++
				}
				l.write(t, name, l.files[name])
			}
		}
	}
	if faults < 80 {
		t.Errorf("%d cuts were noticed", faults)
	}
}
