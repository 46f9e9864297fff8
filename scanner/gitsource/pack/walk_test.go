package pack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// record is a visitor that keeps what it is told.
type record struct {
	mu      sync.Mutex
	forest  *pack.Forest
	texts   map[object.ID]string
	deltas  map[object.ID]bool // handed with their base
	large   map[object.ID]int64
	lost    map[object.ID]error
	workers map[int]int
	gone    map[string]bool // released
	twice   []object.ID     // what is told wrongly
	slow    bool
}

func newRecord(f *pack.Forest) *record {
	return &record{
		forest: f, texts: map[object.ID]string{}, deltas: map[object.ID]bool{},
		large: map[object.ID]int64{}, lost: map[object.ID]error{}, workers: map[int]int{}, gone: map[string]bool{},
	}
}

// once is n's id; it is noted when it was told before.
func (r *record) once(n int32) object.ID {
	id := r.forest.ID(n)
	_, a := r.texts[id]
	_, b := r.large[id]
	_, c := r.lost[id]
	if first, ok := r.forest.Find(id); a || b || c || !ok || first != n {
		r.twice = append(r.twice, id)
	}
	return id
}

func (r *record) Visit(worker int, t *pack.Text, base string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.once(t.Node)
	r.texts[id] = string(t.Data)
	r.deltas[id] = t.Delta
	if len(base) != t.Base || string(t.Old) != base || r.gone[base] {
		r.twice = append(r.twice, id)
	}
	if r.workers[worker]++; r.slow && len(r.workers) < 4 {
		r.mu.Unlock()
		time.Sleep(time.Millisecond)
		r.mu.Lock()
	}
	return string(t.Data)
}

// Release holds that a text's value is given back once, and not used after that.
func (r *record) Release(_ int, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone[text] {
		r.twice = append(r.twice, idOf(text))
	}
	if text != "" { // which is also the value of no base
		r.gone[text] = true
	}
}

func (r *record) Large(_ int, n int32, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.large[r.once(n)] = size
}

func (r *record) Lost(_ int, n int32, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost[r.once(n)] = err
}

// walk plants and walks, and fails where anything is told twice.
func walk(t *testing.T, files []*pack.File, loose []pack.Loose, opt pack.WalkOptions) *record {
	t.Helper()
	f, err := pack.Plant(files, loose, 2)
	if err != nil {
		t.Fatal(err)
	}
	r := newRecord(f)
	if err := pack.Walk(t.Context(), f, opt, r); err != nil {
		t.Fatal(err)
	}
	if len(r.twice) > 0 {
		t.Errorf("%d objects are told twice, by another number or with another base: %v", len(r.twice), r.twice[0])
	}
	return r
}

// TestWalkOfRepacks holds every text to its id, however git stores it.
func TestWalkOfRepacks(t *testing.T) {
	for _, format := range []object.Format{object.SHA1, object.SHA256} {
		r := newRepo(t, format, 30)
		ids := strings.Fields(r.git("", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))
		for _, how := range [][]string{
			{"--depth=1", "--window=10"}, {"--depth=50", "--window=50"}, {"--depth=4095", "--window=60"}, {"--window=0"},
		} {
			r.git("", append([]string{"repack", "-q", "-a", "-d", "-f"}, how...)...)
			files, damaged := (&layout{dir: filepath.Join(r.dir, ".git", "objects"), format: format, packs: r.files(".pack")}).open(t)
			told, err := walked(t, format, files, nil)
			if err != nil || damaged || len(told.right) != len(ids) || len(told.lost)+len(told.wrong) > 0 || len(ids) < 90 {
				t.Errorf("%v: %v, of %d objects %d are right, %d wrong, %d lost", how, err, len(ids), len(told.right), len(told.wrong), len(told.lost))
			}
			closeAll(files)
		}
	}
}

// tree makes a pack of one tree of deltas: parent(i) is what the i-th object is a
// delta of. It returns the texts by id.
func (r repo) tree(n int, parent func(i int) int) (f *pack.File, texts map[object.ID]string) {
	m, ids, texts := made{}, make([]object.ID, n), map[object.ID]string{}
	text, offsets, off := make([][]byte, n), make([]int64, n), int64(12)
	for i := range n {
		line := fmt.Appendf(nil, "version %d\n", i)
		var e []byte
		if i == 0 {
			text[i] = bytes.Repeat([]byte("what stays\n"), 10)
			e = entry(object.Blob, len(text[i]), nil, text[i])
		} else {
			p := parent(i)
			base := text[p]
			d := append(append(sizes(len(base), len(line)+110), byte(len(line))), line...)
			d = append(d, copied(len(base)-110, 110)...)
			text[i] = append(line, base[len(base)-110:]...)
			e = entry(6, len(d), back(off-offsets[p]), d)
		}
		m[off], offsets[i] = e, off
		ids[i] = sum(r.format, object.Blob, text[i])
		texts[ids[i]] = string(text[i])
		off += int64(len(e))
	}
	return r.crafted(m, ids), texts
}

// bare is a repository that git had no part in.
func bare(t *testing.T) repo { return repo{t, t.TempDir(), object.SHA1} }

func (r *record) holds(t *testing.T, texts map[object.ID]string) {
	t.Helper()
	if len(r.texts) != len(texts) || len(r.lost)+len(r.large) > 0 {
		t.Errorf("%d texts, want %d; %d lost, %d large", len(r.texts), len(texts), len(r.lost), len(r.large))
	}
	for id, want := range texts {
		if r.texts[id] != want {
			t.Fatalf("%s is %q, want %q", id, r.texts[id], want)
		}
	}
}

// One tree is shared by all workers, whatever it looks like.
func TestOneTreeKeepsAllBusy(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for name, parent := range map[string]func(i int) int{
		"bush":   func(i int) int { return rng.IntN(i) },
		"star":   func(int) int { return 0 },
		"broom":  func(i int) int { return max(0, i-1-rng.IntN(3)) },
		"halves": func(i int) int { return (i - 1) / 2 },
	} {
		f, texts := bare(t).tree(1500, parent)
		forest, err := pack.Plant([]*pack.File{f}, nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		r := newRecord(forest)
		r.slow = true
		opt := pack.WalkOptions{Jobs: 4, Kind: object.Blob}
		if err := pack.Walk(t.Context(), forest, opt, r); err != nil || len(r.twice) > 0 {
			t.Fatal(err, r.twice)
		}
		r.holds(t, texts)
		alone := newRecord(forest)
		if err := pack.Walk(t.Context(), forest, pack.WalkOptions{Jobs: 1, Kind: object.Blob}, alone); err != nil || len(alone.twice) > 0 {
			t.Fatal(err, alone.twice)
		}
		if alone.holds(t, texts); len(alone.gone) != len(texts) {
			t.Errorf("%s: %d of %d values are given back", name, len(alone.gone), len(texts))
		}
		again := newRecord(forest)
		if err := pack.Walk(t.Context(), forest, opt.Holding(1), again); err != nil || len(again.twice) > 0 {
			t.Fatal(err, again.twice)
		}
		again.holds(t, texts)
		if len(r.workers) != 4 {
			t.Errorf("%s: %d of 4 workers had something to do: %v", name, len(r.workers), r.workers)
		}
	}
}

func TestLongChains(t *testing.T) {
	f, texts := bare(t).tree(5000, func(i int) int { return i - 1 })
	r := walk(t, []*pack.File{f}, nil, pack.WalkOptions{Jobs: 2, Kind: object.Blob})
	if len(r.texts) != 4097 || len(r.lost) != 903 {
		t.Errorf("%d texts and %d lost, of a root and 4,999 deltas; a chain of 4,096 is the longest", len(r.texts), len(r.lost))
	}
	for id, err := range r.lost {
		if !errors.Is(err, pack.ErrDamaged) || texts[id] == "" {
			t.Fatal(id, err)
		}
	}
}

func TestOnly(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	f, texts := bare(t).tree(500, func(i int) int { return rng.IntN(i) })
	forest, err := pack.Plant([]*pack.File{f}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, every := range []int32{1, 2, 7, 100, 1000} {
		want := map[object.ID]string{}
		for n := every - 1; n < int32(forest.Len()); n += every {
			want[forest.ID(n)] = texts[forest.ID(n)]
		}
		r := newRecord(forest)
		opt := pack.WalkOptions{Jobs: 3, Kind: object.Blob, Only: func(n int32) bool { return n%every == every-1 }}
		if err := pack.Walk(t.Context(), forest, opt, r); err != nil || len(r.twice) > 0 {
			t.Fatal(err, r.twice)
		}
		r.holds(t, want)
		for id := range r.texts {
			n, _ := forest.Find(id)
			base := forest.Base(n)
			if r.deltas[id] != (base >= 0 && opt.Only(base)) {
				t.Errorf("every %dth: object %d, a delta of %d, comes as a delta: %v", every, n, base, r.deltas[id])
			}
		}
	}
}

func TestCancellation(t *testing.T) {
	f, _ := bare(t).tree(2000, func(i int) int { return i / 2 })
	forest, err := pack.Plant([]*pack.File{f}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, jobs := range []int{1, 4} {
		ctx, cancel := context.WithCancel(t.Context())
		v := &ending{newRecord(forest), cancel}
		if err := pack.Walk(ctx, forest, pack.WalkOptions{Jobs: jobs, Kind: object.Blob}, v); !errors.Is(err, context.Canceled) {
			t.Errorf("%d jobs: %v after %d texts", jobs, err, len(v.texts))
		}
		if n := len(v.texts); n < 100 || n > 300 {
			t.Errorf("%d jobs: %d texts are told, and the walk was ended after 100", jobs, n)
		}
	}
}

// ending does something after a hundred texts.
type ending struct {
	*record
	then func()
}

func (e *ending) Visit(worker int, t *pack.Text, base string) string {
	s := e.record.Visit(worker, t, base)
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.texts) == 100 {
		e.then()
	}
	return s
}

// A pack that becomes shorter while it is mapped costs what was cut off, and no
// more: of some hundred trees those whose root is still there are told.
func TestTruncatedWhileMapped(t *testing.T) {
	r := bare(t)
	f, texts := r.tree(3000, func(i int) int { return i / 100 * 100 / 2 })
	forest, err := pack.Plant([]*pack.File{f}, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(r.path("pack-made.pack"), 50000); err != nil {
		t.Fatal(err)
	}
	told := newRecord(forest)
	if err := pack.Walk(t.Context(), forest, pack.WalkOptions{Jobs: 2, Kind: object.Blob}, told); err != nil {
		t.Fatal(err)
	}
	told.halves(t, texts)
}

// What a walk gave up and cannot have again is lost.
func TestTruncatedWhileWalked(t *testing.T) {
	r := bare(t)
	f, texts := r.tree(1000, func(i int) int { return i / 3 })
	forest, err := pack.Plant([]*pack.File{f}, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	cut := func() {
		if err := os.Truncate(r.path("pack-made.pack"), 0); err != nil {
			t.Error(err)
		}
	}
	v := &ending{newRecord(forest), cut}
	if err := pack.Walk(t.Context(), forest, pack.WalkOptions{Jobs: 2, Kind: object.Blob}.Holding(1), v); err != nil {
		t.Fatal(err)
	}
	v.halves(t, texts)
}

// halves holds that of the texts some are told and all others lost.
func (r *record) halves(t *testing.T, texts map[object.ID]string) {
	t.Helper()
	if len(r.texts) < 100 || len(r.lost) < 100 || len(r.texts)+len(r.lost) != len(texts) || len(r.twice) > 0 {
		t.Errorf("%d texts and %d lost of %d; %d are told twice", len(r.texts), len(r.lost), len(texts), len(r.twice))
	}
	for id, text := range r.texts {
		if text != texts[id] {
			t.Fatalf("%s is %q", id, text)
		}
	}
	for id, err := range r.lost {
		if !errors.Is(err, pack.ErrTruncated) && !errors.Is(err, pack.ErrDamaged) {
			t.Fatal(id, err)
		}
	}
}
