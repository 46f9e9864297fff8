package gitsource

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource/gitdir"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// Staged yields what a commit would add now: the index's blobs that HEAD does
// not have at the same path, all sides of a conflict included. Blobs come as
// they are staged, whatever the working tree's files are by now.
//
// It is for hooks: it reads the index, and of HEAD only the folders in which
// something is staged, and no history.
func (r *Repo) Staged() scanner.Source {
	return sourceFunc(func(e *emitter) {
		e.gaps(r.dir.Gaps...)
		e.gaps(r.db.Gaps()...)
		s := staging{r: r, e: e, at: map[id]int{}}
		name := r.opt.IndexFile
		if name == "" {
			name = filepath.Join(r.dir.Git, "index")
		}
		var err error
		if s.index, err = gitdir.ReadIndex(name, r.dir.Format); err != nil {
			e.gaps(r.dir.Gap("index", leak.GapCorrupt, err))
			return
		}
		head, err := r.headTree()
		if err != nil {
			e.gaps(r.gapOf(err, r.dir.File("HEAD")))
		}
		slices.SortStableFunc(s.index.Entries, func(a, b gitdir.IndexEntry) int { return strings.Compare(a.Path, b.Path) })
		s.compare(s.index.Entries, head, "")
		for _, b := range s.blobs {
			e.blob(b)
		}
	})
}

// headTree is HEAD's tree; zero where nothing is committed yet.
func (r *Repo) headTree() (id, error) {
	head, ok := r.dir.Lookup("HEAD")
	if !ok {
		return id{}, nil
	}
	c, err := r.db.ReadCommit(head)
	return c.Tree, err
}

// staging compares an index with a tree.
type staging struct {
	r     *Repo
	e     *emitter
	index *gitdir.Index
	blobs []scanner.Blob // by the first path
	at    map[id]int     // in blobs
}

// compare notes those of entries, all of them below dir, that tree does not
// have. A folder whose cached tree is HEAD's is passed over unread: git add
// keeps the cache valid but for the folders on its way.
func (s *staging) compare(entries []gitdir.IndexEntry, tree id, dir string) {
	if cached, ok := s.index.Trees[dir]; ok && cached == tree && !tree.IsZero() {
		return
	}
	committed := s.children(tree, dir)
	for len(entries) > 0 && !s.e.stopped() {
		name, _, isDir := strings.Cut(entries[0].Path[len(dir):], "/")
		if !isDir {
			s.entry(entries[0], committed[name])
			entries = entries[1:]
			continue
		}
		sub := dir + name + "/"
		n := 1
		for n < len(entries) && strings.HasPrefix(entries[n].Path, sub) {
			n++
		}
		if old := committed[name]; name == "" || strings.Count(dir, "/") > maxDepth {
			s.entry(entries[0], old) // no path that git makes
			n = 1
		} else if old.Mode != nil && old.IsTree() {
			s.compare(entries[:n], old.ID, sub)
		} else {
			s.compare(entries[:n], id{}, sub)
		}
		entries = entries[n:]
	}
}

// children are a tree's entries by name.
func (s *staging) children(tree id, dir string) map[string]odb.Entry {
	all := map[string]odb.Entry{}
	if tree.IsZero() {
		return all
	}
	raw, err := s.r.db.ReadTree(tree)
	for e := (odb.Entry{}); err == nil && len(raw) > 0; {
		if e, raw, err = odb.NextEntry(raw, s.r.dir.Format); err == nil {
			all[string(e.Name)] = e
		}
	}
	if err != nil { // then everything below dir is taken as staged
		s.e.gaps(s.r.gapOf(err, leak.GitMessage{Repo: s.r.name, Object: tree.String(), What: "tree", Ref: dir}))
	}
	return all
}

// entry notes e unless HEAD has its content at its path.
func (s *staging) entry(e gitdir.IndexEntry, old odb.Entry) {
	if e.Later || old.Mode != nil && old.ID == e.ID {
		return
	}
	place := leak.GitBlob{Repo: s.r.name, Blob: e.ID.String(), Name: e.Path}
	switch e.Mode & gitdir.ModeType {
	case gitdir.ModeLink:
		s.e.gaps(s.r.submoduleGap(e.Path, e.ID))
		return
	case gitdir.ModeTree:
		s.e.gaps(s.r.gapOf(errors.New("a folder outside of the sparse checkout differs from HEAD: git sparse-checkout disable"), place))
		return
	}
	i, ok := s.at[e.ID]
	if !ok {
		i = len(s.blobs)
		s.at[e.ID] = i
		s.blobs = append(s.blobs, s.r.gitBlob(place, e.ID, -1, leak.Staged))
	}
	if b := &s.blobs[i]; !slices.Contains(b.Paths, e.Path) { // it may stand there at several stages
		b.Paths = append(b.Paths, e.Path)
	}
}

// eachIndexed hands over what every working tree's index names.
func (r *Repo) eachIndexed(use func(gitdir.IndexEntry)) (gaps []*leak.Gap) {
	names := []string{"index"}
	more, _ := fs.Glob(r.dir.Shared.FS(), "worktrees/*/index")
	for _, name := range append(names, more...) {
		x, err := gitdir.ReadIndex(filepath.Join(r.dir.Common, filepath.FromSlash(name)), r.dir.Format)
		if err != nil {
			gaps = append(gaps, r.dir.Gap(name, leak.GapCorrupt, err))
			continue
		}
		for _, e := range x.Entries {
			if !e.Later {
				use(e)
			}
		}
	}
	return gaps
}

// indexed notes what an index's entry names.
func (w *walker) indexed(e gitdir.IndexEntry) {
	switch e.Mode & gitdir.ModeType {
	case gitdir.ModeLink:
		w.links[e.Path] = e.ID
	case gitdir.ModeTree:
		w.walk(e.ID, nil, strings.TrimSuffix(e.Path, "/")+"/", 0)
	default:
		w.blob(e.ID, w.path(e.Path))
	}
}
