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

// hidden is where and how a mark must be found.
type hidden struct {
	kind   string // of the place
	path   string // GitBlob's path or File's name, GitMessage's What
	reach  leak.Reach
	commit string // its first commit, of the place and the origin; "" where there is none, "?" where any will do
	head   bool
	paths  int
}

// hide makes a repository with a secret in every place that git has for one.
func hide(t *testing.T, f object.Format) (*sandbox, map[string]hidden) {
	s := newSandbox(t, f)
	want := map[string]hidden{}
	hideFiles(s, want)
	hideMerges(s, want)
	hideMessages(s, want)
	hideRefs(s, want)
	hideLost(s, want)
	hideMetadata(s, want)
	hideStash(s, want)
	hideStaged(s, want)
	hidePseudo(s, want)
	return s, want
}

func hideFiles(s *sandbox, want map[string]hidden) {
	s.write("README", "hello\n")
	s.write(".gitattributes", "*.dat -diff\n")
	s.commit("first")

	s.write("config/prod.env", "TOKEN="+s.mark("deleted")+"\n")
	want["deleted"] = hidden{"git-blob", "config/prod.env", leak.Reachable, s.commit("add configuration"), false, 1}
	s.git("rm", "-q", "config/prod.env")
	s.commit("remove it again")

	v := s.mark("copied")
	s.write("b/key.txt", v)
	first := s.commit("one")
	s.write("a/key.txt", v)
	s.commit("copy")
	want["copied"] = hidden{"git-blob", "b/key.txt", leak.Reachable, first, true, 2}

	s.write("blob.dat", s.mark("no diff"))
	s.write("wide.txt", "\xff\xfe"+string(utf16le("key "+s.mark("utf-16"))))
	s.write("name with\nnewline", s.mark("newline"))
	s.git("update-index", "--add", "--cacheinfo", "120000,"+s.feed(s.mark("symlink"), "hash-object", "-w", "--stdin")+",link")
	s.git("add", "blob.dat", "wide.txt", "name with\nnewline")
	s.git("commit", "-q", "-m", "odd ones")
	at := s.git("rev-parse", "HEAD")
	want["no diff"] = hidden{"git-blob", "blob.dat", leak.Reachable, at, true, 1}
	want["utf-16"] = hidden{"git-blob", "wide.txt", leak.Reachable, at, true, 1}
	want["newline"] = hidden{"git-blob", "name with\nnewline", leak.Reachable, at, true, 1}
	want["symlink"] = hidden{"git-blob", "link", leak.Reachable, at, false, 1}

	s.write("link", s.mark("type change"))
	want["type change"] = hidden{"git-blob", "link", leak.Reachable, s.commit("link becomes file"), true, 1}
}

func hideMerges(s *sandbox, want map[string]hidden) {
	for _, b := range []string{"x", "y", "z"} {
		s.git("checkout", "-q", "-b", b, "main")
		s.write("side-"+b, s.mark("side "+b))
		want["side "+b] = hidden{"git-blob", "side-" + b, leak.Reachable, s.commit("side " + b), true, 1}
	}
	s.git("checkout", "-q", "main")
	s.git("merge", "-q", "--no-ff", "--no-commit", "x")
	s.write("README", "hello "+s.mark("evil merge"))
	want["evil merge"] = hidden{"git-blob", "README", leak.Reachable, s.commit("merge x"), true, 1}
	s.git("read-tree", "-m", "main")
	s.git("merge", "-q", "--no-commit", "y", "z")
	s.write("octopus", s.mark("octopus"))
	want["octopus"] = hidden{"git-blob", "octopus", leak.Reachable, s.commit("merge y and z"), true, 1}
}

func hideMessages(s *sandbox, want map[string]hidden) {
	s.git("commit", "-q", "--allow-empty", "-m", "subject", "-m", s.mark("commit message"))
	want["commit message"] = hidden{"git-message", "commit", leak.Reachable, s.git("rev-parse", "HEAD"), false, 0}
	s.git("commit", "-q", "--allow-empty", "-m", "who", "--author", s.mark("author name")+" <"+s.mark("author mail")+"@example.org>")
	want["author name"] = hidden{"git-message", "commit", leak.Reachable, s.git("rev-parse", "HEAD"), false, 0}
	want["author mail"] = want["author name"]

	raw := "tree " + s.git("rev-parse", "main^{tree}") + "\nparent " + s.git("rev-parse", "main") +
		"\nauthor A <a@example.org> 1600000000 +0000\ncommitter C <c@example.org> 1600000000 +0000\nencoding ISO-8859-1\n" +
		"gpgsig -----BEGIN\n " + s.mark("signature") + "\n -----END\ngpgsig-sha256 -----BEGIN\n " + s.mark("second signature") + "\n -----END\nx-odd " + s.mark("header") + "\n\nmessage\n"
	odd := s.feed(raw, "hash-object", "-t", "commit", "-w", "--stdin", "--literally")
	s.git("update-ref", "refs/heads/odd", odd)
	want["signature"] = hidden{"git-message", "commit", leak.Reachable, odd, false, 0}
	want["second signature"], want["header"] = want["signature"], want["signature"]

	s.git("tag", "-a", "v1", "-m", "release "+s.mark("tag message"))
	s.git("tag", "-a", "v1-nested", "-m", s.mark("nested tag"), "v1")
	want["tag message"] = hidden{"git-message", "tag", leak.Reachable, s.git("rev-parse", "v1"), false, 0}
	want["nested tag"] = hidden{"git-message", "tag", leak.Reachable, s.git("rev-parse", "v1-nested"), false, 0}
	s.git("notes", "add", "-m", s.mark("note"), "HEAD")
	want["note"] = hidden{"git-message", "note", leak.Reachable, s.git("rev-parse", "refs/notes/commits"), false, 0}
	about := s.git("rev-parse", "HEAD~1") // notes of many commits lie in folders
	note := s.feed("100644 blob "+s.feed(s.mark("note in folders"), "hash-object", "-w", "--stdin")+"\t"+about[4:]+"\n", "mktree")
	note = s.feed("040000 tree "+s.feed("040000 tree "+note+"\t"+about[2:4]+"\n", "mktree")+"\t"+about[:2]+"\n", "mktree")
	s.git("update-ref", "refs/notes/many", s.git("commit-tree", "-m", "notes", note))
	want["note in folders"] = hidden{"git-message", "note", leak.Reachable, s.git("rev-parse", "refs/notes/many"), false, 0}
}

func hideRefs(s *sandbox, want map[string]hidden) {
	s.git("branch", "fix-"+s.mark("branch name"))
	want["branch name"] = hidden{"git-message", "ref", leak.Reachable, "", false, 0}
	blob := s.feed(s.mark("tag on blob"), "hash-object", "-w", "--stdin")
	s.git("tag", "blobtag", blob)
	want["tag on blob"] = hidden{"git-blob", "", leak.Reachable, "", false, 0}
	blob = s.feed(s.mark("tag on tree"), "hash-object", "-w", "--stdin")
	s.git("tag", "-a", "-m", "a tree", "treetag", s.feed("100644 blob "+blob+"\ttree.txt\n", "mktree"))
	want["tag on tree"] = hidden{"git-blob", "tree.txt", leak.Reachable, "", false, 1}
	for _, name := range []string{"refs/pull/1/head", "refs/original/refs/heads/main", "refs/replace/" + s.git("rev-parse", "main~1"), "refs/bisect/bad", "refs/odd"} {
		c := s.orphan("only-here", s.mark(name))
		s.git("update-ref", name, c)
		want[name] = hidden{"git-blob", "only-here", leak.Reachable, c, false, 1}
	}
}

// hidePseudo comes last: with a MERGE_HEAD there, git refuses half its commands.
func hidePseudo(s *sandbox, want map[string]hidden) {
	for name, reach := range map[string]leak.Reach{"FETCH_HEAD": leak.Reachable, "MERGE_HEAD": leak.Reachable, "CHERRY_PICK_HEAD": leak.Reachable, "ORIG_HEAD": leak.Reflog} {
		c := s.orphan("only-here", s.mark(name))
		line := c + "\n"
		if name == "FETCH_HEAD" {
			line = s.git("rev-parse", "main") + "\t\tbranch 'main' of example.org\n" + c + "\tnot-for-merge\tbranch 'x' of example.org\n"
		}
		s.write(".git/"+name, line)
		want[name] = hidden{"git-blob", "only-here", reach, c, false, 1}
	}
}

func hideLost(s *sandbox, want map[string]hidden) {
	s.write("oops.env", s.mark("reflog commit"))
	c := s.commit("oops")
	s.git("update-ref", "-m", "log says "+s.mark("reflog message"), "HEAD", "HEAD~1")
	s.git("reset", "-q", "--hard")
	want["reflog commit"] = hidden{"git-blob", "oops.env", leak.Reflog, c, false, 1}
	want["reflog message"] = hidden{"git-message", "reflog", leak.Reflog, "", false, 0}

	s.feed(s.mark("dangling blob"), "hash-object", "-w", "--stdin")
	want["dangling blob"] = hidden{"git-blob", "", leak.Unreachable, "", false, 0}
	blob := s.feed(s.mark("dangling tree"), "hash-object", "-w", "--stdin")
	sub := s.feed("100644 blob "+blob+"\tf.txt\n", "mktree")
	s.feed("040000 tree "+sub+"\tdir\n", "mktree")
	want["dangling tree"] = hidden{"git-blob", "dir/f.txt", leak.Unreachable, "", false, 1}
	s.orphan("lost.txt", s.mark("dangling commit"))
	want["dangling commit"] = hidden{"git-blob", "lost.txt", leak.Unreachable, "?", false, 1}
}

func hideMetadata(s *sandbox, want map[string]hidden) {
	s.git("config", "remote.origin.url", "https://x:"+s.mark("remote url")+"@example.org/r.git")
	for name, file := range map[string]string{"hook": ".git/hooks/pre-push", "exclude": ".git/info/exclude", "message": ".git/COMMIT_EDITMSG",
		"description": ".git/description", "rerere": ".git/rr-cache/00/preimage", "rebase patch": ".git/rebase-apply/0001"} {
		s.write(file, s.mark(name))
		want[name] = hidden{"file", file, leak.Worktree, "", false, 0}
	}
	want["remote url"] = hidden{"file", ".git/config", leak.Worktree, "", false, 0}
}

func hideStash(s *sandbox, want map[string]hidden) {
	s.write("README", s.mark("old stash"))
	s.git("stash", "push", "-q")
	old := s.git("rev-parse", "stash")
	s.write("README", s.mark("stash index"))
	s.git("add", "README")
	s.write("README", s.mark("stash"))
	s.write("untracked", s.mark("stash untracked"))
	s.git("stash", "push", "-q", "-u", "-m", s.mark("stash message"))
	want["old stash"] = hidden{"git-blob", "README", leak.Stash, old, false, 1}
	want["stash"] = hidden{"git-blob", "README", leak.Stash, s.git("rev-parse", "stash"), false, 1}
	want["stash index"] = hidden{"git-blob", "README", leak.Stash, s.git("rev-parse", "stash^2"), false, 1}
	want["stash untracked"] = hidden{"git-blob", "untracked", leak.Stash, s.git("rev-parse", "stash^3"), false, 1}
	want["stash message"] = hidden{"git-message", "commit", leak.Stash, "?", false, 0}
}

func hideStaged(s *sandbox, want map[string]hidden) {
	s.write("staged.env", s.mark("staged"))
	s.git("add", "staged.env")
	s.write("staged.env", "not yet") // the index keeps what was added
	want["staged"] = hidden{"git-blob", "staged.env", leak.Staged, "", false, 1}
	for stage := 1; stage <= 3; stage++ {
		name := fmt.Sprintf("conflict %d", stage)
		blob := s.feed(s.mark(name), "hash-object", "-w", "--stdin")
		s.feed(fmt.Sprintf("100644 %s %d\tconflict.txt\n", blob, stage), "update-index", "--index-info")
		want[name] = hidden{"git-blob", "conflict.txt", leak.Staged, "", false, 1}
	}
}

// TestHidingPlaces hides a secret in every place that git has for one and looks
// whether it is found there, rightly labelled, with the objects loose and packed.
func TestHidingPlaces(t *testing.T) { eachFormat(t, testHidingPlaces) }

func testHidingPlaces(t *testing.T, f object.Format) {
	s, want := hide(t, f)
	r := s.open(gitsource.Options{})
	got := s.look(r)
	got.wantNoGaps(t)
	s.wantAll(got)
	if len(s.marks.names) < 50 {
		t.Fatalf("%d secrets are hidden, too few", len(s.marks.names))
	}
	for _, name := range s.marks.names {
		s.wantHidden(name, want[name], got)
	}

	loose := s.look(r.History())
	s.git("repack", "-q", "-a", "-d", "-k")
	s.git("pack-refs", "--all")
	packed := s.look(s.open(gitsource.Options{}).History())
	if !slices.Equal(loose.lines, packed.lines) {
		t.Errorf("loose and packed objects do not give the same blobs in the same order (%d, %d)", len(loose.lines), len(packed.lines))
	}
}

// wantHidden checks the first sighting of a mark.
func (s *sandbox) wantHidden(name string, want hidden, got seen) {
	s.t.Helper()
	if len(got.marks[name]) == 0 {
		s.t.Errorf("%s: not found", name)
		return
	}
	if want.kind == "" {
		s.t.Errorf("%s: the test does not say where it is", name)
		return
	}
	b := got.marks[name][0]
	has := hidden{kind: b.Place.Kind(), path: b.Place.Path(), reach: b.Reach}
	if o := b.Origin; o != nil {
		has.commit, has.head, has.paths = o.Commit, o.AtHead, o.Paths
	}
	switch p := b.Place.(type) {
	case leak.GitMessage:
		has.path = p.What
	case leak.GitBlob:
		if p.Commit != has.commit && b.Reach != leak.Unreachable {
			s.t.Errorf("%s: place has commit %q, origin %q", name, p.Commit, has.commit)
		}
	}
	if want.commit == "?" && has.commit != "" {
		has.commit = "?"
	}
	if has != want {
		s.t.Errorf("%s:\n has %+v\nwant %+v", name, has, want)
	}
}

// TestOrigin checks what is told of a commit.
func TestOrigin(t *testing.T) { eachFormat(t, testOrigin) }

func testOrigin(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	s.write("f", s.mark("f"))
	s.git("add", "-A")
	s.git("commit", "-q", "-m", "the subject\n\nand a body", "--author", "Zoé Ω <z@example.org>", "--date", "2020-02-03T04:05:06+02:00")
	got := s.look(s.open(gitsource.Options{}))
	o := got.marks["f"][0].Origin
	if o.Author != "Zoé Ω" || o.Email != "z@example.org" || o.Subject != "the subject" || o.Date.Format("2006-01-02T15:04:05-07:00") != "2020-02-03T04:05:06+02:00" {
		t.Errorf("origin is %+v", o)
	}
}

// TestLFS finds content that lies in the LFS store, and tells of content that does not.
func TestLFS(t *testing.T) { eachFormat(t, testLFS) }

func testLFS(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	oid := strings.Repeat("0123456789abcdef", 4)
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + oid + "\nsize 12345\n"
	s.write("big.bin", pointer)
	s.write("talks.txt", pointer+s.mark("behind a pointer"))
	s.commit("large file")
	got := s.look(s.open(gitsource.Options{}))
	got.wantGap(t, leak.Boundary, leak.GapLFS, "big.bin", "12345", "git lfs fetch")
	if len(got.marks["behind a pointer"]) != 1 {
		t.Error("a text that begins as a pointer is not scanned")
	}
	s.write(".git/lfs/objects/01/23/"+oid, s.mark("in the store"))
	got = s.look(s.open(gitsource.Options{}))
	got.wantNoGaps(t)
	s.wantHidden("in the store", hidden{"file", ".git/lfs/objects/01/23/" + oid, leak.Worktree, "", false, 0}, got)
}

// TestNothingRuns plants programs in every place of a repository where git
// would run one.
func TestNothingRuns(t *testing.T) { eachFormat(t, testNothingRuns) }

func testNothingRuns(t *testing.T, f object.Format) {
	s := newSandbox(t, f)
	witness := filepath.Join(t.TempDir(), "ran")
	s.write("f", "x")
	s.write(".gitattributes", "* diff=evil filter=evil\n")
	s.commit("evil")
	for _, key := range []string{"core.fsmonitor", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge", "core.sshCommand", "core.pager", "uploadpack.packObjectsHook"} {
		s.git("config", key, "touch "+witness+"; echo")
	}
	for _, hook := range []string{"post-index-change", "reference-transaction", "pre-commit", "post-checkout"} {
		s.write(".git/hooks/"+hook, "#!/bin/sh\ntouch "+witness+"\n")
		if err := os.Chmod(filepath.Join(s.dir, ".git/hooks", hook), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r := s.open(gitsource.Options{})
	got := s.look(r)
	s.look(r.Staged())
	got.wantNoGaps(t)
	if _, err := os.Stat(witness); err == nil {
		t.Error("something of the repository ran")
	}
}
