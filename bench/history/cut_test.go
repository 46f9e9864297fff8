package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTips(t *testing.T) {
	lines := []string{"a", "b a", "c a", "d b c", "e b"}
	for n, want := range []string{1: "a", 2: "b", 3: "b c", 4: "d", 5: "d e"} {
		if n == 0 {
			continue
		}
		if got := strings.Join(tips(lines[:n]), " "); got != want {
			t.Errorf("tips of the first %d: %s, expected %s", n, got, want)
		}
	}
}

// sandbox makes a repository of so many commits, with a side branch.
func sandbox(t *testing.T, commits int) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	for i := range commits {
		if i == commits/2 {
			git(t, dir, "checkout", "-q", "-b", "side")
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%d", i%3)), fmt.Appendf(nil, "line of commit %d\n", i), 0o644); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", ".")
		git(t, dir, "commit", "-q", "-m", fmt.Sprint("commit ", i))
	}
	git(t, dir, "repack", "-adq")
	return dir
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func measuring(t *testing.T, repo string) *session {
	t.Helper()
	r, err := openRepository(t.Context(), repo, "sandbox")
	if err != nil {
		t.Fatal(err)
	}
	return &session{options: options{jobs: 1, pack: packing{window: 20, depth: 10, limit: time.Minute}}, repo: r, scratch: t.TempDir(), record: &record{Commands: map[string]string{}}}
}

// Each cut has its share of the commits and what they lead to, packed in one
// pack; the last has what the original's refs lead to.
func TestCuts(t *testing.T) {
	repo := sandbox(t, 16)
	s := measuring(t, repo)
	cuts, err := s.cuts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(cuts) != 2*len(parts) {
		t.Fatalf("%d cuts", len(cuts))
	}
	dir := t.TempDir()
	for i, c := range cuts {
		if err := s.provide(t.Context(), c, dir); err != nil {
			t.Fatal(err)
		}
		if got, want := c.Facts.Objects["commit"], int64(16/parts[i%len(parts)]); got != want || c.Facts.Packs != 1 {
			t.Errorf("%s %s: %d commits in %d packs, expected %d in one", c.Part, c.Packing, got, c.Facts.Packs, want)
		}
		git(t, c.repo.path, "fsck", "--strict")
	}
	objects := func(dir string) []string {
		list := strings.Split(git(t, dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"), "\n")
		slices.Sort(list)
		return list
	}
	if !slices.Equal(objects(cuts[len(parts)-1].repo.path), objects(repo)) {
		t.Error("the whole copy holds other objects than the original")
	}
}

// A copy of a partial clone keeps its holes.
func TestCutsOfAPartialClone(t *testing.T) {
	repo := sandbox(t, 16)
	clone := filepath.Join(t.TempDir(), "clone.git")
	git(t, repo, "config", "uploadpack.allowFilter", "true")
	git(t, repo, "clone", "-q", "--bare", "--filter=blob:none", "--no-local", "file://"+filepath.ToSlash(repo), clone)
	git(t, clone, "remote", "remove", "origin")
	s := measuring(t, clone)
	cuts, err := s.cuts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole := cuts[len(parts)-1]
	if err := s.provide(t.Context(), whole, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if n := whole.Facts.Objects; n["commit"] != 16 || n["blob"] != 0 || !whole.repo.promised() {
		t.Errorf("the copy of a clone without blobs: %v, promisor %v", n, whole.repo.promised())
	}
}

func TestPackingTakesTooLong(t *testing.T) {
	s := measuring(t, sandbox(t, 8))
	s.pack.limit = time.Nanosecond
	cuts, err := s.cuts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.provide(t.Context(), cuts[len(cuts)-1], t.TempDir()); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("packing in a nanosecond: %v", err)
	}
}
