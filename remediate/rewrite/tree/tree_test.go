package tree

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite"
)

// repo is a repository with a hook, a filter and a monitor that would tell if
// they ran, and one value in every file.
type repo struct {
	t     *testing.T
	dir   string
	value string
	ran   string // made by what must not run
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	r := &repo{t, t.TempDir(), leaktest.Must(3, `{{alnum 24}}`), filepath.Join(t.TempDir(), "ran")}
	r.git("init", "-q", "-b", "main")
	r.git("config", "user.name", "Ada")
	r.git("config", "user.email", "ada@example.com")
	r.put("config.yaml", "a: 1\npassword: "+r.value+" # why\n")
	r.put("app/.env", "PASSWORD="+r.value+"\r\nB=2\r\n")
	r.put("run.json", `{"password": "`+r.value+`"}`)
	r.put("staged.yaml", "p: "+r.value+"\n")
	r.put("dirty.yaml", "p: "+r.value+"\n")
	r.put("big.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
	if err := os.Chmod(filepath.Join(r.dir, "run.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("config.yaml", filepath.Join(r.dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	r.git("add", ".")
	r.git("commit", "-q", "-m", "first")
	r.put("staged.yaml", "q: 1\np: "+r.value+"\n")
	r.git("add", "staged.yaml")
	r.put("dirty.yaml", "q: 1\np: "+r.value+"\n")
	r.put("untracked.yaml", "p: "+r.value+"\n")
	r.put("big.yaml", "p: "+r.value+"\n")
	head := r.git("rev-parse", "HEAD")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+head+",sub")
	r.put("sub/a.yaml", "p: "+r.value+"\n")
	r.trap()
	return r
}

// trap has everything of a repository that can run a program run one.
func (r *repo) trap() {
	script := "#!/bin/sh\ntouch '" + r.ran + "'\ncat\n"
	at := filepath.Join(r.dir, ".git", "trap")
	for _, name := range []string{"trap", "hooks/pre-commit", "hooks/reference-transaction", "hooks/post-commit", "hooks/post-index-change"} {
		if err := os.WriteFile(filepath.Join(r.dir, ".git", name), []byte(script), 0o755); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, key := range []string{"core.fsmonitor", "filter.trap.clean", "filter.trap.smudge", "diff.trap.textconv", "gpg.program"} {
		r.git("config", key, at)
	}
	r.git("config", "commit.gpgSign", "true")
	r.write(".git/info/attributes", "* filter=trap diff=trap\n")
	if err := os.Remove(r.ran); err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
}

func (r *repo) put(name, text string) { r.write(name, text) }
func (r *repo) write(name, text string) {
	r.t.Helper()
	at := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) read(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// request asks for the value in each file to be replaced.
func (r *repo) request(names ...string) (all []Request) {
	for _, name := range names {
		q := Request{Path: name}
		if text, err := os.ReadFile(filepath.Join(r.dir, name)); err == nil {
			if at := bytes.Index(text, []byte(r.value)); at >= 0 {
				q.Edits = []rewrite.Edit{{Span: leak.Span{Start: int64(at), End: int64(at + len(r.value))}, Ref: db, Name: "DB_PASSWORD"}}
			}
		}
		all = append(all, q)
	}
	return all
}

var db = ref.Ref{Backend: ref.AWSSecrets, Path: "prod/mysql", Key: "password"}

func (r *repo) plan() *Set {
	r.t.Helper()
	s, err := Plan(r.t.Context(), filepath.Join(r.dir, "app"), r.request("config.yaml", "app/.env", "run.json"), ref.Names{"DB_PASSWORD": db}, rewrite.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	if len(s.Files) != 4 || len(s.Refused) != 0 {
		r.t.Fatalf("%d files, refused %v", len(s.Files), s.Refused)
	}
	return s
}

func (r *repo) nothingRan() {
	r.t.Helper()
	if _, err := os.Stat(r.ran); err == nil {
		r.t.Error("a program of the repository ran")
	}
}

func TestRefusals(t *testing.T) {
	r := newRepo(t)
	want := map[string]string{
		"staged.yaml": "staged", "dirty.yaml": "not committed", "untracked.yaml": "not track", "link.yaml": "symbolic link",
		"big.yaml": "LFS", "sub/a.yaml": "submodule", "../x.yaml": "out of", ".git/config": "out of", "nowhere.yaml": "not track",
	}
	for name, word := range want {
		s, err := Plan(t.Context(), r.dir, r.request(name), nil, rewrite.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(s.Files) != 0 || len(s.Refused) != 1 || !strings.Contains(s.Refused[0].Why, word) {
			t.Errorf("%s: %d files, refused %v; expected %q", name, len(s.Files), s.Refused, word)
		}
	}
	r.nothingRan()
}

func TestCommit(t *testing.T) {
	r := newRepo(t)
	before := r.read(".git/index") + r.read("config.yaml")
	s := r.plan()
	commit, err := s.Commit(t.Context(), "oakum/move", "Refer to 1 secret\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := r.git("show", "oakum/move:config.yaml"); got != "a: 1\npassword: "+db.String()+" # why" {
		t.Errorf("config.yaml is %q", got)
	}
	if got := r.git("diff", "--no-ext-diff", "--no-textconv", "--name-only", "main", "oakum/move"); got != ".oakum-refs.yaml\napp/.env\nconfig.yaml\nrun.json" {
		t.Errorf("the commit changes %q", got)
	}
	if got := r.git("ls-tree", commit, "run.json"); !strings.HasPrefix(got, "100755 ") {
		t.Errorf("run.json lost its mode: %s", got)
	}
	if r.read(".git/index")+r.read("config.yaml") != before {
		t.Error("the index or the worktree changed")
	}
	again, err := s.Commit(t.Context(), "oakum/move", "Refer to 1 secret\n")
	if err != nil || again != commit {
		t.Errorf("the second time gives %s, %v; the first gave %s", again, err, commit)
	}
	if _, err := s.Commit(t.Context(), "main", "x"); err == nil {
		t.Error("a branch of other content was taken over")
	}
	if _, err := s.Commit(t.Context(), "a..b", "x"); err == nil {
		t.Error("a branch that cannot be was made")
	}
	r.nothingRan()
}

func TestPatch(t *testing.T) {
	r := newRepo(t)
	s := r.plan()
	patch, err := s.Patch()
	if err != nil {
		t.Fatal(err)
	}
	r.nothingRan()
	for _, f := range s.Files {
		if f.Old != "" && bytes.Contains(delta(f.Before, f.After, f.Splices), []byte(r.value)) {
			t.Errorf("the patch of %s holds the value", f.Path)
		}
	}
	fresh := filepath.Join(t.TempDir(), "clone")
	r.git("clone", "-q", "-b", "main", r.dir, fresh)
	at := filepath.Join(t.TempDir(), "change.patch")
	if err := os.WriteFile(at, patch, 0o600); err != nil {
		t.Fatal(err)
	}
	r.git("-C", fresh, "apply", at)
	for _, f := range s.Files {
		got, err := os.ReadFile(filepath.Join(fresh, f.Path))
		if err != nil || !bytes.Equal(got, f.After) {
			t.Errorf("git apply gives %s as %q, %v", f.Path, got, err)
		}
	}
}

// A delta of a file that is longer than one instruction copies, with texts that
// are longer than one instruction inserts.
func TestLongPatch(t *testing.T) {
	r := newRepo(t)
	r.put("long.yaml", "a: "+strings.Repeat("x", 200_000)+"\np: "+r.value+"\nb: "+strings.Repeat("y", 70_000)+"\n")
	r.git("add", "long.yaml")
	r.git("commit", "-q", "-m", "long", "--no-gpg-sign", "long.yaml")
	q := r.request("long.yaml")
	q[0].Edits[0].Ref.Path = strings.Repeat("deep/", 60) + "x"
	s, err := Plan(t.Context(), r.dir, q, nil, rewrite.Options{})
	if err != nil || len(s.Files) != 1 {
		t.Fatal(s, err)
	}
	patch, err := s.Patch()
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(t.TempDir(), "change.patch")
	if err := os.WriteFile(at, patch, 0o600); err != nil {
		t.Fatal(err)
	}
	r.git("config", "--unset", "filter.trap.clean")
	r.git("apply", at)
	if r.read("long.yaml") != string(s.Files[0].After) {
		t.Error("git apply gives something else")
	}
}

func TestInPlace(t *testing.T) {
	r := newRepo(t)
	s := r.plan()
	before := map[string]string{}
	for _, name := range []string{"config.yaml", "app/.env", "run.json"} {
		before[name] = r.read(name)
	}
	for range 2 { // twice is once
		if err := s.InPlace(); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.read("app/.env"); got != "PASSWORD=\""+db.String()+"\"\r\nB=2\r\n" {
		t.Errorf("app/.env is %q", got)
	}
	if info, err := os.Stat(filepath.Join(r.dir, "run.json")); err != nil || info.Mode().Perm() != 0o755 {
		t.Error("run.json lost its mode", err)
	}
	if names, err := ref.ReadNames([]byte(r.read(ref.NamesFile))); err != nil || names["DB_PASSWORD"].String() != db.String() {
		t.Error(names, err)
	}
	if left, _ := filepath.Glob(filepath.Join(r.dir, "*", ".oakum-*")); len(left) > 0 {
		t.Error("left behind:", left)
	}
	if err := s.Revert(); err != nil {
		t.Fatal(err)
	}
	for name, text := range before {
		if r.read(name) != text {
			t.Errorf("%s is not what it was", name)
		}
	}
	if _, err := os.Stat(filepath.Join(r.dir, ref.NamesFile)); !os.IsNotExist(err) {
		t.Error("the new file stayed")
	}
	r.put("config.yaml", "somebody was here: 1\n")
	if err := s.InPlace(); err == nil || r.read("config.yaml") != "somebody was here: 1\n" {
		t.Error("a file that changed since was overwritten", err)
	}
	r.nothingRan()
}

// With core.autocrlf the worktree has other line ends than the commit.
func TestLineEndsOfTheWorktree(t *testing.T) {
	r := newRepo(t)
	r.put("config.yaml", strings.ReplaceAll(r.read("config.yaml"), "\n", "\r\n"))
	s, err := Plan(t.Context(), r.dir, r.request("config.yaml"), nil, rewrite.Options{})
	if err != nil || len(s.Files) != 1 {
		t.Fatal(s.Refused, err)
	}
	if _, err := s.Commit(t.Context(), "oakum/move", "x"); err != nil {
		t.Fatal(err)
	}
	if got := r.git("show", "oakum/move:config.yaml"); strings.Contains(got, "\r") || !strings.Contains(got, db.String()) {
		t.Errorf("the commit has %q", got)
	}
	if _, err := s.Patch(); err == nil {
		t.Error("a patch that cannot apply was written")
	}
}
