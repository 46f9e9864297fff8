package pack_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack/inflate"
)

// repo is a repository that the real git makes, with chains of deltas.
type repo struct {
	t      testing.TB
	dir    string
	format object.Format
}

func newRepo(t testing.TB, format object.Format, versions int) repo {
	t.Helper()
	r := repo{t, t.TempDir(), format}
	r.git("", "init", "-q", "-b", "main", "--template=", "--object-format="+format.String())
	rng := rand.New(rand.NewPCG(1, 2))
	lines := make([]string, 400)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d %x\n", i, rng.Uint64())
	}
	for v := range versions {
		lines[rng.IntN(len(lines))] = fmt.Sprintf("version %d %x\n", v, rng.Uint64())
		if err := os.WriteFile(filepath.Join(r.dir, "file.txt"), []byte(strings.Join(lines, "")), 0o644); err != nil {
			t.Fatal(err)
		}
		r.git("", "add", "-A")
		r.git("", "commit", "-q", "-m", fmt.Sprintf("version %d", v))
	}
	r.git("", "tag", "-a", "-m", "a tag", "v1")
	return r
}

func (r repo) git(stdin string, args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Stdin = r.dir, strings.NewReader(stdin)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=C", "GIT_COMMITTER_EMAIL=c@example.org",
		"GIT_AUTHOR_DATE=1600000000 +0000", "GIT_COMMITTER_DATE=1600000000 +0000")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", args[0], err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

func (r repo) root() *os.Root {
	r.t.Helper()
	root, err := os.OpenRoot(filepath.Join(r.dir, ".git", "objects"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { root.Close() })
	return root
}

// files lists the files of the pack folder that end in ext, without it.
func (r repo) files(ext string) (names []string) {
	r.t.Helper()
	paths, _ := filepath.Glob(filepath.Join(r.dir, ".git/objects/pack/*"+ext))
	for _, p := range paths {
		os.Chmod(p, 0o644)
		names = append(names, strings.TrimSuffix(filepath.Base(p), ext))
	}
	if len(names) == 0 {
		r.t.Fatalf("there is no %s", ext)
	}
	return names
}

func (r repo) path(name string) string { return filepath.Join(r.dir, ".git/objects/pack", name) }

// sum is the id of an object.
func sum(format object.Format, kind object.Kind, data []byte) object.ID {
	var h hash.Hash = sha1.New()
	if format == object.SHA256 {
		h = sha256.New()
	}
	fmt.Fprintf(h, "%s %d\x00", kind, len(data))
	h.Write(data)
	return object.FromBytes(h.Sum(nil))
}

// rebuild reads the object at off, through its bases in the same pack.
func rebuild(f *pack.File, z *inflate.Inflater, off int64) (object.Kind, []byte, error) {
	e, err := f.Entry(off)
	if err != nil {
		return 0, nil, err
	}
	raw, err := f.Inflate(z, nil, e)
	if err != nil || e.Kind != object.Unknown {
		return e.Kind, raw, err
	}
	if e.Base == 0 {
		pos, ok := f.Find(e.Ref)
		if !ok {
			return 0, nil, pack.ErrMissing
		}
		e.Base = f.Offset(pos)
	}
	kind, base, err := rebuild(f, z, e.Base)
	if err != nil {
		return 0, nil, err
	}
	data, err := pack.Patch(nil, base, raw, 1<<30)
	return kind, data, err
}
