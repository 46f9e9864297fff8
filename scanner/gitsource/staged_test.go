package gitsource_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestStaged checks what a commit would add, against git's own diff.
func TestStaged(t *testing.T) { eachFormat(t, testStaged) }

func testStaged(t *testing.T, f object.Format) {
	for _, version := range []string{"2", "3", "4"} {
		t.Run("version "+version, func(t *testing.T) {
			s := newSandbox(t, f)
			s.git("config", "index.version", version)
			stageAll(s)
			r := s.open(gitsource.Options{})
			got := s.look(r.Staged())
			got.wantNoGaps(t)
			want := map[string]string{"new": "a/new.env", "partial": "a/b/partial.txt", "renamed": "moved.txt", "type": "c/link",
				"conflict 2": "c/both.txt", "conflict 3": "c/both.txt"}
			for name, path := range want {
				s.wantHidden(name, hidden{"git-blob", path, leak.Staged, "", false, 0}, got)
			}
			for name := range got.marks {
				if want[name] == "" {
					t.Errorf("%s is not staged and found", name)
				}
			}
			if b := got.marks["new"]; len(b) != 1 || !slices.Equal(b[0].Paths, []string{"a/new.env", "z/copy.env"}) {
				t.Error("a blob staged twice does not come once, with both paths")
			}
			if len(got.sums) != len(want) {
				t.Errorf("%d blobs are yielded, %d are staged", len(got.sums), len(want))
			}
		})
	}
}

func stageAll(s *sandbox) {
	s.write("a/b/partial.txt", "one\n")
	s.write("a/b/same.txt", s.mark("committed"))
	s.write("a/z/same.txt", "untouched")
	s.write("c/link", "a file")
	s.write("c/both.txt", "base\n")
	s.write("c/run.sh", s.mark("mode only"))
	s.write("old.txt", "a file that is long enough\nto be told as renamed\nthough it has another line\n")
	s.write("gone.txt", s.mark("deleted"))
	s.commit("first")
	ours := s.feed(s.mark("conflict 2"), "hash-object", "-w", "--stdin")
	theirs := s.feed(s.mark("conflict 3"), "hash-object", "-w", "--stdin")
	base := s.git("rev-parse", "HEAD:c/both.txt")
	s.write("a/new.env", s.mark("new"))
	s.write("z/copy.env", string(s.read("a/new.env")))
	s.write("a/b/partial.txt", "one\n"+s.mark("partial")+"\n")
	s.git("mv", "old.txt", "moved.txt")
	s.write("moved.txt", string(s.read("moved.txt"))+s.mark("renamed"))
	s.git("rm", "-q", "gone.txt")
	s.git("add", "-A")
	s.git("update-index", "--chmod=+x", "c/run.sh")
	s.git("update-index", "--cacheinfo", "120000,"+s.feed(s.mark("type"), "hash-object", "-w", "--stdin")+",c/link")
	s.feed("0 "+strings.Repeat("0", len(base))+"\tc/both.txt\n100644 "+base+" 1\tc/both.txt\n100644 "+ours+" 2\tc/both.txt\n100644 "+theirs+" 3\tc/both.txt\n", "update-index", "--index-info")
	s.write("a/b/partial.txt", "two\n"+s.mark("working tree")+"\n")
	s.write("later.txt", s.mark("announced"))
	s.git("add", "-N", "later.txt")
}

// TestStagedElsewhere reads the index that git commit FILE hands to its hook.
func TestStagedElsewhere(t *testing.T) { eachFormat(t, testStagedElsewhere) }

func testStagedElsewhere(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.write("f", "x")
	s.commit("first")
	s.write("f", s.mark("in the other index"))
	s.git("add", "f")
	other := filepath.Join(t.TempDir(), "index")
	if err := os.WriteFile(other, s.read(".git/index"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.git("reset", "-q", "--hard")
	plain := s.look(s.open(gitsource.Options{}).Staged())
	got := s.look(s.open(gitsource.Options{IndexFile: other}).Staged())
	if len(plain.sums) != 0 || len(got.marks["in the other index"]) != 1 {
		t.Errorf("%d staged in the repository's index, %d in the other", len(plain.sums), len(got.sums))
	}
}

// TestMalformedIndex cuts and bends an index: a failure each time, never a
// clean result.
func TestMalformedIndex(t *testing.T) { eachFormat(t, testMalformedIndex) }

func testMalformedIndex(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.write("a/f", s.mark("f"))
	s.git("add", "-A")
	whole := s.read(".git/index")
	for n := range whole {
		s.write(".git/index", string(whole[:n]))
		got := s.look(s.open(gitsource.Options{}).Staged())
		got.wantGap(t, leak.Failure, leak.GapCorrupt, "index")
		bent := append([]byte(nil), whole...)
		bent[n] ^= 0x55
		s.write(".git/index", string(bent))
		got = s.look(s.open(gitsource.Options{}).Staged())
		got.wantGap(t, leak.Failure, leak.GapCorrupt, "index")
	}
	got := s.look(s.open(gitsource.Options{}))
	got.wantGap(t, leak.Failure, leak.GapCorrupt, "index")
	s.wantAll(got)

	s.write(".git/index", string(whole))
	s.git("update-index", "--split-index")
	got = s.look(s.open(gitsource.Options{}).Staged())
	got.wantGap(t, leak.Failure, leak.GapCorrupt, "--no-split-index")
}

// BenchmarkStaged opens a repository of a thousand files and reads the ten that
// are staged, as a pre-commit hook does.
func BenchmarkStaged(b *testing.B) {
	s := newSandbox(b, object.SHA1)
	for i := range 1000 {
		s.write(fmt.Sprintf("dir%d/file%d.txt", i%40, i), fmt.Sprint("content ", i))
	}
	s.commit("first")
	s.git("repack", "-q", "-a", "-d")
	for i := range 10 {
		s.write(fmt.Sprintf("dir%d/new.txt", i), fmt.Sprint("new ", i))
	}
	s.git("add", "-A")
	for b.Loop() {
		r, err := gitsource.Open(s.dir, gitsource.Options{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for blob, err := range r.Staged().Blobs(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := readBlob(b.Context(), blob); err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 10 {
			b.Fatalf("%d blobs are staged", n)
		}
		r.Close()
	}
}
