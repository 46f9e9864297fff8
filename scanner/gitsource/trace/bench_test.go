package trace

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// BenchmarkTrace traces a twentieth of the blobs of the repository (its .git
// folder) that OAKUM_BENCH_REPO names: the pass over the trees, then the visits.
func BenchmarkTrace(b *testing.B) {
	dir := os.Getenv("OAKUM_BENCH_REPO")
	if dir == "" {
		b.Skip("OAKUM_BENCH_REPO names no repository")
	}
	f := plant(b, dir)
	trees := byDate(b, f)
	wanted := func(n int32) bool { return uint32(n)*0x9E3779B1>>12%20 == 0 }
	read := func(id object.ID) ([]byte, error) { return nil, pack.ErrMissing }
	lost := 0
	opt := Options{Jobs: runtime.GOMAXPROCS(0), Wanted: wanted, Read: read, Lost: func(object.ID, string, error) { lost++ },
		Token: func(int, []byte) bool { return false }}
	var t *Trace
	b.Run("trees", func(b *testing.B) {
		before := liveBytes()
		for b.Loop() {
			var err error
			if t, err = New(context.Background(), f, object.SHA1, opt); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(liveBytes()-before)/1e6, "MB-live")
		edges, stored := 0, 0
		for i := range t.chunks.shards {
			stored += len(t.chunks.shards[i].ends)
			edges += len(t.chunks.shards[i].edges)
		}
		b.ReportMetric(float64(len(t.lists)), "trees")
		b.ReportMetric(float64(stored), "chunks")
		b.ReportMetric(float64(edges), "edges")
	})
	b.Run("visits", func(b *testing.B) {
		before := liveBytes()
		for b.Loop() {
			t.trees, t.files, t.links = newVisits(), newSights(), newSights()
			for i, id := range trees {
				t.Tree(id, "", Visit{Commit: int32(i)})
			}
		}
		b.ReportMetric(float64(liveBytes()-before)/1e6, "MB-live")
		b.ReportMetric(float64(t.Len()), "found")
		b.ReportMetric(float64(lost), "lost")
	})
	b.Run("later", func(b *testing.B) {
		for b.Loop() {
			n := t.Newest(0)
			for i, id := range slices.Backward(trees) {
				n.Tree(id, int32(i))
			}
		}
	})
}

func liveBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// plant opens the packs of a git folder.
func plant(b testing.TB, dir string) *pack.Forest {
	b.Helper()
	root, err := os.OpenRoot(filepath.Join(dir, "objects"))
	if err != nil {
		b.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
	var files []*pack.File
	for _, name := range names {
		f, err := pack.Open(root, strings.TrimSuffix(filepath.Base(name), ".pack"), object.SHA1)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, f)
	}
	f, err := pack.Plant(files, nil, runtime.GOMAXPROCS(0))
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// commits reads the trees of all commits, by date, which is about the order of a
// history.
type commits struct{ of [][]dated }

type dated struct {
	tree object.ID
	when int64
}

func byDate(b testing.TB, f *pack.Forest) (trees []object.ID) {
	b.Helper()
	c := commits{make([][]dated, runtime.GOMAXPROCS(0))}
	if err := pack.Walk(b.Context(), f, pack.WalkOptions{Jobs: len(c.of), Kind: object.Commit}, c); err != nil {
		b.Fatal(err)
	}
	all := slices.Concat(c.of...)
	slices.SortFunc(all, func(a, b dated) int { return cmp.Or(cmp.Compare(a.when, b.when), bytes.Compare(a.tree[:], b.tree[:])) })
	for _, d := range all {
		trees = append(trees, d.tree)
	}
	return trees
}

func (c commits) Visit(worker int, t *pack.Text, _ struct{}) struct{} {
	head, _, _ := bytes.Cut(t.Data, []byte("\n\n"))
	_, date, _ := bytes.Cut(head, []byte("\ncommitter "))
	date = date[bytes.LastIndexByte(date[:max(0, bytes.IndexByte(date, '\n'))], '>')+1:]
	when, _ := strconv.ParseInt(string(append(bytes.Fields(date), nil)[0]), 10, 64)
	tree, _, _ := object.SHA1.Cut(string(head[5:]))
	c.of[worker] = append(c.of[worker], dated{tree, when})
	return struct{}{}
}
func (c commits) Large(int, int32, int64) {}
func (c commits) Lost(int, int32, error)  {}
