package trace

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// TestPackedHistories compares a Trace with the plain walk on repositories that
// git made and packed: with deltas of trees, in several packs, loose.
func TestPackedHistories(t *testing.T) {
	packings := [][]string{
		{"repack", "-adfq", "--depth=50", "--window=50"},
		{"repack", "-adfq", "--depth=4", "--window=250"},
		{"repack", "-q"},               // what is loose, beside an older pack
		{"repack", "-aq", "--depth=2"}, // two packs that have the same objects
	}
	deltas := 0
	for i, args := range packings {
		format := object.Format(i % 2)
		g := newGit(t, format)
		g.history(rand.New(rand.NewPCG(uint64(i), 3)))
		g.run("", args...)
		f, db, objects := g.open()
		for n := range int32(f.Len()) {
			if f.Kind(n) == object.Tree && f.Base(n) >= 0 {
				deltas++
			}
		}
		all := g.objects(f)
		err := pack.Guard(func() error { g.compare(f, db, all, objects); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	if deltas < 500 {
		t.Errorf("%d trees are deltas", deltas)
	}
}

// git is a repository of the test.
type git struct {
	t      *testing.T
	dir    string
	format object.Format
}

func newGit(t *testing.T, format object.Format) *git {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil && os.Getenv("OAKUM_PARTS_REQUIRED") != "1" {
		t.Skip("git is not installed")
	}
	g := &git{t, t.TempDir(), format}
	g.run("", "init", "-q", "--bare", "--template=", "--object-format="+format.String(), ".")
	return g
}

func (g *git) run(in string, args ...string) []byte {
	g.t.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Stdin = g.dir, strings.NewReader(in)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	var words bytes.Buffer
	c.Stderr = &words
	out, err := c.Output()
	if err != nil {
		g.t.Fatalf("git %s: %v\n%s", args[0], err, words.String())
	}
	return out
}

// history imports two halves of a history, the second one loose: merges, renames,
// copies of folders, submodules, names that are tokens, deep and wide folders.
func (g *git) history(rng *rand.Rand) {
	var files []string
	for i := range 120 {
		files = append(files, fmt.Sprintf("%s%c%d.txt", []string{"", "", "d/", "d/e/", "d/e/f/g/h/", "wide/", "wide/"}[i%7], 'a'+rng.IntN(26), i))
	}
	files = append(files, "d/token/a", "token", "x/token/b")
	var heads [4]int
	commits := 0
	half := func(count int) string {
		var in strings.Builder
		for n := commits + 1; n <= commits+count; n++ {
			b := rng.IntN(len(heads))
			fmt.Fprintf(&in, "commit refs/heads/b%d\nmark :%d\ncommitter C <c@example.org> %d +0000\ndata 2\nm\n", b, n, 1600000000+100*n)
			if heads[b] > 0 {
				fmt.Fprintf(&in, "from :%d\n", heads[b])
			}
			if other := heads[rng.IntN(len(heads))]; other > 0 && other != heads[b] && rng.IntN(3) == 0 {
				fmt.Fprintf(&in, "merge :%d\n", other)
			}
			for range 1 + rng.IntN(4) {
				g.change(rng, &in, files, heads[b] > 0)
			}
			if heads[b] == 0 {
				for _, name := range files {
					write(rng, &in, name)
				}
			}
			in.WriteString("\n")
			heads[b] = n
		}
		commits += count
		return in.String()
	}
	marks := filepath.Join(g.dir, "marks")
	g.run(half(100), "fast-import", "--quiet", "--export-marks="+marks)
	g.run("", "repack", "-adfq")
	g.run(half(60), "-c", "fastimport.unpackLimit=1000000", "fast-import", "--quiet", "--import-marks="+marks)
}

func (g *git) change(rng *rand.Rand, in io.Writer, files []string, begun bool) {
	name := files[rng.IntN(len(files))]
	folder, _, _ := strings.Cut(name, "/")
	switch n := rng.IntN(12); {
	case n == 0:
		fmt.Fprintf(in, "D %s\n", name)
	case n == 1:
		fmt.Fprintf(in, "M 160000 %s sub/%d\n", strings.Repeat(strconv.Itoa(1+rng.IntN(3)), 2*g.format.Size()), rng.IntN(3))
	case n == 2 && begun:
		fmt.Fprintf(in, "M 040000 %s x/nothing\n", g.format.EmptyTree())
	case n == 3 && begun && folder != name:
		write(rng, in, name)
		fmt.Fprintf(in, "C %s copy%d\n", folder, rng.IntN(4))
	case n == 4 && begun && folder != name:
		write(rng, in, name)
		fmt.Fprintf(in, "R %s moved/%s\n", name, name)
	default:
		write(rng, in, name)
	}
}

func write(rng *rand.Rand, in io.Writer, name string) {
	text := fmt.Sprintf("content %d\n", rng.IntN(1000)) // some of them again and again
	fmt.Fprintf(in, "M 100644 inline %s\ndata %d\n%s\n", name, len(text), text)
}

// open plants the repository's forest, and reads its commits' trees, oldest first.
func (g *git) open() (*pack.Forest, *odb.DB, []object.ID) {
	g.t.Helper()
	db, err := odb.Open(g.format, odb.Dir{Path: filepath.Join(g.dir, "objects"), Label: "objects"})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { db.Close() })
	loose, _ := db.Loose()
	f, err := pack.Plant(db.Packs(), loose, 2)
	if err != nil {
		g.t.Fatal(err)
	}
	var trees []object.ID
	for line := range strings.Lines(string(g.run("", "log", "--all", "--reverse", "--date-order", "--format=%T"))) {
		id, _ := g.format.Parse(strings.TrimSpace(line))
		trees = append(trees, id)
	}
	return f, db, trees
}

// objects reads all objects with git itself, into a fake that numbers them as f does.
func (g *git) objects(f *pack.Forest) *fake {
	g.t.Helper()
	db := &fake{format: g.format, at: map[object.ID]int32{}, all: make([]thing, f.Len())}
	r := bufio.NewReader(bytes.NewReader(g.run("", "cat-file", "--batch-all-objects", "--batch")))
	for {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			break
		}
		fields := strings.Fields(line)
		id, _ := g.format.Parse(fields[0])
		kind, _ := object.ParseKind(fields[1])
		size, _ := strconv.Atoi(fields[2])
		data := make([]byte, size+1)
		if _, err := io.ReadFull(r, data); err != nil {
			g.t.Fatal(err)
		}
		n, ok := f.Find(id)
		if !ok {
			g.t.Fatalf("the forest lacks %s", id)
		}
		db.at[id] = n
		db.all[n] = thing{id: id, kind: kind, data: data[:size]}
	}
	return db
}

// compare visits the trees with both walks.
func (g *git) compare(f *pack.Forest, db *odb.DB, plainDB *fake, trees []object.ID) {
	g.t.Helper()
	token := func(b []byte) bool { return string(b) == "token" }
	p := newPlain(plainDB, nil)
	p.wanted = p.named(token)
	want := func(id object.ID) bool { return id[1]%4 == 0 }
	for id := range plainDB.at {
		p.wanted[id] = p.wanted[id] || want(id)
	}
	p.db.empty = g.format.EmptyTree()
	tr, err := New(g.t.Context(), f, g.format, Options{
		Jobs:   3,
		Wanted: func(n int32) bool { return want(f.ID(n)) },
		Token:  func(_ int, b []byte) bool { return token(b) },
		Read:   db.ReadTree,
		Lost:   func(id object.ID, _ string, err error) { g.t.Errorf("%s is lost: %v", id, err) },
	})
	if err != nil {
		g.t.Fatal(err)
	}
	for i, id := range trees[:len(trees)-20] {
		v := Visit{int32(i), uint8(2 * i / len(trees))}
		p.tree(id, "", 0, v)
		tr.Tree(id, "", v)
	}
	strays := p.tops()
	if tops := tr.Tops(); !slices.Equal(strays, tops) || len(tops) < 15 {
		g.t.Errorf("tops are %v, by the plain walk %v", tops, strays)
	}
	nowhere := Visit{-1, 9}
	for _, id := range strays {
		p.tree(id, "", 0, nowhere)
		tr.Tree(id, "", nowhere)
	}
	p.rest(nowhere)
	tr.Rest(nowhere)
	head := trees[len(trees)-1]
	p.head(head)
	tr.Head(head)
	newest := []*Newest{tr.Newest(0), tr.Newest(1)}
	for i := len(trees) - 1; i >= 0; i-- {
		v := Visit{int32(i), uint8(2 * i / len(trees))}
		p.later(trees[i], v)
		newest[v.Class].Tree(trees[i], v.Commit)
	}
	compare(g.t, 0, p, tr)
	if len(p.found) < 100 || len(p.links) < 3 || len(p.lost) > 0 {
		g.t.Errorf("%d blobs and %d links found, %d trees lost", len(p.found), len(p.links), len(p.lost))
	}
}
