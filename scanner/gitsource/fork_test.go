package gitsource_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// TestFork compares where changes leave history with what git merge-base says.
func TestFork(t *testing.T) { eachFormat(t, testFork) }

func testFork(t *testing.T, f object.Format) {
	s := line(t, f)
	s.git("checkout", "-q", "--orphan", "other")
	s.commit("of its own")
	r, tried := s.open(gitsource.Options{}), 0
	for _, c := range [][2]string{
		{"main", "right"}, {"right", "main"}, {"main~1", "main"}, {"main~1^1", "right"}, {"main~1^2", "main~1^1"},
		{"v0", "main"}, {"main", "v0"}, {"main", "main"}, {"main", "other"},
	} {
		tried++
		want, _ := s.try("", "merge-base", c[0], c[1])
		got, err := r.Fork(gitsource.Selection{Not: c[:1], Tips: c[1:]})
		if err != nil || got.Base != strings.TrimSpace(want) || got.Cut {
			t.Errorf("%s and %s: %+v (%v), git says %q", c[0], c[1], got, err, want)
		}
	}
	if tried != 9 {
		t.Errorf("%d pairs", tried)
	}
	// A change that took in what came to the other branch stands on both.
	edges := []string{s.git("rev-parse", "main~1^1"), s.git("rev-parse", "right")}
	slices.Sort(edges)
	if got, err := r.Fork(gitsource.Selection{Tips: []string{"main"}, Not: edges}); err != nil || !slices.Equal(got.Edges, edges) {
		t.Errorf("edges %v, not %v (%v)", got.Edges, edges, err)
	}
	if got, err := r.Fork(gitsource.Selection{Tips: []string{"main"}, NotRefs: []string{"refs/tags/"}}); err != nil || got.Base != s.git("rev-parse", "v0^0") {
		t.Errorf("tags: %+v, %v", got, err)
	}
	if got, err := r.Fork(gitsource.Selection{Tips: []string{"main"}}); err != nil || got.Base != "" {
		t.Errorf("what leaves nothing has a base: %+v, %v", got, err)
	}
	if _, err := r.Fork(gitsource.Selection{Not: []string{"nowhere"}, Tips: []string{"main"}}); err == nil {
		t.Error("a revision that is not there was found")
	}
}

// A clone that ends within the change cannot tell what the change is.
func TestForkOfShallowClone(t *testing.T) {
	s := newSandbox(t, object.SHA1)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		s.write(name, name)
		s.commit(name)
	}
	s.git("branch", "before", "main~3")
	// At a depth of 3 the parent of the last commit came with the other branch.
	for depth, cut := range map[string]bool{"1": true, "2": true, "3": false, "4": false} {
		dir := t.TempDir()
		s.git("clone", "-q", "--no-single-branch", "--depth", depth, "file://"+s.dir, dir)
		r := s.at(dir).open(gitsource.Options{})
		got, err := r.Fork(gitsource.Selection{Not: []string{"origin/before"}, Tips: []string{"origin/main"}})
		if err != nil || got.Cut != cut {
			t.Errorf("depth %s: %+v, %v", depth, got, err)
		}
		if r.Shallow() != (depth != "4") {
			t.Errorf("depth %s: shallow is %v", depth, r.Shallow())
		}
		if r.RemoteHead() != "main" || r.ID("origin/main") == "" || r.ID("main~9") != "" {
			t.Errorf("depth %s: %q, %q", depth, r.RemoteHead(), r.ID("origin/main"))
		}
	}
}

func TestChanged(t *testing.T) {
	s := newSandbox(t, object.SHA1)
	s.write("same", "1")
	s.write("edited", "2")
	s.write("dir/gone", "3")
	s.write("dir/copy", "3")
	s.commit("before")
	s.write("edited", "4")
	s.write("new", "5")
	s.git("rm", "-q", "-r", "dir")
	s.commit("after")
	got, err := s.open(gitsource.Options{}).Changed("HEAD~1", "HEAD")
	if has := strings.Join(got, " "); err != nil || has != "dir/copy dir/gone edited" {
		t.Errorf("%q, %v", has, err)
	}
}
