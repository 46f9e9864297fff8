package scanner

import (
	"fmt"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

func sighted(id, path string, reach leak.Reach, commit string, head bool) *leak.Finding {
	f := &leak.Finding{ID: id, Sighting: leak.Sighting{Place: leak.File{Name: path}, Reach: reach}}
	if commit != "" {
		f.Place = leak.GitBlob{Name: path, Commit: commit}
		f.Origin = &leak.Origin{Commit: commit, AtHead: head}
	}
	return f
}

// Where a report tells of commits, the version that brought the value stands, with
// its own line and commit.
func TestMergeKeepsTheOldest(t *testing.T) {
	m := Merge{Oldest: true}
	first := sighted("v1.a", "conf", leak.Reachable, "c1", false)
	first.Line = 3
	later := sighted("v1.a", "conf", leak.Reachable, "c2", true)
	later.Line = 9
	m.Add(first)
	m.Add(later)
	f := m.Findings()[0]
	if f.Line != 3 || f.Origin.Commit != "c1" || f.Seen != 1 || len(f.Also) != 0 {
		t.Errorf("line %d of %s, seen %d", f.Line, f.Origin.Commit, f.Seen)
	}
}

func TestMergeJoinsVersionsOfAFile(t *testing.T) {
	var m Merge
	first := sighted("v1.a", "conf", leak.Reachable, "c1", false)
	m.Add(first)
	m.Add(sighted("v1.b", "other", leak.Reachable, "c1", false))
	m.Add(sighted("v1.a", "conf", leak.Reachable, "c2", true))
	m.Add(sighted("v1.a", "copy", leak.Stash, "c3", false))
	m.Add(sighted("v1.a", "conf", leak.Worktree, "", false))
	got := m.Findings()
	if len(got) != 2 || got[0].ID != "v1.a" || got[1].ID != "v1.b" {
		t.Fatalf("%d findings", len(got))
	}
	f := got[0]
	if f.Place.Kind() != "file" || f.Reach != leak.Worktree {
		t.Errorf("the worktree's sighting is not first: %s %s", f.Place, f.Reach)
	}
	if f.Origin == nil || f.Origin.Commit != "c1" || !f.Origin.AtHead {
		t.Errorf("origin %+v; want the first commit, at HEAD", f.Origin)
	}
	if f.Seen != 2 || len(f.Also) != 1 || f.Also[0].Place.Path() != "copy" {
		t.Errorf("seen %d, also %v", f.Seen, f.Also)
	}
	if first.Origin.AtHead != true && f.Origin == first.Origin {
		t.Error("a shared origin was changed")
	}
}

func TestMergeBoundsPlaces(t *testing.T) {
	var m Merge
	for i := range 3 * leak.MaxAlso {
		m.Add(sighted("v1.a", fmt.Sprint("f", i), leak.Worktree, "", false))
		m.Add(sighted("v1.a", fmt.Sprint("f", i), leak.Worktree, "", false))
	}
	if f := m.Findings()[0]; f.Seen != 3*leak.MaxAlso || len(f.Also) != leak.MaxAlso {
		t.Errorf("seen %d, %d listed", f.Seen, len(f.Also))
	}
}

func TestMergeAllowsOnlyWhatIsAllowedEverywhere(t *testing.T) {
	var m Merge
	allowed := sighted("v1.a", "x", leak.Worktree, "", false)
	allowed.Suppressed = &leak.Suppression{Kind: leak.SuppressInline}
	m.Add(allowed)
	m.Add(sighted("v1.a", "y", leak.Worktree, "", false))
	if m.Findings()[0].Suppressed != nil {
		t.Error("a comment in one file allows the value in another")
	}
}

func TestMergeLetsTodaysCommentAllowYesterdaysVersion(t *testing.T) {
	var m Merge
	m.Add(sighted("v1.a", "x", leak.Reachable, "c1", false))
	today := sighted("v1.a", "x", leak.Worktree, "", false)
	today.Suppressed = &leak.Suppression{Kind: leak.SuppressInline}
	m.Add(today)
	if f := m.Findings()[0]; f.Suppressed == nil || f.Origin == nil {
		t.Errorf("suppressed %v, origin %v", f.Suppressed, f.Origin)
	}
}

func TestMergeKeepsEachLineOfAFile(t *testing.T) {
	var m Merge
	at := func(path string, reach leak.Reach, commit string, line int) {
		f := sighted("v1.a", path, reach, commit, false)
		f.Line, f.Span.Start = line, int64(line)
		m.Add(f)
	}
	at("x", leak.Reachable, "c1", 2)
	at("x", leak.Reachable, "c1", 50)
	at("x", leak.Reachable, "c2", 3) // the file has grown
	at("x", leak.Reachable, "c2", 51)
	at("x", leak.Worktree, "", 4)
	f := m.Findings()[0]
	if f.Seen != 2 || f.Line != 4 || f.Origin == nil || len(f.Also) != 1 || f.Also[0].Line != 51 {
		t.Errorf("seen %d, first at line %d, also %+v", f.Seen, f.Line, f.Also)
	}
}

// An audit tells each namespace of its own: one value is as many findings as there are
// words for where it stands, each with its own places.
func TestMergeKeepsApart(t *testing.T) {
	m := Merge{Apart: func(f *leak.Finding) string { return f.Place.(leak.File).Name[:1] }}
	for _, path := range []string{"a/1", "b/1", "a/2", "b/1"} {
		m.Add(sighted("v1.a", path, leak.Worktree, "", false))
	}
	got := ""
	for _, f := range m.Findings() {
		got += fmt.Sprintf("%s %d; ", f.Place.String(), f.Seen)
	}
	if got != "a/1 2; b/1 1; " {
		t.Error(got)
	}
}
