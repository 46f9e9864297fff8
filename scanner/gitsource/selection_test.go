package gitsource_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

func commitsOf(t *testing.T, s *sandbox, rng string) (scanner.Source, error) {
	t.Helper()
	sel, err := gitsource.ParseRange(rng)
	if err != nil {
		t.Fatal(err)
	}
	return s.open(gitsource.Options{}).Commits(sel)
}

// line makes a history with a merge:
//
//	base ─ left ─ merge ─ after     (main)
//	    └─ right ─┘
func line(t *testing.T, f object.Format) *sandbox {
	s := newSandbox(t, f)
	s.write("base.txt", s.mark("base"))
	s.commit("base")
	s.git("tag", "-a", "-m", "base "+s.mark("tag"), "v0")
	s.git("checkout", "-q", "-b", "right")
	s.write("right.txt", s.mark("right"))
	s.commit("right")
	s.git("checkout", "-q", "main")
	s.write("left.txt", s.mark("left"))
	s.commit("left " + s.mark("message"))
	s.git("merge", "-q", "--no-ff", "--no-commit", "right")
	s.write("left.txt", s.mark("merged"))
	s.commit("merge")
	s.write("after.txt", s.mark("after"))
	s.git("rm", "-q", "base.txt")
	s.commit("after")
	s.write("uncommitted.txt", s.mark("staged"))
	s.git("add", "-A")
	return s
}

// TestRanges compares what ranges bring with what they should.
func TestRanges(t *testing.T) { eachFormat(t, testRanges) }

func testRanges(t *testing.T, f object.Format) {
	s := line(t, f)
	for rng, want := range map[string]string{
		"v0..main":                  "after left merged message right",
		"main~1..main":              "after",
		"HEAD^..":                   "after",
		"main~2..main~1":            "merged right",
		"right..main":               "after left merged message",
		"main..right":               "",
		"main~1^2..main~1":          "left merged message",
		"refs/tags/v0..right":       "right",
		"@~2..heads/main":           "after merged right",
		"right~1..refs/heads/right": "right",
	} {
		src, err := commitsOf(t, s, rng)
		if err != nil {
			t.Errorf("%s: %v", rng, err)
			continue
		}
		got := s.look(src)
		got.wantNoGaps(t)
		if has := strings.Join(markNames(got), " "); has != want {
			t.Errorf("%s brings %q, not %q", rng, has, want)
		}
		if n := len(strings.Fields(s.git("rev-list", strings.Replace(strings.Replace(rng, "@", "HEAD", 1), "heads/main", "main", 1)))); len(got.sums) < n {
			t.Errorf("%s: %d objects, git counts %d commits", rng, len(got.sums), n)
		}
	}
}

// TestSince compares what a date brings with what git log --since would show.
func TestSince(t *testing.T) { eachFormat(t, testSince) }

func testSince(t *testing.T, f object.Format) {
	s := line(t, f)
	for rev, want := range map[string]string{"main": "after", "main~1": "after merged", "main~2": "after left merged message"} {
		made, err := strconv.ParseInt(s.git("log", "-1", "--format=%ct", rev), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		src, err := s.open(gitsource.Options{}).Commits(gitsource.Selection{Tips: []string{"main"}, Since: time.Unix(made, 0)})
		if err != nil {
			t.Fatal(err)
		}
		got := s.look(src)
		got.wantNoGaps(t)
		if has := strings.Join(markNames(got), " "); has != want {
			t.Errorf("since %s: %q, not %q", rev, has, want)
		}
		messages := 0
		for range strings.Fields(s.git("rev-list", "--since="+strconv.FormatInt(made, 10), "main")) {
			messages++
		}
		if want := len(strings.Fields(want)); messages == 0 || messages > want {
			t.Errorf("since %s: git counts %d commits", rev, messages)
		}
	}
}

func markNames(got seen) (names []string) {
	for name := range got.marks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestSelections covers --since, --branch and a push of a new branch.
func TestSelections(t *testing.T) { eachFormat(t, testSelections) }

func testSelections(t *testing.T, f object.Format) {
	s := line(t, f)
	tip := s.git("rev-parse", "main")
	short := s.git("rev-parse", "--short=8", "main~1")
	s.git("update-ref", "-d", "refs/heads/main") // as a push that has not happened
	for _, c := range []struct {
		sel  gitsource.Selection
		want string
	}{
		{gitsource.Selection{Tips: []string{"right"}}, "base right"},
		{gitsource.Selection{Tips: []string{"v0"}}, "base tag"},
		{gitsource.Selection{Not: []string{"v0"}}, "right"},
		{gitsource.Selection{Tips: []string{tip}, NotRefs: []string{"refs/"}}, "after left merged message"},
		{gitsource.Selection{Tips: []string{tip}, Not: []string{short}}, "after"},
	} {
		src, err := s.open(gitsource.Options{}).Commits(c.sel)
		if err != nil {
			t.Fatal(err)
		}
		got := s.look(src)
		got.wantNoGaps(t)
		if has := strings.Join(markNames(got), " "); has != c.want {
			t.Errorf("%+v brings %q, not %q", c.sel, has, c.want)
		}
		for _, b := range got.marks["right"] {
			if b.Reach != leak.Reachable || b.Origin == nil || b.Origin.Subject != "right" {
				t.Errorf("right has reach %s and origin %+v", b.Reach, b.Origin)
			}
		}
	}
}

// TestAbbreviations shortens an id to every length.
func TestAbbreviations(t *testing.T) { eachFormat(t, testAbbreviations) }

func testAbbreviations(t *testing.T, f object.Format) {
	s := line(t, f)
	for _, packed := range []bool{false, true} {
		if packed {
			s.git("repack", "-q", "-a", "-d")
		}
		r := s.open(gitsource.Options{})
		tip := s.git("rev-parse", "main")
		for n := 4; n <= len(tip); n++ {
			if !r.Has(tip[:n]) || !r.Has(strings.ToUpper(tip[:n])) {
				t.Errorf("packed: %v, the first %d digits of an id are not found", packed, n)
			}
		}
		for n := range 4 {
			if r.Has(tip+tip[:n+1]) || n > 0 && r.Has(tip[:n]) {
				t.Errorf("packed: %v, an id is found by %d digits or more than it has", packed, n)
			}
		}
	}
}

// TestBadRevisions names revisions that are not there.
func TestBadRevisions(t *testing.T) { eachFormat(t, testBadRevisions) }

func testBadRevisions(t *testing.T, f object.Format) {
	s := line(t, f)
	r := s.open(gitsource.Options{})
	for _, rev := range []string{"nowhere", "main~99", "main^3", "main:base.txt", "HEAD@{1}", "00000000", "abcd", "main~x", strings.Repeat("1", 2*f.Size()), "v0^{tree}"} {
		if _, err := r.Commits(gitsource.Selection{Tips: []string{rev}}); err == nil {
			t.Errorf("%s is found", rev)
		}
	}
	for _, rng := range []string{"main", "a...b", ""} {
		if _, err := gitsource.ParseRange(rng); err == nil {
			t.Errorf("%q is taken as a range", rng)
		}
	}
}
