package gitsource_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestMissingObjects takes objects away, one at a time: each is named, and the
// rest is still looked at.
func TestMissingObjects(t *testing.T) { eachFormat(t, testMissingObjects) }

func testMissingObjects(t *testing.T, f object.Format) {
	for what, rev := range map[string]string{"commit": "main~1", "tree": "main~1^{tree}", "subtree": "main~1:dir", "blob": "main~1:dir/f"} {
		t.Run(what, func(t *testing.T) {
			s := threeCommits(t, f)
			h := s.git("rev-parse", rev)
			name := filepath.Join(s.dir, ".git/objects", h[:2], h[2:])
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			got := s.look(s.open(gitsource.Options{}))
			got.wantGap(t, leak.Failure, leak.GapMissing, h)
			s.wantAll(got)
			if len(got.marks["last"]) != 1 || (what != "blob") != (len(got.marks["middle"]) == 1) {
				t.Errorf("last is found %d times, middle %d times", len(got.marks["last"]), len(got.marks["middle"]))
			}
			if err := os.WriteFile(name, b[:len(b)/2], 0o644); err != nil {
				t.Fatal(err)
			}
			got = s.look(s.open(gitsource.Options{}))
			got.wantGap(t, leak.Failure, leak.GapCorrupt, h)
			if len(got.gaps) != 1 {
				t.Errorf("a cut object makes %d gaps", len(got.gaps))
			}
		})
	}
}

// Git knows the empty tree without storing it: a commit of nothing is whole.
func TestEmptyTreeIsNotMissing(t *testing.T) { eachFormat(t, testEmptyTreeIsNotMissing) }

func testEmptyTreeIsNotMissing(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.commit("nothing")
	tree := s.git("rev-parse", "main^{tree}")
	if err := os.Remove(filepath.Join(s.dir, ".git/objects", tree[:2], tree[2:])); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	s.write("f", s.mark("later"))
	s.commit("later")
	got := s.look(s.open(gitsource.Options{}))
	if len(got.gaps) != 0 || len(got.marks["later"]) != 1 {
		t.Errorf("%d gaps, found %d times", len(got.gaps), len(got.marks["later"]))
	}
}

func threeCommits(t *testing.T, f object.Format) *sandbox {
	s := newSandbox(t, f)
	s.write("dir/f", s.mark("first"))
	s.commit("first")
	s.write("dir/f", s.mark("middle"))
	s.commit("middle")
	s.write("dir/f", s.mark("last"))
	s.commit("last")
	return s
}

// TestCutPack cuts a pack at every third byte: a failure that names it, never a clean
// result, and never a crash.
func TestCutPack(t *testing.T) { eachFormat(t, testCutPack) }

func testCutPack(t *testing.T, f object.Format) {
	s := threeCommits(t, f)
	s.git("repack", "-q", "-a", "-d")
	names, _ := filepath.Glob(filepath.Join(s.dir, ".git/objects/pack/*.pack"))
	if len(names) != 1 {
		t.Fatalf("%d packs", len(names))
	}
	if err := os.Chmod(names[0], 0o644); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 3 {
		if err := os.WriteFile(names[0], whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		got := s.look(s.open(gitsource.Options{}).History())
		got.wantGap(t, leak.Failure, leak.GapTruncated, filepath.Base(names[0]))
	}
	found := 0
	for n := 12; n < len(whole)-f.Size(); n += 3 {
		bent := append([]byte(nil), whole...)
		bent[n] ^= 0x40
		if err := os.WriteFile(names[0], bent, 0o644); err != nil {
			t.Fatal(err)
		}
		got := s.look(s.open(gitsource.Options{}).History())
		for _, g := range got.gaps {
			if g.Class == leak.Failure {
				found++
				break
			}
		}
	}
	// A bent byte can hide only where nothing depends on it: zlib's header bits, a name in a tree.
	if all := (len(whole) - 32) / 3; found < all*9/10 {
		t.Errorf("of %d bent bytes %d make a failure", all, found)
	}
}

// TestLonelyPackFiles takes the index or the pack away, and bends the index.
func TestLonelyPackFiles(t *testing.T) { eachFormat(t, testLonelyPackFiles) }

func testLonelyPackFiles(t *testing.T, f object.Format) {
	for _, ext := range []string{".idx", ".pack"} {
		s := threeCommits(t, f)
		s.git("repack", "-q", "-a", "-d")
		names, _ := filepath.Glob(filepath.Join(s.dir, ".git/objects/pack/*"+ext))
		if err := os.Remove(names[0]); err != nil {
			t.Fatal(err)
		}
		got := s.look(s.open(gitsource.Options{}))
		got.wantGap(t, leak.Failure, leak.GapMissing, "objects/pack/pack-", "is not there")
	}
	s := threeCommits(t, f)
	s.git("repack", "-q", "-a", "-d")
	names, _ := filepath.Glob(filepath.Join(s.dir, ".git/objects/pack/*.idx"))
	if err := os.Chmod(names[0], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(names[0], 1100); err != nil {
		t.Fatal(err)
	}
	s.write(".git/objects/pack/tmp_pack_x", "PACK")
	got := s.look(s.open(gitsource.Options{}))
	got.wantGap(t, leak.Failure, leak.GapCorrupt, ".idx", "git index-pack")
	got.wantGap(t, leak.Boundary, leak.GapUnknown, "tmp_pack_x")
}

// TestBadFiles bends what is not an object.
func TestBadFiles(t *testing.T) { eachFormat(t, testBadFiles) }

func testBadFiles(t *testing.T, f object.Format) {
	s := threeCommits(t, f)
	s.write(".git/refs/heads/bad", "not an id\n")
	s.write(".git/packed-refs", "# pack-refs with: peeled\nnonsense\n")
	config := s.read(".git/config")
	s.write(".git/config", "[core\nx")
	s.write(".git/logs/refs/heads/main", "short\n")
	got := s.look(s.open(gitsource.Options{}))
	got.wantGap(t, leak.Failure, leak.GapCorrupt, "refs/heads/bad")
	got.wantGap(t, leak.Failure, leak.GapCorrupt, "packed-refs")
	got.wantGap(t, leak.Failure, leak.GapCorrupt, "config")
	got.wantGap(t, leak.Failure, leak.GapCorrupt, "logs/refs/heads/main", "malformed")
	s.write(".git/config", string(config))
	s.wantAll(got)
	if len(got.marks) != 3 {
		t.Errorf("%d of 3 secrets are found", len(got.marks))
	}
}

// TestForeignObjects puts objects that are named by the other hash into a
// repository: not read, and not passed over in silence.
func TestForeignObjects(t *testing.T) { eachFormat(t, testForeignObjects) }

func testForeignObjects(t *testing.T, f object.Format) {
	s := threeCommits(t, f)
	other := threeCommits(t, object.SHA256-f)
	for _, h := range other.blobIDs() {
		s.write(".git/objects/"+h[:2]+"/"+h[2:], string(other.read(".git/objects/"+h[:2]+"/"+h[2:])))
	}
	got := s.look(s.open(gitsource.Options{}))
	got.wantGap(t, leak.Failure, leak.GapUnreadable, ".git/objects", "3 objects", "extensions.objectFormat")
	s.wantAll(got)
	if len(got.marks) != 3 || len(got.gaps) != 1 {
		t.Errorf("%d of 3 secrets are found, %d gaps", len(got.marks), len(got.gaps))
	}
}

// TestCraftedID reads a blob whose SHA-256 id seems to be one of SHA-1: nobody
// checks what an object's id is made of, so anybody can name one so.
func TestCraftedID(t *testing.T) {
	s := threeCommits(t, object.SHA256)
	h := strings.Repeat("ab", 20) + strings.Repeat("0", 24)
	blob := s.feed(s.mark("crafted"), "hash-object", "-w", "--stdin")
	s.write(".git/objects/ab/"+h[2:], string(s.read(".git/objects/"+blob[:2]+"/"+blob[2:])))
	id, err := object.Parse(h)
	if err != nil {
		t.Fatal(err)
	}
	tree := s.feed("100644 f\x00"+string(id[:]), "hash-object", "-t", "tree", "-w", "--stdin", "--literally")
	s.git("update-ref", "refs/heads/crafted", s.git("commit-tree", "-m", "crafted", tree))
	got := s.look(s.open(gitsource.Options{}))
	got.wantNoGaps(t)
	if b := got.marks["crafted"]; len(b) != 2 || b[0].Place.Path() != "f" {
		t.Errorf("the blob is found %d times", len(b))
	}
}

// TestLostConfiguration reads ids by the names of objects where nothing else
// tells their format.
func TestLostConfiguration(t *testing.T) { eachFormat(t, testLostConfiguration) }

func testLostConfiguration(t *testing.T, f object.Format) {
	s := threeCommits(t, f)
	config := s.read(".git/config")
	for _, packed := range []bool{false, true} {
		if packed {
			s.git("repack", "-q", "-a", "-d")
		}
		s.write(".git/config", "[core\n")
		got := s.look(s.open(gitsource.Options{}))
		got.wantGap(t, leak.Failure, leak.GapCorrupt, "config")
		if err := os.Remove(filepath.Join(s.dir, ".git/config")); err != nil {
			t.Fatal(err)
		}
		gone := s.look(s.open(gitsource.Options{}))
		if len(got.marks) != 3 || len(gone.marks) != 3 {
			t.Errorf("packed: %v, %d and %d of 3 secrets are found", packed, len(got.marks), len(gone.marks))
		}
		s.write(".git/config", string(config))
	}
}

// TestTreeBomb walks ten trees that name each other ten times: ten billion
// paths, one blob.
func TestTreeBomb(t *testing.T) { eachFormat(t, testTreeBomb) }

func testTreeBomb(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	entry := "100644 blob " + s.feed(s.mark("bomb"), "hash-object", "-w", "--stdin")
	for range 10 {
		var lines string
		for _, name := range "abcdefghij" {
			lines += entry + "\t" + string(name) + "\n"
		}
		entry = "040000 tree " + s.feed(lines, "mktree")
	}
	s.git("update-ref", "refs/heads/main", s.git("commit-tree", "-m", "boom", entry[len("040000 tree "):]))
	got := s.look(s.open(gitsource.Options{}))
	got.wantNoGaps(t)
	if b := got.marks["bomb"]; len(b) != 1 || len(b[0].Paths) < 10 || len(b[0].Paths) > 2000 {
		t.Errorf("the bomb's blob is found %d times", len(b))
	}
	s.wantAll(got)
}

// TestNarrowGaps tells of what cannot be read in the same order as the plain scan.
func TestNarrowGaps(t *testing.T) {
	s := newSandbox(t, object.SHA1)
	s.commit("first")
	s.write(".git/refs/heads/bad", "nothing\n")
	s.write(".git/objects/ab/"+strings.Repeat("cd", 31), "of another format")
	if out := s.look(s.open(gitsource.Options{})); len(out.gaps) != 2 {
		t.Fatalf("gaps: %v", out.gaps)
	}
	s.wantNarrowed(t)
}
