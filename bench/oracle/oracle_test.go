package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner"
)

// sandbox makes a repository with tokens in files that change and move, in a
// message and in a tag, loose or packed.
func sandbox(t *testing.T, packed bool) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	for i := range 6 {
		text := strings.Repeat("a line that stays\n", 50) + fmt.Sprintf("edit %d\ntoken = \"%s\"\n", i, token(uint64(1+i/2)))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%d.go", i%2)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", ".")
		git(t, dir, "commit", "-q", "-m", "use "+token(uint64(10+i)))
	}
	git(t, dir, "tag", "-a", "-m", "made with "+token(20), "v1")
	if packed {
		git(t, dir, "repack", "-adq", "--depth=50")
	}
	return dir
}

func token(seed uint64) string { return leaktest.Must(seed, `{{github "ghp_"}}`) }

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestThreeWaysAgree(t *testing.T) {
	for _, packed := range []bool{false, true} {
		var out strings.Builder
		same, err := check(t.Context(), &out, sandbox(t, packed), scanner.Options{Jobs: 2}, 10)
		if err != nil {
			t.Fatal(err)
		}
		// 6 blobs, 6 commits and a tag, each with a token.
		for _, want := range []string{"13 findings in objects", "objects: 13 that git lists, 0 of them not yielded", "reader = git: 13 equal, 0 only reader, 0 only git"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("packed %v: no word of %q", packed, want)
			}
		}
		if !same || t.Failed() {
			t.Fatalf("packed %v:\n%s", packed, &out)
		}
	}
}

// What only one of two ways tells is seen, listed and makes a difference.
func TestCompareSeesADifference(t *testing.T) {
	a, b := &way{name: "a"}, &way{name: "b"}
	of, than := tally[string]{"both": 2, "more": 3, "mine": 1}, tally[string]{"both": 2, "more": 1, "yours": 1}
	var out strings.Builder
	if compare(&out, a, b, of, than, 1) {
		t.Error("they count as the same")
	}
	if got, want := out.String(), "a = b: 3 equal, 3 only a, 1 only b\n  only a: mine\n  only b: yours\n"; got != want {
		t.Errorf("printed\n%s\nexpected\n%s", got, want)
	}
	if !compare(io.Discard, a, b, of, of, 1) {
		t.Error("the same does not count as such")
	}
}

// An object that git has and the reader does not is a difference.
func TestCatalogSeesALostObject(t *testing.T) {
	g := &catFile{seen: map[string]bool{}}
	g.known = newCatalog(nil)
	g.known.blobs["a"] = scanner.Blob{Place: leak.GitBlob{Blob: "a"}, Sum: "a"}
	g.known.lose(&leak.Gap{Place: leak.GitBlob{Blob: "b"}})
	g.blob("a", nil)
	g.blob("b", nil)
	if !g.known.compare(io.Discard, g) {
		t.Error("a gap counts as a difference")
	}
	g.blob("c", nil)
	if g.known.compare(io.Discard, g) {
		t.Error("an object that nobody knows counts as none")
	}
}

func TestNext(t *testing.T) {
	all := "a1 blob 3\nx\ny\na2 tree 4\n\x00\n\x01\x02\na3 commit 0\n\n"
	read := func(text string) (ids string, err error) {
		for r := bufio.NewReader(strings.NewReader(text)); ; {
			id, kind, text, err := next(r)
			if err != nil {
				return ids, err
			}
			ids += id + kind + string(bytes.ReplaceAll(text, []byte("\n"), []byte("/"))) + " "
		}
	}
	if got, err := read(all); got != "a1blobx/y a2tree a3commit " || err != io.EOF {
		t.Errorf("read %q, %v", got, err)
	}
	whole := map[int]bool{0: true, len("a1 blob 3\nx\ny\n"): true, len("a1 blob 3\nx\ny\na2 tree 4\n\x00\n\x01\x02\n"): true}
	for n := range len(all) {
		if _, err := read(all[:n]); (err == io.EOF) != whole[n] {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}
