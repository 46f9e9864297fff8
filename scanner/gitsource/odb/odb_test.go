package odb_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// repo is a repository of random files with long histories, so that its packs
// hold chains of deltas, made with the real git.
type repo struct {
	t      testing.TB
	format object.Format
	dir    string
}

var formats = []object.Format{object.SHA1, object.SHA256}

// eachFormat runs a test on ids of either format.
func eachFormat(t *testing.T, test func(*testing.T, object.Format)) {
	for _, f := range formats {
		t.Run(f.String(), func(t *testing.T) { test(t, f) })
	}
}

func (r repo) git(stdin string, args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Stdin = r.dir, strings.NewReader(stdin)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
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

func newRepo(t testing.TB, f object.Format, versions int) repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := repo{t, f, t.TempDir()}
	r.git("", "init", "-q", "-b", "main", "--template=", "--object-format="+f.String())
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

func (r repo) open() *odb.DB {
	r.t.Helper()
	db, err := odb.Open(r.format, odb.Dir{Path: filepath.Join(r.dir, ".git", "objects"), Label: "objects"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { db.Close() })
	return db
}

// same checks every object that git knows of against the database: kind, size,
// content (by its id), found by Each once, by Has, Read and Open.
func (r repo) same(want int) {
	r.t.Helper()
	db := r.open()
	for _, g := range db.Gaps() {
		r.t.Errorf("a gap: %s", g)
	}
	each := map[odb.ID]odb.Kind{}
	db.Each(func(id odb.ID, kind odb.Kind, size int64) {
		if _, ok := each[id]; ok {
			r.t.Errorf("%s comes twice", id)
		}
		each[id] = kind
	})
	n := 0
	lines := bufio.NewScanner(strings.NewReader(r.git("", "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)")))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		id := mustID(words[0])
		if err := r.check(db, id, words[1]); err != nil {
			r.t.Error(err)
		}
		if each[id].String() != words[1] {
			r.t.Errorf("%s is of kind %s, not %s", id, each[id], words[1])
		}
		n++
	}
	if n < want || n != len(each) {
		r.t.Errorf("git knows %d objects (at least %d are wanted), Each of %d", n, want, len(each))
	}
}

func (r repo) check(db *odb.DB, id odb.ID, kind string) error {
	k, data, err := db.Read(id)
	if err != nil || !db.Has(id) {
		return fmt.Errorf("%s: Has %v, Read: %v", id, db.Has(id), err)
	}
	sum := r.format.Hash()
	fmt.Fprintf(sum, "%s %d\x00", k, len(data))
	sum.Write(data)
	if k.String() != kind || !bytes.Equal(sum.Sum(nil), id.Bytes()) {
		return fmt.Errorf("%s: Read gives another object, of kind %s", id, k)
	}
	rc, size, err := db.Open(id)
	if err != nil {
		return err
	}
	defer rc.Close()
	if all, err := io.ReadAll(rc); err != nil || size != int64(len(data)) || !bytes.Equal(all, data) {
		return fmt.Errorf("%s: Open gives something else than Read: %v", id, err)
	}
	return nil
}

// TestStorages reads the same objects however git stores them.
func TestStorages(t *testing.T) { eachFormat(t, testStorages) }

func testStorages(t *testing.T, f object.Format) {
	const versions = 60
	const objects = 3*versions + 1
	r := newRepo(t, f, versions)
	t.Run("loose", func(t *testing.T) { repo{t, f, r.dir}.same(objects) })
	for _, args := range [][]string{
		{"repack", "-q", "-a", "-d", "--depth=50"},
		{"-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"},
		{"-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d", "-f"},
		{"-c", "core.compression=0", "repack", "-q", "-a", "-d", "-F"},
	} {
		r.git("", args...)
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) { repo{t, f, r.dir}.same(objects) })
	}
	t.Run("64-bit offsets", func(t *testing.T) {
		names, _ := filepath.Glob(filepath.Join(r.dir, ".git/objects/pack/*.pack"))
		r.git("", "index-pack", "--index-version=2,0x40", names[0])
		repo{t, f, r.dir}.same(objects)
	})
	t.Run("several packs and loose", func(t *testing.T) {
		r.git("", "repack", "-q", "-a", "-d", "--max-pack-size=1m")
		for range 3 {
			r.git("", "commit", "-q", "--allow-empty", "-m", "more")
			r.git("", "repack", "-q")
		}
		r.git("", "commit", "-q", "--allow-empty", "-m", "loose")
		repo{t, f, r.dir}.same(objects + 4)
	})
}

// TestConcurrentReads reads all objects from several goroutines at once.
func TestConcurrentReads(t *testing.T) { eachFormat(t, testConcurrentReads) }

func testConcurrentReads(t *testing.T, f object.Format) {
	r := newRepo(t, f, 40)
	r.git("", "repack", "-q", "-a", "-d")
	db := r.open()
	ids := strings.Fields(r.git("", "rev-list", "--objects", "--no-object-names", "--all"))
	if len(ids) < 120 {
		t.Fatalf("%d objects", len(ids))
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range ids {
				id := mustID(ids[(i*7+w)%len(ids)])
				k, _, err := db.Read(id)
				if err == nil {
					err = r.check(db, id, k.String())
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestLargeObjects streams what is large, from a pack and loose.
func TestLargeObjects(t *testing.T) { eachFormat(t, testLargeObjects) }

func testLargeObjects(t *testing.T, f object.Format) {
	r := newRepo(t, f, 1)
	rng := rand.New(rand.NewPCG(3, 4))
	big := make([]byte, 6<<20)
	for i := range big {
		big[i] = byte(rng.Uint32())
	}
	id := mustID(r.git(string(big), "hash-object", "-w", "--stdin"))
	for _, stored := range []string{"loose", "packed"} {
		if stored == "packed" {
			r.git("", "update-ref", "refs/tags/big", id.String())
			r.git("", "repack", "-q", "-a", "-d")
		}
		db := r.open()
		rc, size, err := db.Open(id)
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(rc)
		if err != nil || size != int64(len(big)) || !bytes.Equal(all, big) {
			t.Errorf("%s: %d bytes, says %d, %v", stored, len(all), size, err)
		}
		rc.Close()
	}
}

// TestDeltaCircle reads two deltas that each name the other one as their base:
// an error, not a stack or an endless loop.
func TestDeltaCircle(t *testing.T) { eachFormat(t, testDeltaCircle) }

func testDeltaCircle(t *testing.T, f object.Format) {
	r := newRepo(t, f, 1)
	a, b := strings.Repeat("aa", f.Size()), strings.Repeat("bb", f.Size())
	r.writePack(map[string]string{a: b, b: a})
	db := r.open()
	for _, h := range []string{a, b} {
		if _, _, err := db.Read(mustID(h)); !errors.Is(err, odb.ErrDamaged) {
			t.Errorf("reading a circle of deltas: %v", err)
		}
	}
	bad := 0
	db.Each(func(id odb.ID, kind odb.Kind, _ int64) {
		if kind == object.Unknown {
			bad++
		}
	})
	if bad != 2 {
		t.Errorf("Each finds %d damaged objects, not 2", bad)
	}
}

// TestDeltaBomb reads a delta that claims to make more than git ever would.
func TestDeltaBomb(t *testing.T) { eachFormat(t, testDeltaBomb) }

func testDeltaBomb(t *testing.T, f object.Format) {
	r := newRepo(t, f, 1)
	bomb, base := strings.Repeat("cc", f.Size()), r.git("", "rev-parse", "main:file.txt")
	r.writePack(map[string]string{bomb: base})
	if _, _, err := r.open().Read(mustID(bomb)); !errors.Is(err, odb.ErrTooLarge) {
		t.Errorf("reading a bomb: %v", err)
	}
}

// TestMissing asks for what is not there.
func TestMissing(t *testing.T) { eachFormat(t, testMissing) }

func testMissing(t *testing.T, f object.Format) {
	db := newRepo(t, f, 1).open()
	id := mustID(strings.Repeat("12", f.Size()))
	if _, _, err := db.Read(id); !errors.Is(err, odb.ErrMissing) || db.Has(id) {
		t.Errorf("Read: %v, Has: %v", err, db.Has(id))
	}
	if _, _, err := db.Open(id); !errors.Is(err, odb.ErrMissing) {
		t.Errorf("Open: %v", err)
	}
	if _, err := odb.Open(f, odb.Dir{Path: filepath.Join(t.TempDir(), "none"), Label: "none"}); err == nil {
		t.Error("a directory that is not there opens")
	}
}

// mustID reads an id.
func mustID(s string) odb.ID {
	id, err := object.Parse(s)
	if err != nil {
		panic(err)
	}
	return id
}
