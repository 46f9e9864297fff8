package gitsource

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/gitdir"
)

// submoduleGap tells that another repository stands at path.
func (r *Repo) submoduleGap(path string, commit id) *leak.Gap {
	return &leak.Gap{Place: leak.GitBlob{Repo: r.name, Blob: commit.String(), Name: path}, Class: leak.Boundary, Code: leak.GapSubmodule,
		Why: fmt.Errorf("submodule at commit %s is another repository: check it out with git submodule update --init, or scan it by itself", commit.String()[:10])}
}

// A submodule's git directory lies below modules/ of the one around it, where
// git puts it; a folder in the working tree that calls itself one, or points
// elsewhere, is not followed.

// submodules hands over the repositories of checked-out submodules, and tells a
// Gap for each path of another one (links: path to commit).
func (r *Repo) submodules(e *emitter, links map[string]id, use func(*Repo)) {
	scanned := map[string]bool{}
	if !r.opt.NoSubmodules {
		for _, dir := range r.modules() {
			if sub := r.submodule(e, dir, scanned); sub != nil && !e.stopped() {
				use(sub)
			}
		}
	}
	for _, path := range sortedKeys(links) {
		if !scanned[path] {
			e.gaps(r.submoduleGap(path, links[path]))
		}
	}
}

// openSubs are the submodules' repositories, closed with the one around them.
type openSubs struct {
	mu   sync.Mutex
	list []*Repo
}

func (o *openSubs) add(r *Repo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, r)
}

func (o *openSubs) close() (err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.list {
		err = errors.Join(err, r.Close())
	}
	o.list = nil
	return err
}

// modules lists the git directories below modules/, as names there. A name may
// have slashes; a module's own modules are its own affair.
func (r *Repo) modules() (dirs []string) {
	fs.WalkDir(r.dir.Shared.FS(), "modules", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		if gitdir.IsGitDir(filepath.Join(r.dir.Common, filepath.FromSlash(name))) {
			dirs = append(dirs, name)
			return fs.SkipDir
		}
		return nil
	})
	return dirs
}

// submodule opens one repository; nil, and a Gap, where that can't be. It has no
// more options than this one's: quarantined objects and a hook's index are not its own.
func (r *Repo) submodule(e *emitter, dir string, scanned map[string]bool) *Repo {
	lay, err := gitdir.Locate(filepath.Join(r.dir.Common, filepath.FromSlash(dir)))
	var sub *Repo
	if err == nil {
		lay.Label = r.dir.Label + dir + "/"
		sub, err = open(lay, Options{})
	}
	if err != nil {
		e.gaps(r.dir.Gap(dir, leak.GapUnreadable, err))
		return nil
	}
	r.subs.add(sub) // its blobs are opened after this returns
	path := r.pathOf(sub, dir)
	scanned[path] = true
	if sub.name = path; r.name != "" {
		sub.name = r.name + "/" + path
	}
	return sub
}

// pass yields what sub does.
func (e *emitter) pass(sub *Repo) {
	for b, err := range sub.Blobs(e.ctx) {
		switch gap := (*leak.Gap)(nil); {
		case e.stopped():
			return
		case errors.As(err, &gap):
			e.gaps(gap)
		case err != nil:
			return // ctx ended: stopped tells
		default:
			e.blob(b)
		}
	}
}

// pathOf is where sub is checked out, as its core.worktree says; else its name.
func (r *Repo) pathOf(sub *Repo, dir string) string {
	if sub.dir.Worktree != "" && r.dir.Work != "" {
		work, err1 := realDir(gitdir.Under(sub.dir.Git, sub.dir.Worktree))
		top, err2 := realDir(r.dir.Work)
		if rel, err := filepath.Rel(top, work); err == nil && err1 == nil && err2 == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return strings.TrimPrefix(dir, "modules/")
}

func realDir(p string) (string, error) {
	if _, err := os.Stat(p); err != nil {
		return "", err
	}
	p, err := filepath.EvalSymlinks(p)
	if err != nil {
		return "", err
	}
	return filepath.Abs(p)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
