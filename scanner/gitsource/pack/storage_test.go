package pack_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// layout is a way to store a repository, and its files' names and bytes.
type layout struct {
	name   string
	format object.Format
	sums   bool   // whether its indexes have checksums of objects
	opener opener // nil: pack.Open
	dir    string // of its objects
	files  map[string][]byte
	packs  []string
	ids    []object.ID
}

// layouts are the same history stored in all ways that git has.
func layouts(t testing.TB) (all []*layout) {
	t.Helper()
	for _, c := range []struct {
		name   string
		format object.Format
		sums   bool
		args   []string
		more   func(r repo)
	}{
		{"by offset", object.SHA1, true, nil, nil},
		{"by id", object.SHA1, true, []string{"-c", "repack.useDeltaBaseOffset=false"}, nil},
		{"old index", object.SHA1, false, []string{"-c", "pack.indexVersion=1"}, nil},
		{"SHA-256", object.SHA256, true, nil, nil},
		{"whole", object.SHA1, true, []string{"-c", "pack.depth=0", "-c", "core.compression=0"}, nil},
		{"several", object.SHA1, true, nil, repo.spread},
		{"multi", object.SHA1, false, nil, func(r repo) {
			r.divide()
			r.git("", "multi-pack-index", "write")
			for _, name := range r.files(".idx") {
				os.Remove(r.path(name + ".idx"))
			}
		}},
	} {
		r := newRepo(t, c.format, 12)
		r.git("", append(c.args, "repack", "-q", "-a", "-d", "-f")...)
		l := &layout{name: c.name, format: c.format, sums: c.sums, dir: filepath.Join(r.dir, ".git", "objects"), files: map[string][]byte{}}
		for line := range strings.Lines(r.git("", "cat-file", "--batch-all-objects", "--batch-check")) {
			id, _ := c.format.Parse(strings.Fields(line)[0])
			l.ids = append(l.ids, id)
		}
		if c.more != nil {
			c.more(r)
		}
		l.load(t)
		all = append(all, l)
	}
	return all
}

// spread adds packs that hold parts of the first, with deltas of what is not in
// them.
func (r repo) spread() {
	for i, rng := range []string{"HEAD~4", "HEAD~8..HEAD~1", "HEAD~6..HEAD"} {
		objects := r.git("", "rev-list", "--objects", rng)
		r.git(objects, "pack-objects", "-q", fmt.Sprintf("--window=%d", 10*i), "--no-reuse-delta", r.path("pack"))
	}
}

// divide makes two packs of one.
func (r repo) divide() {
	old := r.files(".pack")[0]
	list := strings.Fields(r.git("", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))
	for _, part := range [][]string{list[:len(list)/2], list[len(list)/2:]} {
		r.git(strings.Join(part, "\n")+"\n", "pack-objects", "-q", r.path("pack"))
	}
	for _, ext := range []string{".pack", ".idx", ".rev"} {
		os.Remove(r.path(old + ext))
	}
}

func (l *layout) load(t testing.TB) {
	t.Helper()
	names, err := os.ReadDir(filepath.Join(l.dir, "pack"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range names {
		path := filepath.Join(l.dir, "pack", e.Name())
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, 0o644)
		l.files[e.Name()] = b
		if base, ok := strings.CutSuffix(e.Name(), ".pack"); ok {
			l.packs = append(l.packs, base)
		}
	}
}

// names are the files of the layout that end in one of exts.
func (l *layout) names(exts ...string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		for _, ext := range exts {
			if strings.HasSuffix(name, ext) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (l *layout) write(t testing.TB, name string, b []byte) {
	t.Helper()
	path := filepath.Join(l.dir, "pack", name)
	os.Remove(path) // whoever has mapped it keeps the old one
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// open opens the packs; damaged tells whether anything was wrong with any.
func (l *layout) open(t testing.TB) (files []*pack.File, damaged bool) {
	t.Helper()
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	open := l.opener
	if open == nil {
		open = pack.Open
	}
	for _, name := range l.packs {
		f, err := open(root, name, l.format)
		if err != nil {
			damaged = true
			continue
		}
		files = append(files, f)
		damaged = damaged || f.Damage() != nil || f.Verify() != nil
	}
	return files, damaged
}

func closeAll(files []*pack.File) {
	for _, f := range files {
		f.Close()
	}
}

// verdict is how a layout was told.
type verdict struct {
	texts, lost int
	damaged     bool        // something is wrong with a pack or an index as a whole
	wrong       []object.ID // told with another text
	silent      []object.ID // not told
}

// wrongly tells whether damage went unseen: a text is not what it was, or is not
// told, and nothing says so.
func (v verdict) wrongly() bool {
	return !v.damaged && (len(v.wrong) > 0 || len(v.silent) > 0 && v.lost == 0)
}

func (v verdict) String() string {
	return fmt.Sprintf("%d texts, %d lost, %d wrong, %d silent, damaged: %v", v.texts, v.lost, len(v.wrong), len(v.silent), v.damaged)
}

// read opens the packs, calls between, and reads everything.
func (l *layout) read(t testing.TB, between func()) verdict {
	t.Helper()
	files, damaged := l.open(t)
	defer closeAll(files)
	if between != nil {
		between()
	}
	told, err := walked(t, l.format, files, nil)
	v := verdict{texts: len(told.right), lost: len(told.lost), damaged: damaged || err != nil, wrong: told.wrong}
	for id, err := range told.lost {
		if !slices.ContainsFunc([]error{pack.ErrDamaged, pack.ErrTruncated, pack.ErrMissing, pack.ErrTooLarge}, func(e error) bool { return errors.Is(err, e) }) {
			t.Errorf("%s is lost for no reason that is listed: %v", id, err)
		}
	}
	for _, id := range l.ids {
		if told.told[id] == 0 {
			v.silent = append(v.silent, id)
		}
	}
	return v
}
