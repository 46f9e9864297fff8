package odb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// FuzzPack reads every object of a pack and index that are anything at all: it
// may find them damaged, it may not crash, hang or read out of bounds.
func FuzzPack(f *testing.F) {
	for _, args := range [][]string{{"repack", "-q", "-a", "-d"}, {"-c", "repack.useDeltaBaseOffset=false", "-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d"}} {
		r := newRepo(f, 4)
		r.git("", args...)
		var files [2][]byte
		for i, ext := range []string{"pack", "idx"} {
			names, _ := filepath.Glob(filepath.Join(r.dir, ".git/objects/pack/*."+ext))
			b, err := os.ReadFile(names[0])
			if err != nil {
				f.Fatal(err)
			}
			files[i] = b
		}
		f.Add(files[0], files[1])
		f.Add(files[0][:len(files[0])/2], files[1])
	}
	f.Fuzz(func(t *testing.T, pack, index []byte) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "pack"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{"p.pack": pack, "p.idx": index} {
			if err := os.WriteFile(filepath.Join(dir, "pack", name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		db, err := odb.Open(odb.Dir{Path: dir, Label: "objects"})
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

// FuzzTrees compares two trees that are anything at all.
func FuzzTrees(f *testing.F) {
	one := "100644 a\x00" + strings.Repeat("i", 20)
	f.Add([]byte(one), []byte("40000 a\x00"+strings.Repeat("j", 20)+one))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		cursors := []odb.Cursor{odb.NewCursor(b)}
		for rest := a; len(rest) > 0; {
			e, next, err := odb.NextEntry(rest)
			if err != nil {
				break
			}
			if _, same := odb.Seek(cursors, e); same && !strings.Contains(string(b), string(e.ID[:])) {
				t.Error("an entry is said to be in a tree that does not have it")
			}
			rest = next
		}
		cursors = []odb.Cursor{odb.NewCursor(a)}
		for rest := a; len(rest) > 0; { // a tree has all of its own entries
			e, next, err := odb.NextEntry(rest)
			if err != nil {
				break
			}
			if _, same := odb.Seek(cursors, e); !same && sorted(a) {
				t.Error("a tree does not have its own entry")
			}
			rest = next
		}
	})
}

// sorted tells whether a tree's entries rise.
func sorted(raw []byte) bool {
	var last odb.Entry
	for len(raw) > 0 {
		e, rest, err := odb.NextEntry(raw)
		if err != nil {
			return true
		}
		if last.Name != nil && sortName(last) >= sortName(e) {
			return false
		}
		last, raw = e, rest
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
