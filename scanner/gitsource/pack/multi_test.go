package pack_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// manyPacks is a repository of several packs and the multi-pack-index of them.
func manyPacks(t *testing.T, format object.Format) (r repo, packs []string) {
	r = newRepo(t, format, 10)
	r.git("", "repack", "-q", "-a", "-d")
	for range 2 {
		r.git("", "commit", "-q", "--allow-empty", "-m", "more")
		r.git("", "repack", "-q")
	}
	packs = r.files(".pack")
	for _, name := range packs {
		r.verified(name) // needs the index
	}
	r.git("", "multi-pack-index", "write")
	return r, packs
}

// lone takes the indexes of the packs away.
func (r repo) lone() {
	for _, name := range r.files(".idx") {
		if err := os.Rename(r.path(name+".idx"), r.path(name+".gone")); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestMultiPackIndex reads packs whose own index is missing or cut, by what a
// multi-pack-index, or a link of a chain of them, says.
func TestMultiPackIndex(t *testing.T) {
	for _, format := range []object.Format{object.SHA1, object.SHA256} {
		for _, chained := range []bool{false, true} {
			r, packs := manyPacks(t, format)
			if chained {
				r.chain(strings.Repeat("ab", format.Size()))
			}
			total := 0
			for _, name := range packs {
				want := told(t, r, name)
				if err := os.Truncate(r.path(name+".idx"), 1100); err != nil {
					t.Fatal(err)
				}
				cut := told(t, r, name)
				if err := os.Remove(r.path(name + ".idx")); err != nil {
					t.Fatal(err)
				}
				missing := told(t, r, name)
				if cut != want || missing != want {
					t.Errorf("chain %v: by its index\n%s, with a cut one\n%s, without\n%s", chained, want, cut, missing)
				}
				total += strings.Count(want, "\n")
			}
			if len(packs) != 3 || total != 33 {
				t.Errorf("%d packs, %d objects", len(packs), total)
			}
		}
	}
}

// chain makes the multi-pack-index a link of a chain.
func (r repo) chain(sum string) {
	r.t.Helper()
	dir := r.path("multi-pack-index.d")
	if err := os.Mkdir(dir, 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(r.path("multi-pack-index"), filepath.Join(dir, "multi-pack-index-"+sum+".midx")); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "multi-pack-index-chain"), []byte("missing\n"+sum+"\n"), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// told lists what oakum knows of a pack: ids and offsets, found again by id.
func told(t *testing.T, r repo, name string) string {
	t.Helper()
	f, err := pack.Open(r.root(), name, r.format)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Damage(); err != nil {
		t.Error(err)
	}
	var b strings.Builder
	for pos := range f.Len() {
		id := f.ID(pos)
		if at, ok := f.Find(id); at != pos || !ok {
			t.Errorf("%s is found at %d, not %d", id, at, pos)
		}
		b.WriteString(id.String() + fmt.Sprintf(" at %d\n", f.Offset(pos)))
	}
	return b.String()
}

// TestPartialMultiPackIndex reads a pack of which the multi-pack-index does not
// know every object, since another pack has them too.
func TestPartialMultiPackIndex(t *testing.T) {
	r := newRepo(t, object.SHA1, 3)
	r.git("", "repack", "-q", "-a", "-d")
	first := r.files(".pack")[0]
	r.git("", "commit", "-q", "--allow-empty", "-m", "more")
	r.git("", "repack", "-q", "-a")
	r.git("", "multi-pack-index", "write")
	r.lone()
	known, parts := 0, 0
	for _, name := range r.files(".pack") {
		f, err := pack.Open(r.root(), name, r.format)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		known += f.Len()
		if err := f.Damage(); errors.Is(err, pack.ErrDamaged) && strings.Contains(err.Error(), "git index-pack") {
			parts++
		}
	}
	if known != 11 || parts != 1 {
		t.Errorf("%d objects, %d packs told as known in part (first pack: %s)", known, parts, first)
	}
}

// TestBentMultiPackIndex changes every byte of the tables' heads: an error or
// another answer, no panic.
func TestBentMultiPackIndex(t *testing.T) {
	r, packs := manyPacks(t, object.SHA1)
	r.lone()
	name := r.path("multi-pack-index")
	os.Chmod(name, 0o644)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for at := range whole {
		b := append([]byte{}, whole...)
		b[at] ^= 0xff
		if at%7 == 0 {
			b = b[:at]
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := pack.Open(r.root(), packs[0], r.format)
		if err != nil {
			refused++
			continue
		}
		for pos := range f.Len() {
			f.Find(f.ID(pos))
			f.Offset(pos)
		}
		f.Close()
	}
	if refused < 100 {
		t.Errorf("%d of %d are refused", refused, len(whole))
	}
}
