package hook

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// house is a scratch repository that real git works on, and a stand-in for the
// oakum program that notes how it was called.
type house struct {
	t       *testing.T
	root    string // holds everything
	top     string // of the repository
	program string
	env     []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	for _, need := range []string{"git", "sh"} {
		if _, err := exec.LookPath(need); err != nil {
			if os.Getenv("OAKUM_PARTS_REQUIRED") == "1" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, root: root, top: filepath.Join(root, "repo"), program: filepath.Join(root, "it's a", "oakum")}
	h.env = append(os.Environ(), "HOME="+root, "XDG_CONFIG_HOME="+root, "GIT_CONFIG_NOSYSTEM=1", "NOTES="+filepath.Join(root, "notes"),
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	for _, kv := range h.env { // Open asks git in this process's environment
		if name, value, _ := strings.Cut(kv, "="); name == "HOME" || name == "XDG_CONFIG_HOME" || name == "GIT_CONFIG_NOSYSTEM" {
			t.Setenv(name, value)
		}
	}
	h.git(root, "init", "-q", "-b", "main", "repo")
	h.script(h.program, "{ echo \"oakum $*\"; [ \"$3\" != pre-push ] || cat; } >>\"$NOTES\"; exit ${OAKUM_SAYS:-0}")
	return h
}

// script writes an executable sh script.
func (h *house) script(at, body string) {
	h.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte("#!/bin/sh\n"+body+"\n"), 0o755)); err != nil {
		h.t.Fatal(err)
	}
}

// try runs git and returns all that it says.
func (h *house) try(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = dir, h.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (h *house) git(dir string, args ...string) string {
	h.t.Helper()
	out, err := h.try(dir, args...)
	if err != nil {
		h.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return out
}

func (h *house) commit(dir string) (string, error) {
	return h.try(dir, "commit", "-q", "--allow-empty", "-m", "x")
}

func (h *house) open(dir string) Repository {
	h.t.Helper()
	r, err := Open(h.t.Context(), dir)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) install(dir string, types ...Type) {
	h.t.Helper()
	for _, typ := range types {
		if done, err := Install(h.open(dir), typ, h.program); err != nil || !done.Changed {
			h.t.Fatalf("install %s: %+v, %v", typ, done, err)
		}
	}
}

// notes are what the hooks wrote, in order; reading forgets them.
func (h *house) notes() string {
	b, _ := os.ReadFile(filepath.Join(h.root, "notes"))
	os.Remove(filepath.Join(h.root, "notes"))
	return string(b)
}

func TestHookDecides(t *testing.T) {
	h := newHouse(t)
	h.install(h.top, PreCommit, CommitMsg)
	if out, err := h.commit(h.top); err != nil {
		t.Fatalf("a commit that oakum accepts: %v\n%s", err, out)
	}
	if got, want := h.notes(), "oakum hook run pre-commit\noakum hook run commit-msg .git/COMMIT_EDITMSG\n"; got != want {
		t.Errorf("oakum was called as\n%swant\n%s", got, want)
	}
	h.env = append(h.env, "OAKUM_SAYS=1")
	if out, err := h.commit(h.top); err == nil {
		t.Errorf("a commit that oakum refuses went through:\n%s", out)
	}
}

func TestChainRunsFirstWithTheSameArguments(t *testing.T) {
	h := newHouse(t)
	h.script(filepath.Join(h.top, ".git/hooks/commit-msg"), `echo "before $*" >>"$NOTES"; exit ${BEFORE_SAYS:-0}`)
	h.install(h.top, CommitMsg)
	if out, err := h.commit(h.top); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := h.notes(), "before .git/COMMIT_EDITMSG\noakum hook run commit-msg .git/COMMIT_EDITMSG\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	h.env = append(h.env, "BEFORE_SAYS=7")
	if _, err := h.commit(h.top); err == nil {
		t.Error("the earlier hook's refusal was lost")
	}
	if got := h.notes(); got != "before .git/COMMIT_EDITMSG\n" {
		t.Errorf("after a refusal oakum ran too: %s", got)
	}
}

func TestChainSharesStdin(t *testing.T) {
	h := newHouse(t)
	h.git(h.root, "init", "-q", "--bare", "server")
	h.git(h.top, "remote", "add", "origin", "../server")
	if _, err := h.commit(h.top); err != nil {
		t.Fatal(err)
	}
	h.git(h.top, "branch", "other")
	h.script(filepath.Join(h.top, ".git/hooks/pre-push"), `cat >>"$NOTES"; echo "before $*" >>"$NOTES"`)
	h.install(h.top, PrePush)
	h.git(h.top, "push", "-q", "origin", "main", "other")
	id := strings.TrimSpace(h.git(h.top, "rev-parse", "HEAD"))
	zeros := strings.Repeat("0", len(id))
	lines := "refs/heads/main " + id + " refs/heads/main " + zeros + "\nrefs/heads/other " + id + " refs/heads/other " + zeros + "\n"
	want := lines + "before origin ../server\noakum hook run pre-push origin ../server\n" + lines
	if got := h.notes(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	updates, err := ReadPush(strings.NewReader(lines))
	if err != nil || len(updates) != 2 || updates[1] != (Update{Ref: "refs/heads/other", New: id}) {
		t.Errorf("ReadPush: %+v, %v", updates, err)
	}
}

func TestUninstallRestores(t *testing.T) {
	h := newHouse(t)
	hooks := filepath.Join(h.top, ".git/hooks")
	plain, link := filepath.Join(hooks, "pre-commit"), filepath.Join(hooks, "commit-msg")
	h.script(plain, "echo odd\r\nbytes \xff") // no newline is added, nothing is normalized
	if err := os.Chmod(plain, 0o711); err != nil {
		t.Fatal(err)
	}
	h.script(filepath.Join(h.top, "scripts/check"), "exit 0")
	if err := os.Symlink("../../scripts/check", link); err != nil {
		t.Skip(err)
	}
	before, _ := os.ReadFile(plain)
	h.install(h.top, PreCommit, CommitMsg, PrePush)
	for _, typ := range []Type{PreCommit, CommitMsg, PrePush} {
		if done, err := Uninstall(h.open(h.top), typ); err != nil || !done.Changed {
			t.Fatalf("uninstall %s: %+v, %v", typ, done, err)
		}
		if done, err := Uninstall(h.open(h.top), typ); err != nil || done.Changed {
			t.Errorf("uninstalling %s twice: %+v, %v", typ, done, err)
		}
	}
	after, err := os.ReadFile(plain)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the hook from before is not what it was (%v)", err)
	}
	if info, _ := os.Stat(plain); info.Mode().Perm() != 0o711 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if to, err := os.Readlink(link); err != nil || to != "../../scripts/check" {
		t.Errorf("the link is %q, %v", to, err)
	}
	left, err := filepath.Glob(filepath.Join(hooks, "*oakum*"))
	if _, gone := os.Lstat(filepath.Join(hooks, "pre-push")); err != nil || len(left) > 0 || gone == nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestInstallTwiceIsOnce(t *testing.T) {
	h := newHouse(t)
	at := filepath.Join(h.top, ".git/hooks/pre-commit")
	h.script(at, "exit 0")
	h.install(h.top, PreCommit)
	if done, err := Install(h.open(h.top), PreCommit, h.program); err != nil || done.Changed {
		t.Errorf("the second time: %+v, %v", done, err)
	}
	other := h.program + "2" // oakum has moved: the hook follows, the chain stays
	if done, err := Install(h.open(h.top), PreCommit, other); err != nil || !done.Changed || done.Chained == "" {
		t.Errorf("after a move: %+v, %v", done, err)
	}
	if b, _ := os.ReadFile(at); !bytes.Contains(b, []byte("oakum2'")) {
		t.Errorf("the hook still runs the old program:\n%s", b)
	}
	// Another program wrote over ours: two hooks we did not make, nothing is lost.
	h.script(at, "exit 1")
	if _, err := Install(h.open(h.top), PreCommit, h.program); err == nil {
		t.Error("a third hook was taken in; which of the two others would be lost?")
	}
	if _, err := Uninstall(h.open(h.top), PreCommit); err == nil {
		t.Error("another program's hook was overwritten by the one from before")
	}
}

func TestHooksFolder(t *testing.T) {
	h := newHouse(t)
	if _, err := h.commit(h.top); err != nil {
		t.Fatal(err)
	}
	sub := filepath.Join(h.top, "deep", "er")
	tree := filepath.Join(h.root, "tree")
	if err := os.MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	h.git(h.top, "worktree", "add", "-q", tree)
	common := filepath.Join(h.top, ".git", "hooks")
	check := func(what, dir, hooks string, shared, committed bool) {
		t.Helper()
		r := h.open(dir)
		if r.Hooks != hooks || r.Shared() != shared || r.Committed() != committed {
			t.Errorf("%s: %+v, shared %v, committed %v; want hooks %s", what, r, r.Shared(), r.Committed(), hooks)
		}
	}
	check("a folder below", sub, common, false, false)
	check("a worktree", tree, common, false, false)
	h.git(h.top, "config", "core.hooksPath", ".githooks")
	check("relative core.hooksPath, from below", sub, filepath.Join(h.top, ".githooks"), false, true)
	check("relative core.hooksPath, worktree", tree, filepath.Join(tree, ".githooks"), false, true)
	h.git(h.top, "config", "core.hooksPath", "~/all hooks")
	check("core.hooksPath for all", h.top, filepath.Join(h.root, "all hooks"), true, false)
	h.install(h.top, PreCommit)
	h.notes()
	if _, err := h.commit(tree); err != nil || h.notes() == "" {
		t.Errorf("the hook did not run in a worktree (%v)", err)
	}
	if _, err := Open(t.Context(), h.root); err == nil || !strings.Contains(err.Error(), "not a git repository") {
		t.Errorf("outside of a repository: %v", err)
	}
}

func TestProgramThatMoved(t *testing.T) {
	h := newHouse(t)
	h.install(h.top, PreCommit)
	bin := filepath.Join(h.root, "bin")
	if err := errors.Join(os.Mkdir(bin, 0o755), os.Rename(h.program, filepath.Join(bin, "oakum"))); err != nil {
		t.Fatal(err)
	}
	plain := h.env
	h.env = append(plain, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := h.commit(h.top); err != nil || h.notes() == "" {
		t.Errorf("oakum on PATH was not taken: %v\n%s", err, out)
	}
	h.env = plain
	out, err := h.commit(h.top)
	if err == nil {
		t.Error("without oakum a commit went through unseen")
	}
	for _, want := range []string{"neither at", h.program, "oakum hook install", "rm '"} {
		if !strings.Contains(out, want) {
			t.Errorf("the message lacks %q:\n%s", want, out)
		}
	}
}
