package tree

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite"
)

// counted puts a git before the real one on PATH that writes down each time it is run.
func counted(t *testing.T) (runs func() []string) {
	if runtime.GOOS == "windows" {
		t.Skip("the git that counts is a script for a shell")
	}
	real, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	script := fmt.Sprintf("#!/bin/sh\necho \"$*\" >>'%s'\nexec '%s' \"$@\"\n", log, real)
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() []string {
		text, _ := os.ReadFile(log) // none: git did not run
		_ = os.Remove(log)
		return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	}
}

// A plan of many files, and its commit, run git as often as those of one file do. Half
// of the files have the line ends of another system, and every tenth is dirty.
func TestGitRunsDoNotGrow(t *testing.T) {
	runs := counted(t)
	before := map[string]int{}
	for _, n := range []int{10, 60} {
		r := newRepo(t)
		var names []string
		for i := range n {
			name := fmt.Sprintf("many/folder%d/file%03d.yaml", i%7, i)
			r.put(name, fmt.Sprintf("number: %d\np: %s\n", i, r.value))
			names = append(names, name)
		}
		r.git("add", "many")
		r.git("commit", "-q", "-m", "many", "--no-gpg-sign", "--", "many")
		for i, name := range names {
			switch {
			case i%10 == 1:
				r.put(name, "dirty: 1\n"+r.read(name))
			case i%2 == 0:
				r.put(name, strings.ReplaceAll(r.read(name), "\n", "\r\n"))
			}
		}
		for what, do := range map[string]func(s *Set) error{
			"plan":   func(*Set) error { return nil },
			"commit": func(s *Set) error { _, err := s.Commit(t.Context(), "oakum/many", "x"); return err },
		} {
			runs()
			s, err := Plan(t.Context(), r.dir, r.request(names...), ref.Names{"DB_PASSWORD": db}, rewrite.Options{})
			if err == nil && (len(s.Files) != n-n/10+1 || len(s.Refused) != n/10) {
				t.Fatalf("%d files, %d are refused: %v", len(s.Files), len(s.Refused), s.Refused[:1])
			}
			if err == nil {
				err = do(s)
			}
			if err != nil {
				t.Fatal(err)
			}
			all := runs()
			if what == "plan" && len(all) > 4 || len(all) > 11 {
				t.Errorf("%s: git ran %d times", what, len(all))
			}
			t.Logf("%s of %d files: git ran %d times", what, n, len(all))
			if was, ok := before[what]; ok && len(all) > was {
				t.Errorf("%s of %d files: git ran %d times, and %d for 10 files:\n%s", what, n, len(all), was, strings.Join(all, "\n"))
			}
			before[what] = len(all)
		}
		if got := r.git("show", "oakum/many:"+names[0]); strings.Contains(got, r.value) || strings.Contains(got, "\r") {
			t.Errorf("the commit has %q", got)
		}
	}
}

// A blob's id and a pack are those that git makes, of any size and with either hash.
func TestBlobs(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		g := git{dir: t.TempDir()}
		if _, err := g.run(t.Context(), nil, "init", "-q", "--object-format="+format); err != nil {
			t.Skip(err)
		}
		like, err := g.word(t.Context(), nil, "hash-object", "--stdin")
		if err != nil {
			t.Fatal(err)
		}
		var blobs [][]byte
		for _, n := range []int{0, 1, 15, 16, 2047, 2048, 300_000} {
			blobs = append(blobs, bytes.Repeat([]byte("oakum "), n)[:n])
		}
		if err := g.writeBlobs(t.Context(), blobs, like); err != nil {
			t.Fatal(err)
		}
		for _, b := range blobs {
			if got, err := g.run(t.Context(), nil, "cat-file", "blob", blobID(b, like)); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%s: a blob of %d bytes is %d bytes, %v", format, len(b), len(got), err)
			}
		}
	}
}

func TestNoCommit(t *testing.T) {
	g := git{dir: t.TempDir()}
	if _, err := g.run(t.Context(), nil, "init", "-q"); err != nil {
		t.Skip(err)
	}
	if _, err := Plan(t.Context(), g.dir, nil, nil, rewrite.Options{}); err == nil || !strings.Contains(err.Error(), "commit first") {
		t.Errorf("without a commit: %v", err)
	}
}
