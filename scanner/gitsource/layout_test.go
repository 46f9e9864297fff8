package gitsource_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestLinkedWorktree hides secrets in a second working tree's HEAD, index and
// log, and looks for them from both.
func TestLinkedWorktree(t *testing.T) { eachFormat(t, testLinkedWorktree) }

func testLinkedWorktree(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.write("f", "x")
	s.commit("first")
	dir := filepath.Join(t.TempDir(), "linked")
	s.git("worktree", "add", "-q", "--detach", dir)
	w := s.at(dir)
	w.write("gone", s.mark("log of worktree"))
	gone := w.commit("gone")
	w.git("reset", "-q", "--hard", "HEAD~1")
	w.write("detached", s.mark("detached HEAD"))
	detached := w.commit("detached")
	s.git("checkout", "-q", "--detach")
	s.write("main", s.mark("detached main"))
	mainHead := s.commit("detached in the main working tree")
	w.write("staged", s.mark("index of worktree"))
	w.git("add", "staged")
	for _, from := range []*sandbox{s, w} {
		got := from.look(from.open(gitsource.Options{}))
		got.wantNoGaps(t)
		from.wantAll(got)
		from.wantHidden("log of worktree", hidden{"git-blob", "gone", leak.Reflog, gone, false, 1}, got)
		from.wantHidden("detached HEAD", hidden{"git-blob", "detached", leak.Reachable, detached, from == w, 1}, got)
		from.wantHidden("detached main", hidden{"git-blob", "main", leak.Reachable, mainHead, from == s, 1}, got)
		from.wantHidden("index of worktree", hidden{"git-blob", "staged", leak.Staged, "", false, 1}, got)
	}
	inside := w.at(w.git("rev-parse", "--absolute-git-dir")) // as GIT_DIR names it to a hook
	r := inside.open(gitsource.Options{})
	if !sameDir(r.WorkTree(), w.dir) {
		t.Errorf("the linked worktree's git directory belongs to %q", r.WorkTree())
	}
	got := inside.look(r.Staged())
	if len(got.sums) != 1 || len(got.marks["index of worktree"]) != 1 {
		t.Errorf("staged in the linked worktree: %d blobs", len(got.sums))
	}
}

// TestBareAndAlternates reads a bare repository whose objects lie elsewhere.
func TestBareAndAlternates(t *testing.T) { eachFormat(t, testBareAndAlternates) }

func testBareAndAlternates(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.write("f", s.mark("far"))
	far := s.commit("first")
	bare := s.at(filepath.Join(t.TempDir(), "bare.git"))
	s.git("clone", "-q", "--bare", "--shared", s.dir, bare.dir)
	for _, packed := range []bool{false, true} {
		if packed {
			s.git("repack", "-q", "-a", "-d")
		}
		r := bare.open(gitsource.Options{})
		if !r.Bare() {
			t.Error("is not known to be bare")
		}
		got := bare.look(r)
		got.wantNoGaps(t)
		bare.wantAll(got)
		bare.wantHidden("far", hidden{"git-blob", "f", leak.Reachable, far, true, 1}, got)
	}
	bare.write("config", string(bare.read("config"))+"# "+s.mark("bare config"))
	got := bare.look(bare.open(gitsource.Options{}))
	bare.wantHidden("bare config", hidden{"file", "config", leak.Worktree, "", false, 0}, got)

	bare.write("objects/info/alternates", filepath.Join(t.TempDir(), "nowhere")+"\n")
	got = bare.look(bare.open(gitsource.Options{}))
	got.wantGap(t, leak.Failure, leak.GapMissing, "nowhere")
}

// TestQuarantine reads objects that are not in the repository yet, as a
// pre-receive hook finds them.
func TestQuarantine(t *testing.T) { eachFormat(t, testQuarantine) }

func testQuarantine(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.write("f", "x")
	s.commit("first")
	server := s.at(filepath.Join(t.TempDir(), "server.git"))
	s.git("clone", "-q", "--bare", s.dir, server.dir)
	s.write("g", s.mark("pushed"))
	pushed := s.commit("second")
	dir := t.TempDir()
	env := map[string]string{"GIT_QUARANTINE_PATH": dir, "GIT_OBJECT_DIRECTORY": dir,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES": filepath.Join(server.dir, "objects")}
	for _, tree := range []string{"main", "main^{tree}", "main:g"} {
		h := s.git("rev-parse", tree)
		from := filepath.Join(s.dir, ".git/objects", h[:2], h[2:])
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		s.at(dir).write(h[:2]+"/"+h[2:], string(b))
	}
	r := server.open(gitsource.Options{ObjectDirs: gitsource.QuarantineDirs(func(k string) string { return env[k] })})
	src, err := r.Commits(gitsource.Selection{Tips: []string{pushed}, Not: []string{strings.Repeat("0", 2*f.Size())}, NotRefs: []string{"refs/"}})
	if err != nil {
		t.Fatal(err)
	}
	got := server.look(src)
	got.wantNoGaps(t)
	server.wantHidden("pushed", hidden{"git-blob", "g", leak.Reachable, pushed, false, 1}, got)
	if len(got.sums) != 2 {
		t.Errorf("%d objects, not the commit and its blob alone", len(got.sums))
	}
}

// TestOddLayouts opens what is no ordinary repository.
func TestOddLayouts(t *testing.T) { eachFormat(t, testOddLayouts) }

func testOddLayouts(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	got := s.look(s.open(gitsource.Options{}))
	got.wantNoGaps(t) // nothing committed yet
	if len(got.sums) != 0 {
		t.Error("an empty repository has blobs")
	}
	staged := s.look(s.open(gitsource.Options{}).Staged())
	staged.wantNoGaps(t)

	s.write("deep/er/f", "x")
	if root, ok := gitsource.Find(filepath.Join(s.dir, "deep", "er")); !ok || !sameDir(root, s.dir) {
		t.Errorf("found %q above", root)
	}
	if _, err := gitsource.Open(filepath.Join(s.dir, "deep"), gitsource.Options{}); !errors.Is(err, gitsource.ErrNotRepository) {
		t.Errorf("opening a plain folder: %v", err)
	}
	later := newSandbox(t, f)
	later.git("config", "core.repositoryformatversion", "1")
	later.git("config", "extensions.objectFormat", "sha512")
	if _, err := gitsource.Open(later.dir, gitsource.Options{}); err == nil || !strings.Contains(err.Error(), `"sha512"`) {
		t.Errorf("opening a repository of ids that nobody knows: %v", err)
	}
	s.git("config", "core.repositoryformatversion", "1")
	s.git("config", "extensions.refStorage", "reftable")
	got = s.look(s.open(gitsource.Options{}))
	got.wantGap(t, leak.Failure, leak.GapUnknown, "reftable")
}

// TestUnknownFormat: git refuses to read these; what is found is told as incomplete.
func TestUnknownFormat(t *testing.T) { eachFormat(t, testUnknownFormat) }

func testUnknownFormat(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.write("f", s.mark("found all the same"))
	s.commit("first")
	config := string(s.read(".git/config"))
	for setting, word := range map[string]string{
		"[core]\n\trepositoryformatversion = 7\n":                              `"7"`,
		"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tstrange = x\n": `"strange"`,
	} {
		s.write(".git/config", config+setting)
		got := s.look(s.open(gitsource.Options{}))
		got.wantGap(t, leak.Failure, leak.GapUnknown, word)
		if len(got.marks["found all the same"]) != 1 {
			t.Errorf("%s: the file is found %d times", word, len(got.marks["found all the same"]))
		}
	}
	s.write(".git/config", config+"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpreciousObjects = true\n")
	got := s.look(s.open(gitsource.Options{}))
	got.wantNoGaps(t)
}

func sameDir(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// TestSubmodules looks into a checked-out submodule, and names one that is not.
func TestSubmodules(t *testing.T) { eachFormat(t, testSubmodules) }

func testSubmodules(t *testing.T, f object.Format) {
	lib := newSandbox(t, f)
	lib.write("lib.env", lib.mark("in the submodule"))
	c := lib.commit("library")
	s := newSandbox(t, f)
	s.marks = lib.marks
	s.write("f", "x")
	s.git("submodule", "--quiet", "add", lib.dir, "vendor/lib")
	s.git("submodule", "--quiet", "add", "--name", "second", lib.dir, "other")
	s.commit("two submodules")
	got := s.look(s.open(gitsource.Options{}))
	got.wantNoGaps(t)
	blobs := got.marks["in the submodule"]
	if len(blobs) != 2 {
		t.Fatalf("found %d times", len(blobs))
	}
	for _, b := range blobs {
		p := b.Place.(leak.GitBlob)
		if p.Name != "lib.env" || p.Commit != c || p.Repo != "vendor/lib" && p.Repo != "other" {
			t.Errorf("place is %+v", p)
		}
	}
	got = s.look(s.open(gitsource.Options{NoSubmodules: true}))
	got.wantGap(t, leak.Boundary, leak.GapSubmodule, "vendor/lib", c[:10])
	if err := os.RemoveAll(filepath.Join(s.dir, ".git", "modules", "second")); err != nil {
		t.Fatal(err)
	}
	got = s.look(s.open(gitsource.Options{}))
	got.wantGap(t, leak.Boundary, leak.GapSubmodule, "other", c[:10])
	if len(got.gaps) != 1 {
		t.Errorf("%d gaps, not the one of the submodule that is gone", len(got.gaps))
	}
}

// TestHorizons reads clones that lack history or objects by design.
func TestHorizons(t *testing.T) { eachFormat(t, testHorizons) }

func testHorizons(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.write("f", s.mark("old"))
	s.commit("first")
	s.write("f", "clean")
	s.commit("second")
	third := s.commit("third")
	url := "file://" + filepath.ToSlash(s.dir)

	shallow := s.at(filepath.Join(t.TempDir(), "shallow"))
	s.git("clone", "-q", "--depth", "1", url, shallow.dir)
	got := shallow.look(shallow.open(gitsource.Options{}))
	got.wantGap(t, leak.Boundary, leak.GapShallow, third[:10], "--unshallow")
	shallow.wantAll(got)
	if len(got.gaps) != 1 {
		t.Errorf("a shallow clone has %d gaps", len(got.gaps))
	}
	if _, err := commitsOf(t, shallow, "HEAD~1..HEAD"); err == nil {
		t.Error("a range that begins behind the horizon is no error")
	}

	partial := s.at(filepath.Join(t.TempDir(), "partial"))
	s.git("config", "uploadpack.allowFilter", "true")
	s.git("clone", "-q", "--filter=blob:none", "--no-checkout", url, partial.dir)
	got = partial.look(partial.open(gitsource.Options{}))
	got.wantGap(t, leak.Boundary, leak.GapPartial, "2 objects", "blob")
	for _, g := range got.gaps {
		if g.Class != leak.Boundary {
			t.Errorf("a partial clone's gap: %s %s", g.Code, g)
		}
	}
}
