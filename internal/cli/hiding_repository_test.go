package cli_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// hideout is a repository with one secret in each place that git has for one,
// built with the real git.
type hideout struct {
	t      *testing.T
	dir    string
	clock  int
	values map[string]string // by place
	want   map[string]string // by place: kind, reach and path of a sighting that must be told
}

func newHideout(t *testing.T) *hideout {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	// The folder's name must not tell of the test: paths are searched for values.
	h := &hideout{t: t, dir: filepath.Join(t.TempDir(), "repo"), values: map[string]string{}, want: map[string]string{}}
	if err := os.Mkdir(h.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	h.git("init", "-q", "-b", "main", "--template=")
	h.commits()
	h.texts()
	h.merges()
	h.words()
	h.refs()
	h.stores()
	h.lost()
	h.stashes()
	h.worktree()
	h.files()
	return h
}

// mark makes the secret of a place and says where it must be told of.
func (h *hideout) mark(place, kind, reach, path string) string {
	h.t.Helper()
	if h.values[place] != "" {
		h.t.Fatalf("two places are called %s", place)
	}
	v := leaktest.Must(uint64(1000+len(h.values)), `{{github "ghp_"}}`)
	h.values[place], h.want[place] = v, kind+" "+reach+" "+path
	return v
}

func (h *hideout) git(args ...string) string { h.t.Helper(); return h.feed("", args...) }

func (h *hideout) feed(in string, args ...string) string {
	h.t.Helper()
	h.clock++
	date := fmt.Sprintf("%d +0000", 1700000000+h.clock*60)
	c := exec.Command("git", append([]string{"-c", "protocol.file.allow=always"}, args...)...)
	c.Dir, c.Stdin = h.dir, strings.NewReader(in)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_EDITOR=true", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.org", "GIT_COMMITTER_NAME=Cy", "GIT_COMMITTER_EMAIL=cy@example.org",
		"GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	out, err := c.CombinedOutput()
	if err != nil {
		h.t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

func (h *hideout) write(name, content string) {
	h.t.Helper()
	p := filepath.Join(h.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hideout) commit(message string) string {
	h.t.Helper()
	h.git("add", "-A")
	h.git("commit", "-q", "--allow-empty", "-m", message)
	return h.git("rev-parse", "HEAD")
}

// orphan is a commit of one file without parent or ref.
func (h *hideout) orphan(file, content string) string {
	h.t.Helper()
	tree := h.feed(fmt.Sprintf("100644 blob %s\t%s\n", h.blob(content), file), "mktree")
	return h.git("commit-tree", "-m", "alone", tree)
}

func (h *hideout) blob(content string) string {
	h.t.Helper()
	return h.feed(content, "hash-object", "-w", "--stdin")
}

func (h *hideout) commits() {
	h.write("readme", "hello\n")
	h.write(".gitignore", "ignored.env\n")
	h.write(".gitattributes", "*.dat -diff\n")
	h.commit("first")
	h.write("packed.env", h.mark("packed", "git-blob", "reachable", "packed.env"))
	h.commit("packed")
	h.git("rm", "-q", "packed.env")
	h.commit("packed no more")
	h.git("repack", "-q", "-a", "-d")
	h.write("config/head.env", h.mark("file at HEAD", "file", "worktree", "config/head.env"))
	h.commit("head")
	h.write("gone.env", h.mark("deleted file", "git-blob", "reachable", "gone.env"))
	h.commit("add")
	h.git("rm", "-q", "gone.env")
	h.commit("remove")
	h.git("checkout", "-q", "-b", "side")
	h.write("side.env", h.mark("other branch", "git-blob", "reachable", "side.env"))
	h.commit("side")
	h.git("checkout", "-q", "main")
	h.git("tag", "lone", h.orphan("tagged.env", h.mark("commit of a tag", "git-blob", "reachable", "tagged.env")))
}

func (h *hideout) texts() {
	h.write("nodiff.dat", h.mark("-diff file", "file", "worktree", "nodiff.dat"))
	h.write("marked.txt", "\xff\xfe"+wide("token "+h.mark("UTF-16 with a mark", "file", "worktree", "marked.txt")))
	h.write("plain.txt", wide("token "+h.mark("UTF-16 without", "file", "worktree", "plain.txt")))
	h.write("program", "\x7fELF\x00\x00\x01"+h.mark("binary", "file", "worktree", "program")+"\x00\x02\x00")
	h.write("image.yaml", "data: "+base64.StdEncoding.EncodeToString([]byte("token="+h.mark("base64", "file", "worktree", "image.yaml")+"\n"))+"\n")
	h.write(h.mark("file name", "file", "worktree", "redacted")+".txt", "nothing\n")
	h.git("add", "-A")
	h.git("update-index", "--add", "--cacheinfo", "120000,"+h.blob(h.mark("symlink target", "git-blob", "reachable", "link"))+",link")
	h.git("commit", "-q", "-m", "odd ones")
	h.git("checkout", "-q", "--", ".")
	if err := os.Remove(filepath.Join(h.dir, "link")); err != nil {
		h.t.Fatal(err)
	}
	h.write("link", h.mark("type change", "file", "worktree", "link"))
	h.commit("a link becomes a file")
}

func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func (h *hideout) merges() {
	for _, b := range []string{"x", "y", "z"} {
		h.git("checkout", "-q", "-b", b, "main")
		h.write("of-"+b, b)
		h.commit(b)
	}
	h.git("checkout", "-q", "main")
	h.git("merge", "-q", "--no-ff", "--no-commit", "x")
	h.write("evil.env", h.mark("merge alone", "git-blob", "reachable", "evil.env"))
	h.commit("merge x")
	h.git("rm", "-q", "evil.env")
	h.commit("and away")
	h.git("merge", "-q", "--no-commit", "y", "z")
	h.write("octopus.env", h.mark("octopus merge", "file", "worktree", "octopus.env"))
	h.commit("merge y and z")
}

func (h *hideout) words() {
	h.git("commit", "-q", "--allow-empty", "-m", "subject", "-m", "with "+h.mark("commit message", "git-message", "reachable", ""))
	h.git("commit", "-q", "--allow-empty", "-m", "who", "--author", h.mark("author", "git-message", "reachable", "")+" <a@example.org>")
	h.git("tag", "-a", "v1", "-m", "release "+h.mark("tag message", "git-message", "reachable", ""))
	h.git("notes", "add", "-m", h.mark("note", "git-message", "reachable", ""), "HEAD")
	h.git("branch", "fix-"+h.mark("branch name", "git-message", "reachable", ""))
}

func (h *hideout) refs() {
	h.git("tag", "on-blob", h.blob(h.mark("tag on a blob", "git-blob", "reachable", "")))
	h.git("update-ref", "refs/replace/"+h.git("rev-parse", "main~2"), h.orphan("r.env", h.mark("replace ref", "git-blob", "reachable", "r.env")))
	h.git("update-ref", "refs/pull/7/head", h.orphan("p.env", h.mark("pull request", "git-blob", "reachable", "p.env")))
	fetched := h.orphan("f.env", h.mark("FETCH_HEAD", "git-blob", "reachable", "f.env"))
	h.write(".git/FETCH_HEAD", fetched+"\tnot-for-merge\tbranch 'f' of example.org\n")
}

// stores are objects that lie elsewhere: in another repository's store, in a
// linked worktree's index, in a submodule, in an LFS store that is not here.
func (h *hideout) stores() {
	other := filepath.Join(filepath.Dir(h.dir), "other")
	h.git("init", "-q", "-b", "main", "--template=", other)
	o := &hideout{t: h.t, dir: other, clock: h.clock}
	o.write("shared.env", h.mark("alternates", "git-blob", "reachable", "shared.env"))
	shared := o.commit("shared")
	h.write(".git/objects/info/alternates", filepath.ToSlash(other)+"/.git/objects\n")
	h.git("update-ref", "refs/heads/shared", shared)

	linked := filepath.Join(filepath.Dir(h.dir), "linked")
	h.git("worktree", "add", "-q", "-b", "linked", linked, "main")
	l := &hideout{t: h.t, dir: linked, clock: h.clock}
	l.write("there.env", h.mark("linked worktree's index", "git-blob", "staged", "there.env"))
	l.git("add", "there.env")

	h.git("update-index", "--add", "--cacheinfo", "160000,"+shared+",module")
	h.write("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("0123456789abcdef", 4)+"\nsize 12345\n")
	h.git("add", "big.bin")
	h.git("commit", "-q", "-m", "what lies elsewhere")
}

func (h *hideout) lost() {
	h.write("oops.env", h.mark("reflog alone", "git-blob", "reflog", "oops.env"))
	h.commit("oops")
	h.git("update-ref", "-m", "because "+h.mark("reflog message", "git-message", "reflog", ""), "HEAD", "HEAD~1")
	h.git("reset", "-q", "--hard")
	h.orphan("lost.env", h.mark("dangling commit", "git-blob", "unreachable", "lost.env"))
	h.blob(h.mark("dangling blob", "git-blob", "unreachable", ""))
}

func (h *hideout) stashes() {
	h.write("readme", h.mark("stash, index", "git-blob", "stash", "readme"))
	h.git("add", "readme")
	h.write("readme", h.mark("stash, worktree", "git-blob", "stash", "readme"))
	h.write("new.env", h.mark("stash, untracked", "git-blob", "stash", "new.env"))
	h.git("stash", "push", "-q", "-u")
}

func (h *hideout) worktree() {
	h.write("staged.env", h.mark("staged alone", "git-blob", "staged", "staged.env"))
	h.write("partly.env", h.mark("partly staged, index", "git-blob", "staged", "partly.env"))
	h.git("add", "staged.env", "partly.env")
	if err := os.Remove(filepath.Join(h.dir, "staged.env")); err != nil {
		h.t.Fatal(err)
	}
	h.write("partly.env", h.mark("partly staged, worktree", "file", "worktree", "partly.env"))
	h.write("readme", h.mark("unstaged", "file", "worktree", "readme"))
	h.write("untracked.env", h.mark("untracked", "file", "worktree", "untracked.env"))
	h.write("ignored.env", h.mark("ignored", "file", "worktree", "ignored.env"))
}

func (h *hideout) files() {
	h.git("config", "remote.origin.url", "https://x:"+h.mark("remote URL", "file", "worktree", ".git/config")+"@example.org/r.git")
	h.write(".git/hooks/pre-push", "#!/bin/sh\ncurl -H 'Authorization: token "+h.mark("hook", "file", "worktree", ".git/hooks/pre-push")+"'\n")
	h.write(".git/COMMIT_EDITMSG", h.mark("message being written", "file", "worktree", ".git/COMMIT_EDITMSG"))
}
