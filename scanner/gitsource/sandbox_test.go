package gitsource_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// sandbox is a repository made with the real git, in a folder of the test, with
// its own identity and clock and nobody's configuration.
type sandbox struct {
	t     testing.TB
	dir   string
	clock int
	marks *marks
}

// marks are the secrets that were hidden, by the name of their hiding place.
type marks struct {
	byName map[string]string
	names  []string
}

// eachFormat runs a test in repositories with ids of either format.
func eachFormat(t *testing.T, test func(*testing.T, object.Format)) {
	for _, f := range []object.Format{object.SHA1, object.SHA256} {
		t.Run(f.String(), func(t *testing.T) { test(t, f) })
	}
}

func newSandbox(t testing.TB, f object.Format) *sandbox {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	s := &sandbox{t: t, dir: t.TempDir(), marks: &marks{byName: map[string]string{}}}
	s.git("init", "-q", "-b", "main", "--template=", "--object-format="+f.String())
	return s
}

// at is the same sandbox in another folder.
func (s *sandbox) at(dir string) *sandbox {
	c := *s
	c.dir = dir
	return &c
}

// mark makes the secret to hide at the place called name.
func (s *sandbox) mark(name string) string {
	s.t.Helper()
	if s.marks.byName[name] != "" {
		s.t.Fatalf("two places are called %s", name)
	}
	s.marks.names = append(s.marks.names, name)
	v := leaktest.Must(uint64(len(s.marks.names)), `{{github "ghp_"}}`)
	s.marks.byName[name] = v
	return v
}

func (s *sandbox) git(args ...string) string { s.t.Helper(); return s.feed("", args...) }

func (s *sandbox) feed(stdin string, args ...string) string {
	s.t.Helper()
	out, err := s.try(stdin, args...)
	if err != nil {
		s.t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(out)
}

func (s *sandbox) try(stdin string, args ...string) (string, error) {
	s.clock++
	date := fmt.Sprintf("%d +0100", 1600000000+60*s.clock)
	c := exec.Command("git", append([]string{"-c", "protocol.file.allow=always"}, args...)...)
	c.Dir, c.Stdin = s.dir, strings.NewReader(stdin)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.org", "GIT_COMMITTER_NAME=Cy", "GIT_COMMITTER_EMAIL=cy@example.org",
		"GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_EDITOR=true")
	out, err := c.CombinedOutput()
	return string(out), err
}

func (s *sandbox) write(name, content string) {
	s.t.Helper()
	p := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sandbox) read(name string) []byte {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(name)))
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// commit commits everything and gives the commit's id.
func (s *sandbox) commit(message string) string {
	s.t.Helper()
	s.git("add", "-A")
	s.git("commit", "-q", "--allow-empty", "-m", message)
	return s.git("rev-parse", "HEAD")
}

// orphan writes a commit that has one file and no parent, and no ref yet.
func (s *sandbox) orphan(file, content string) string {
	s.t.Helper()
	blob := s.feed(content, "hash-object", "-w", "--stdin")
	tree := s.feed(fmt.Sprintf("100644 blob %s\t%s\n", blob, file), "mktree")
	return s.git("commit-tree", "-m", "orphan", tree)
}

func (s *sandbox) open(opt gitsource.Options) *gitsource.Repo {
	s.t.Helper()
	r, err := gitsource.Open(s.dir, opt)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { r.Close() })
	return r
}

// seen is all that a source told.
type seen struct {
	marks map[string][]scanner.Blob // by name of the hiding place
	gaps  []*leak.Gap
	sums  []string // of blobs, in order
	lines []string // one a blob: everything but its content
}

// look reads src to its end and looks for the marks in all it yields.
func (s *sandbox) look(src scanner.Source) seen {
	s.t.Helper()
	out := seen{marks: map[string][]scanner.Blob{}}
	for b, err := range src.Blobs(s.t.Context()) {
		var gap *leak.Gap
		if errors.As(err, &gap) {
			out.gaps = append(out.gaps, gap)
			continue
		}
		if err != nil {
			s.t.Fatal(err)
		}
		content, err := readBlob(s.t.Context(), b)
		if errors.As(err, &gap) {
			out.gaps = append(out.gaps, gap)
			continue
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if b.Size >= 0 && b.Size != int64(len(content)) {
			s.t.Errorf("%s: has %d bytes, says %d", b.Place, len(content), b.Size)
		}
		out.add(s, b, content)
	}
	return out
}

func (out *seen) add(s *sandbox, b scanner.Blob, content []byte) {
	for name, v := range s.marks.byName {
		if bytes.Contains(content, []byte(v)) || bytes.Contains(content, utf16le(v)) {
			out.marks[name] = append(out.marks[name], b)
		}
	}
	if _, ok := b.Place.(leak.GitBlob); ok || b.Sum != "" {
		out.sums = append(out.sums, b.Sum)
	}
	out.lines = append(out.lines, fmt.Sprintf("%s %s %v %s %v", b.Place.Kind(), b.Place, b.Paths, b.Reach, b.Origin))
}

func readBlob(ctx context.Context, b scanner.Blob) ([]byte, error) {
	rc, err := b.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

func utf16le(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// blobIDs are the ids of all blobs that git itself knows of.
func (s *sandbox) blobIDs() (ids []string) {
	s.t.Helper()
	for line := range strings.Lines(s.git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")) {
		if h, ok := strings.CutPrefix(strings.TrimSpace(line), "blob "); ok {
			ids = append(ids, h)
		}
	}
	if len(ids) == 0 {
		s.t.Fatal("git knows of no blob")
	}
	return ids
}

// wantAll checks that every object git knows of was yielded once.
func (s *sandbox) wantAll(got seen) {
	s.t.Helper()
	count := map[string]int{}
	for _, h := range got.sums {
		count[h]++
	}
	for _, h := range s.blobIDs() {
		if count[h] != 1 {
			s.t.Errorf("blob %s is yielded %d times", h, count[h])
		}
	}
	for h, n := range count {
		if n != 1 {
			s.t.Errorf("object %s is yielded %d times", h, n)
		}
	}
}

// wantGap checks that there is exactly one gap of a code, and that it speaks of
// everything in words.
func (out *seen) wantGap(t *testing.T, class leak.GapClass, code string, words ...string) {
	t.Helper()
	var all []string
	n := 0
	for _, g := range out.gaps {
		all = append(all, fmt.Sprintf("%s %s: %s", g.Class, g.Code, g))
		if g.Code != code || g.Class != class {
			continue
		}
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(g.Error(), w) }) {
			n++
		}
	}
	if n == 0 {
		t.Errorf("no gap of %s %q that says %q; there are %q", class, code, words, all)
	}
}

func (out *seen) wantNoGaps(t *testing.T) {
	t.Helper()
	for _, g := range out.gaps {
		t.Errorf("a gap: %s %s: %s", g.Class, g.Code, g)
	}
}
