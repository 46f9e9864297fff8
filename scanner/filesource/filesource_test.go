package filesource_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
)

// write makes files below dir; a name that ends in '/' is a folder.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(p, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// seen lists what a source yields: "name=content" and "gap code name".
func seen(t testing.TB, src scanner.Source) (out []string) {
	t.Helper()
	for b, err := range src.Blobs(t.Context()) {
		if err != nil {
			out = append(out, describe(err))
			continue
		}
		out = append(out, content(b))
	}
	return out
}

func content(b scanner.Blob) string {
	r, err := b.Open(context.Background())
	if err != nil {
		return describe(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		return describe(err)
	}
	return b.Place.String() + "=" + string(text)
}

func describe(err error) string {
	if g, ok := err.(*leak.Gap); ok {
		return fmt.Sprintf("%s %s %s", g.Class, g.Code, g.Place)
	}
	return "error " + err.Error()
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func dirs(dir string) []filesource.Root { return []filesource.Root{{Path: dir}} }

func TestOrderAndNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"b/x": "1", "a.txt": "2", "b/c/y": "3", "B": "4", "b.txt": "5", "empty/": ""})
	equal(t, seen(t, filesource.New(dirs(dir), filesource.Options{})), "B=4", "a.txt=2", "b/c/y=3", "b/x=1", "b.txt=5")
	equal(t, seen(t, filesource.New([]filesource.Root{{Path: dir, Name: "in"}}, filesource.Options{}))[:2], "in/B=4", "in/a.txt=2")
	one := filesource.New([]filesource.Root{{Path: filepath.Join(dir, "b", "x"), Name: "b/x"}}, filesource.Options{})
	equal(t, seen(t, one), "b/x=1")
}

func TestMissingRootIsAnError(t *testing.T) {
	got := seen(t, filesource.New(dirs(filepath.Join(t.TempDir(), "nothing")), filesource.Options{}))
	if len(got) != 1 || !strings.HasPrefix(got[0], "error ") {
		t.Errorf("a root that is not there gives %q", got)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, outside, map[string]string{"secret": "outside"})
	write(t, dir, map[string]string{"real/file": "inside"})
	for name, target := range map[string]string{
		"out": outside, "out-file": filepath.Join(outside, "secret"), "loop": ".", "in": "real", "dangling": "nowhere",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	equal(t, seen(t, filesource.New(dirs(dir), filesource.Options{})), "real/file=inside")
	// The root itself may be a link: the user named it.
	equal(t, seen(t, filesource.New(dirs(filepath.Join(dir, "in")), filesource.Options{})), "file=inside")
}

func TestFolderSwappedForALinkStaysInside(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, outside, map[string]string{"f": "outside"})
	write(t, dir, map[string]string{"a/f": "inside", "b/f": "inside"})
	var got []string
	for b, err := range filesource.New(dirs(dir), filesource.Options{}).Blobs(t.Context()) {
		if len(got) == 0 { // the walk is in a; b is swapped under it
			swap(t, filepath.Join(dir, "b"), outside)
		}
		if err != nil {
			got = append(got, describe(err))
			continue
		}
		got = append(got, content(b))
	}
	for _, line := range got {
		if strings.Contains(line, "outside") {
			t.Errorf("led out of the folder: %q", got)
		}
	}
}

func swap(t *testing.T, dir, target string) {
	if err := os.Rename(dir, dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, dir); err != nil {
		t.Skip("no symbolic links here:", err)
	}
}

func TestRepositoriesInTheTree(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{".git/config": "top", "a": "1", "vendor/lib/.git/config": "url", "vendor/lib/b": "2"})
	equal(t, seen(t, filesource.New(dirs(dir), filesource.Options{SkipGit: true})),
		"a=1", "boundary submodule vendor/lib/.git", "vendor/lib/.git/config=url", "vendor/lib/b=2")
	equal(t, seen(t, filesource.New(dirs(dir), filesource.Options{}))[:2], "boundary submodule .git", ".git/config=top")
}

func TestFileThatGoesAwayIsAGap(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "1", "b": "2"})
	var got []string
	for b := range filesource.New(dirs(dir), filesource.Options{}).Blobs(t.Context()) {
		os.Remove(filepath.Join(dir, "b"))
		got = append(got, content(b))
	}
	equal(t, got, "a=1", "boundary changed b")
}

func TestHundredThousandFilesInOneFolder(t *testing.T) {
	const n = 100_000
	dir := t.TempDir()
	for i := range n {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%06d", i)))
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	count, last := 0, ""
	for b, err := range filesource.New(dirs(dir), filesource.Options{}).Blobs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if b.Place.String() <= last {
			t.Fatalf("%s comes after %s", b.Place, last)
		}
		last = b.Place.String()
		count++
	}
	if count != n {
		t.Errorf("saw %d of %d files", count, n)
	}
}

func TestStdin(t *testing.T) {
	equal(t, seen(t, filesource.Stdin(strings.NewReader("text"))), "stdin=text")
}

// BenchmarkWalk opens and reads a tree the size of a middling project.
func BenchmarkWalk(b *testing.B) {
	dir := b.TempDir()
	for i := range 200 {
		files := map[string]string{}
		for j := range 20 {
			files[fmt.Sprintf("d%d/f%d", i, j)] = strings.Repeat("line of text\n", 200)
		}
		write(b, dir, files)
	}
	buf := make([]byte, 64<<10)
	for b.Loop() {
		for blob := range filesource.New(dirs(dir), filesource.Options{}).Blobs(b.Context()) {
			r, err := blob.Open(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			r.Read(buf)
			r.Close()
		}
	}
}
