package odb_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// FuzzPack reads every object of a pack and index that are anything at all: it
// may find them damaged, it may not crash, hang or read out of bounds.
func FuzzPack(f *testing.F) {
	for _, format := range formats {
		for _, args := range [][]string{{"repack", "-q", "-a", "-d"}, {"-c", "repack.useDeltaBaseOffset=false", "-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d"}} {
			r := newRepo(f, format, 4)
			r.git("", args...)
			pack, index := r.packFile("pack"), r.packFile("idx")
			f.Add(pack, index, format == object.SHA256)
			f.Add(pack[:len(pack)/2], index, format == object.SHA256)
		}
	}
	f.Fuzz(func(t *testing.T, pack, index []byte, long bool) {
		format := object.SHA1
		if long {
			format = object.SHA256
		}
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "pack"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{"p.pack": pack, "p.idx": index} {
			if err := os.WriteFile(filepath.Join(dir, "pack", name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		db, err := odb.Open(format, odb.Dir{Path: dir, Label: "objects"})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		n := 0
		db.Each(func(id odb.ID, _ odb.Kind, _ int64) {
			if n++; n < 50 {
				db.Read(id)
				if rc, _, err := db.Open(id); err == nil {
					rc.Close()
				}
			}
		})
	})
}

// packFile is the repository's first file of packs with that extension.
func (r repo) packFile(ext string) []byte {
	names, _ := filepath.Glob(filepath.Join(r.dir, ".git/objects/pack/*."+ext))
	b, err := os.ReadFile(names[0])
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// FuzzTrees compares two trees that are anything at all, of either format.
func FuzzTrees(f *testing.F) {
	for _, format := range formats {
		one := "100644 a\x00" + strings.Repeat("i", format.Size())
		f.Add([]byte(one), []byte("40000 a\x00"+strings.Repeat("j", format.Size())+one))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, format := range formats {
			cursors := []odb.Cursor{odb.NewCursor(b, format)}
			for _, e := range entries(a, format) {
				if _, same := odb.Seek(cursors, e); same && !bytes.Contains(b, e.ID[:format.Size()]) {
					t.Error("an entry is said to be in a tree that does not have it")
				}
			}
			cursors = []odb.Cursor{odb.NewCursor(a, format)}
			for _, e := range entries(a, format) { // a tree has all of its own entries
				if _, same := odb.Seek(cursors, e); !same && sorted(a, format) {
					t.Error("a tree does not have its own entry")
				}
			}
		}
	})
}

// entries are a tree's, as far as it parses.
func entries(raw []byte, f object.Format) (all []odb.Entry) {
	for len(raw) > 0 {
		e, rest, err := odb.NextEntry(raw, f)
		if err != nil {
			break
		}
		all, raw = append(all, e), rest
	}
	return all
}

// sorted tells whether a tree's entries rise.
func sorted(raw []byte, f object.Format) bool {
	var last odb.Entry
	for _, e := range entries(raw, f) {
		if last.Name != nil && sortName(last) >= sortName(e) {
			return false
		}
		last = e
	}
	return true
}

// sortName is what git sorts a tree's entries by.
func sortName(e odb.Entry) string {
	if e.IsTree() {
		return string(e.Name) + "/"
	}
	return string(e.Name)
}

// FuzzCommit reads anything as a commit and a tag.
func FuzzCommit(f *testing.F) {
	f.Add([]byte("tree " + strings.Repeat("1", 40) + "\nauthor A <a@b> 99999999999999999 +9999\ncommitter C <> x\n\nsubject\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := odb.ParseCommit(b)
		if err == nil && c.Tree.IsZero() {
			t.Error("a commit without a tree")
		}
		if _, err := odb.Origin(c.Tree, b).Date.MarshalJSON(); err != nil {
			t.Errorf("the origin cannot be told: %v", err)
		}
		odb.ParseTag(b)
	})
}
