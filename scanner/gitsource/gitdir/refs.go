package gitdir

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// Ref is a name that leads to an object.
type Ref struct {
	Name string
	ID   odb.ID
}

const (
	maxRefFile    = 1 << 20 // a FETCH_HEAD has a line a ref
	maxPackedRefs = 1 << 30
	maxSymref     = 5 // as deep as git follows
)

// pseudoRef matches the files beside HEAD that hold ids: FETCH_HEAD, ORIG_HEAD,
// MERGE_HEAD, CHERRY_PICK_HEAD, REBASE_HEAD, BISECT_HEAD, AUTO_MERGE, …
var pseudoRef = regexp.MustCompile(`^([A-Z_]*HEAD|AUTO_MERGE)$`)

// Refs lists every ref of every kind and working tree, sorted by name, and
// what could not be read of them.
func (d *Dir) Refs() (refs []Ref, gaps []*leak.Gap) {
	l := refLister{d: d, byName: map[string]odb.ID{}}
	l.packed()
	l.loose("refs")
	l.pseudo("")
	trees, _ := fs.ReadDir(d.Shared.FS(), "worktrees")
	for _, t := range trees { // they lie in the shared part, our own among them
		prefix := "worktrees/" + t.Name() + "/"
		l.loose(prefix + "refs")
		l.pseudo(prefix)
	}
	for name, h := range l.byName {
		refs = append(refs, Ref{name, h})
	}
	refs = append(refs, l.more...)
	slices.SortFunc(refs, func(a, b Ref) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return refs, l.gaps
}

type refLister struct {
	d      *Dir
	byName map[string]odb.ID // loose refs over packed ones
	more   []Ref             // further ids of files that hold several
	gaps   []*leak.Gap
}

func (l *refLister) packed() {
	b, err := readLimited(l.d.Shared.FS(), "packed-refs", maxPackedRefs)
	if err != nil {
		if !notThere(err) {
			l.gaps = append(l.gaps, l.d.Gap("packed-refs", leak.GapUnreadable, err))
		}
		return
	}
	bad := 0
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' || line[0] == '^' {
			continue
		}
		hex, name, _ := strings.Cut(line, " ")
		h, ok := l.d.Format.Parse(hex)
		if !ok || name == "" {
			bad++
			continue
		}
		l.byName[name] = h
	}
	if bad > 0 {
		l.gaps = append(l.gaps, l.d.Gap("packed-refs", leak.GapCorrupt, fmt.Errorf("%d lines are no refs", bad)))
	}
}

// loose reads the ref files below dir. A name keeps its "worktrees/x/", which
// tells one working tree's refs from another's.
func (l *refLister) loose(dir string) {
	fs.WalkDir(l.d.Shared.FS(), dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case notThere(err):
			return nil
		case err != nil:
			l.gaps = append(l.gaps, l.d.Gap(name, leak.GapUnreadable, err))
			return nil
		case e.IsDir() || strings.HasSuffix(name, ".lock"): // git's half-written next version
			return nil
		}
		l.file(name)
		return nil
	})
}

// pseudo reads HEAD and its like in dir.
func (l *refLister) pseudo(dir string) {
	entries, err := fs.ReadDir(l.d.Shared.FS(), path.Clean("./"+dir))
	if err != nil {
		l.gaps = append(l.gaps, l.d.Gap(dir, leak.GapUnreadable, err))
	}
	for _, e := range entries {
		if !e.IsDir() && pseudoRef.MatchString(e.Name()) {
			l.file(dir + e.Name())
		}
	}
}

// file reads the ids of a ref file: one, or the first word of each line. A
// symbolic ref's target is a ref of its own, or not born yet.
func (l *refLister) file(name string) {
	b, err := readLimited(l.d.Shared.FS(), name, maxRefFile)
	if err != nil {
		l.gaps = append(l.gaps, l.d.Gap(name, leak.GapUnreadable, err))
		return
	}
	found := 0
	for line := range strings.Lines(string(b)) {
		h, _, ok := l.d.Format.Cut(strings.TrimSpace(line))
		if !ok {
			continue
		}
		if found++; found == 1 {
			l.byName[name] = h
		} else {
			l.more = append(l.more, Ref{name, h})
		}
	}
	if found == 0 && len(b) > 0 && !strings.HasPrefix(string(b), "ref:") {
		l.gaps = append(l.gaps, l.d.Gap(name, leak.GapCorrupt, fmt.Errorf("is no ref: run git fsck")))
	}
}

// Lookup reads one ref without listing all: the file, else packed-refs.
func (d *Dir) Lookup(name string) (odb.ID, bool) {
	for range maxSymref {
		b, err := d.refFile(name)
		if err != nil {
			return d.packed.lookup(d, name)
		}
		s := strings.TrimSpace(string(b))
		target, symbolic := strings.CutPrefix(s, "ref:")
		if !symbolic {
			h, _, ok := d.Format.Cut(s)
			return h, ok
		}
		name = strings.TrimSpace(target)
	}
	return odb.ID{}, false
}

func (d *Dir) refFile(name string) ([]byte, error) {
	b, err := readLimited(d.Own.FS(), name, maxRefFile)
	if err != nil && d.Git != d.Common {
		return readLimited(d.Shared.FS(), name, maxRefFile)
	}
	return b, err
}

// Head is the commit at HEAD, in hex, and the branch that HEAD is on; "" where
// nothing is committed yet, and where HEAD is detached.
func (d *Dir) Head() (commit, branch string) {
	if h, ok := d.Lookup("HEAD"); ok {
		commit = h.String()
	}
	if b, err := d.refFile("HEAD"); err == nil {
		branch, _ = strings.CutPrefix(strings.TrimSpace(string(b)), "ref: refs/heads/")
		if branch == commit || strings.HasPrefix(branch, "ref:") {
			branch = ""
		}
	}
	return commit, branch
}

// RemoteHead is the branch that the remote "origin" had at its HEAD when it was
// cloned; "" where the clone does not say.
func (d *Dir) RemoteHead() string {
	b, err := d.refFile("refs/remotes/origin/HEAD")
	if err != nil {
		return ""
	}
	branch, ok := strings.CutPrefix(strings.TrimSpace(string(b)), "ref: refs/remotes/origin/")
	if !ok {
		return ""
	}
	return branch
}
