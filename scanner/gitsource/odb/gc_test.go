package odb_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// ids lists what the repository's refs lead to.
func (r repo) ids() (all []odb.ID) {
	r.t.Helper()
	for _, s := range strings.Fields(r.git("", "rev-list", "--objects", "--no-object-names", "--all")) {
		all = append(all, mustID(s))
	}
	return all
}

// TestGarbageCollection repacks under an open database: what it holds stays, what
// comes is found, and what was loose is found in its pack.
func TestGarbageCollection(t *testing.T) { eachFormat(t, testGarbageCollection) }

func testGarbageCollection(t *testing.T, f object.Format) {
	r := newRepo(t, f, 5)
	db := r.open() // all loose
	if n := len(db.Packs()); n != 0 {
		t.Fatalf("%d packs", n)
	}
	loose, _ := db.Loose()
	r.git("", "repack", "-q", "-a", "-d", "-n")
	for _, l := range loose {
		rc, err := l.Open()
		if err != nil {
			t.Errorf("%s was loose and is packed: %v", l.ID, err)
			continue
		}
		rc.Close()
	}
	for turn := range 3 {
		old := r.ids()
		r.git("", "commit", "-q", "--allow-empty", "-m", "later")
		r.git("", "repack", "-q", "-a", "-d", "-f", "-n")
		for _, id := range append(old, r.ids()...) {
			if err := r.readable(db, id); err != nil {
				t.Errorf("after %d repacks: %v", turn+1, err)
			}
		}
	}
	if n := len(db.Packs()); n != 4 {
		t.Errorf("%d packs are open, expected those of 4 repacks", n)
	}
	gone := mustID(strings.Repeat("12", f.Size()))
	if _, _, err := db.Read(gone); !errors.Is(err, odb.ErrMissing) || db.Has(gone) {
		t.Errorf("what is nowhere: %v", err)
	}
	for _, g := range db.Gaps() {
		t.Errorf("a gap: %s", g)
	}
}

func (r repo) readable(db *odb.DB, id odb.ID) error {
	kind, _, err := db.Read(id)
	if err != nil {
		return err
	}
	return r.check(db, id, kind.String())
}

// TestReadsDuringRepacks opens and reads while packs come and go.
func TestReadsDuringRepacks(t *testing.T) {
	r := newRepo(t, object.SHA1, 10)
	all := r.ids()
	held := r.open()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for i := range 8 {
			r.git("", "tag", "t"+string(rune('a'+i)), r.git("", "commit-tree", "-m", string(rune('a'+i)), "HEAD^{tree}"))
			r.git("", "repack", "-q", "-a", "-d", "-f")
		}
	})
	for range 2 {
		wg.Go(func() {
			for {
				db, err := odb.Open(r.format, odb.Dir{Path: r.dir + "/.git/objects", Label: "objects"})
				if err != nil {
					t.Error(err)
					return
				}
				for _, id := range all {
					for _, d := range []*odb.DB{held, db} {
						if _, _, err := d.Read(id); err != nil {
							t.Error(err)
						}
					}
				}
				for _, g := range db.Gaps() {
					if !strings.Contains(g.Error(), "interrupted transfer") { // git's own, on its way
						t.Errorf("a gap: %s", g)
					}
				}
				db.Close()
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
	if n := len(held.Packs()); n == 0 {
		t.Error("no pack was found later")
	}
}

func (r repo) packFiles(ext string) []string {
	r.t.Helper()
	names, _ := filepath.Glob(filepath.Join(r.dir, ".git/objects/pack/*."+ext))
	if len(names) == 0 {
		r.t.Fatalf("there is no %s", ext)
	}
	return names
}

// TestCutWhileOpen cuts a pack and its index under an open database: errors that
// name them, and the process lives.
func TestCutWhileOpen(t *testing.T) {
	r := newRepo(t, object.SHA1, 60)
	r.git("", "-c", "core.compression=0", "repack", "-q", "-a", "-d", "-F", "--depth=0")
	all := r.ids()
	for _, ext := range []string{"pack", "idx"} {
		db := r.open()
		for _, name := range r.packFiles(ext) {
			os.Chmod(name, 0o644)
			if err := os.Truncate(name, 5000); err != nil {
				t.Fatal(err)
			}
		}
		bad := 0
		for _, id := range all {
			if err := r.readable(db, id); err != nil {
				bad++
			}
			db.Has(id)
		}
		db.WithPrefix(all[0].String()[:4])
		n := 0
		gaps := db.Each(func(odb.ID, odb.Kind, int64) { n++ })
		if bad < len(all)/2 || len(gaps) == 0 {
			t.Errorf("%s: %d of %d objects are bad, Each tells of %d and %d gaps", ext, bad, len(all), n, len(gaps))
		}
	}
}
