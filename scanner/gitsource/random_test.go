package gitsource_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// randomHistory imports commits with random parents, files and clocks: merges
// that take neither side, files that become folders, reverts, and, where skewed
// is set, commits that are older than their parents.
func randomHistory(t *testing.T, f object.Format, seed uint64, skewed bool) *sandbox {
	const commits, branches = 60, 4
	rng := rand.New(rand.NewPCG(seed, 5))
	s := newSandbox(t, f)
	paths := []string{"a", "b", "d/a", "d/b", "d/e/a", "d.x", "d-", "a/x"}
	last := make([]int, branches)
	var in strings.Builder
	for n := 1; n <= commits; n++ {
		b := rng.IntN(branches)
		when := 1600000000 + 100*n
		if skewed {
			when += rng.IntN(4000) - 2000
		}
		fmt.Fprintf(&in, "commit refs/heads/b%d\nmark :%d\ncommitter C <c@example.org> %d +0000\ndata 2\nm\n", b, n, when)
		if last[b] > 0 {
			fmt.Fprintf(&in, "from :%d\n", last[b])
		}
		for range rng.IntN(4) {
			if other := last[rng.IntN(branches)]; other > 0 && other != last[b] && rng.IntN(2) == 0 {
				fmt.Fprintf(&in, "merge :%d\n", other)
			}
		}
		for range 1 + rng.IntN(3) {
			p := paths[rng.IntN(len(paths))]
			if rng.IntN(5) == 0 {
				fmt.Fprintf(&in, "D %s\n", p)
				continue
			}
			text := fmt.Sprintf("content %d\n", rng.IntN(40)) // some of them again and again
			fmt.Fprintf(&in, "M 100644 inline %s\ndata %d\n%s\n", p, len(text), text)
		}
		in.WriteString("\n")
		last[b] = n
	}
	s.feed(in.String(), "fast-import", "--quiet")
	s.git("symbolic-ref", "HEAD", "refs/heads/b0")
	return s
}

// allFiles is what git says every commit holds: blob to commit to paths.
func (s *sandbox) allFiles() map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for _, c := range strings.Fields(s.git("rev-list", "--all")) {
		for line := range strings.Lines(s.git("ls-tree", "-r", c)) {
			info, path, _ := strings.Cut(strings.TrimSpace(line), "\t")
			blob := strings.Fields(info)[2]
			if all[blob] == nil {
				all[blob] = map[string][]string{}
			}
			all[blob][c] = append(all[blob][c], path)
		}
	}
	return all
}

// TestRandomHistories compares paths and first commits with what git's listing
// of every single commit says.
func TestRandomHistories(t *testing.T) { eachFormat(t, testRandomHistories) }

func testRandomHistories(t *testing.T, f object.Format) {
	for seed := range uint64(4) {
		s := randomHistory(t, f, seed, seed%2 == 1)
		all := s.allFiles()
		if len(all) < 20 {
			t.Fatalf("seed %d: %d blobs", seed, len(all))
		}
		src := s.open(gitsource.Options{}).History()
		for b, err := range src.Blobs(t.Context()) {
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if p, ok := b.Place.(leak.GitBlob); ok {
				s.checkFound(seed, b, p, all[b.Sum])
				delete(all, b.Sum)
			}
		}
		for blob := range all {
			t.Errorf("seed %d: blob %s is not found", seed, blob)
		}
	}
}

func (s *sandbox) checkFound(seed uint64, b scanner.Blob, p leak.GitBlob, in map[string][]string) {
	s.t.Helper()
	if in == nil { // written by the import, and overwritten before it was committed
		if b.Reach != leak.Unreachable {
			s.t.Errorf("seed %d: %s is in no commit and has reach %s", seed, p.Blob, b.Reach)
		}
		return
	}
	paths := map[string]bool{}
	for _, some := range in {
		for _, path := range some {
			paths[path] = true
		}
	}
	if has := slices.Sorted(slices.Values(b.Paths)); !slices.Equal(has, slices.Sorted(maps.Keys(paths))) {
		s.t.Errorf("seed %d: %s has paths %q, git says %d", seed, p.Blob, has, len(paths))
	}
	if !slices.Contains(in[p.Commit], p.Name) {
		s.t.Errorf("seed %d: commit %s does not have %s", seed, p.Commit, p.Name)
	}
	for _, before := range strings.Fields(s.git("rev-list", p.Commit+"^@")) {
		if in[before] != nil {
			s.t.Errorf("seed %d: %s is said to come with %s, which has it from %s", seed, p.Name, p.Commit, before)
			break
		}
	}
	atHead := in[s.git("rev-parse", "HEAD")] != nil
	if b.Origin.AtHead != atHead || b.Origin.Paths != len(paths) {
		s.t.Errorf("seed %d: origin of %s is %+v", seed, p.Name, b.Origin)
	}
}

// TestRandomRanges compares what ranges introduce with git's combined diffs.
// Skewed clocks may add commits, never lose one.
func TestRandomRanges(t *testing.T) { eachFormat(t, testRandomRanges) }

func testRandomRanges(t *testing.T, f object.Format) {
	compared := 0
	for seed := range uint64(4) {
		skewed := seed%2 == 1
		s := randomHistory(t, f, seed, skewed)
		all := strings.Fields(s.git("rev-list", "--all"))
		for i := range 15 {
			rng := all[i*3] + ".." + all[i/2]
			want := s.introduced(rng)
			sel, err := gitsource.ParseRange(rng)
			if err != nil {
				t.Fatal(err)
			}
			src, err := s.open(gitsource.Options{}).Commits(sel)
			if err != nil {
				t.Fatal(err)
			}
			has := map[string]bool{}
			for b, err := range src.Blobs(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				has[b.Sum] = true
			}
			for h := range want {
				if compared++; !has[h] {
					t.Errorf("seed %d: %s does not bring %s", seed, rng, h)
				}
			}
			if len(has) > len(want) && !skewed {
				t.Errorf("seed %d: %s brings %d objects, not %d", seed, rng, len(has), len(want))
			}
		}
	}
	if compared < 200 {
		t.Errorf("%d objects are compared", compared)
	}
}

// introduced is what git log says of a range: its commits, and the blobs that
// differ from those of every parent.
func (s *sandbox) introduced(rng string) map[string]bool {
	want := map[string]bool{}
	for line := range strings.Lines(s.git("log", "--raw", "-c", "--root", "--no-renames", "--no-abbrev", "--format=%H", rng)) {
		info, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		f := strings.Fields(info)
		parents := strings.Count(info, ":")
		if len(f) == 1 {
			want[f[0]] = true
		} else if parents > 0 {
			if h, olds := f[1+2*parents], f[1+parents:1+2*parents]; strings.Trim(h, "0") != "" && !slices.Contains(olds, h) {
				want[h] = true
			}
		}
	}
	return want
}

// TestConformance holds the sources to scanner.Source's contract.
func TestConformance(t *testing.T) { eachFormat(t, testConformance) }

func testConformance(t *testing.T, f object.Format) {
	s, _ := hide(t, f)
	set, err := rules.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := s.open(gitsource.Options{})
	sel, err := r.Commits(gitsource.Selection{Tips: []string{"main"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]scanner.Source{"all": r, "staged": r.Staged(), "main": sel} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, set, len(s.look(src).lines), func(*testing.T) scanner.Source { return src })
		})
	}
}
