// Package tree makes rewritten files one change of a git repository: a commit on
// a branch of its own, a patch, or the files in place.
//
// Promises. What a commit would not hold as it is there is refused: a file that
// is dirty, staged, untracked, a link, below a submodule, or a pointer of Git LFS.
// No program of the repository runs (see git). No value is in a branch's message
// or in a patch: a patch says which bytes to keep and what to put between them.
// A file in place is replaced whole or not at all, and keeps its mode. History is
// never rewritten; docs/references.md has the recipe for those who want to.
//
// Limit. A commit is made of the files as HEAD has them, so that it holds nothing
// else of the worktree; the worktree itself is left as it is until the branch is
// checked out.
package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// Request is a file and what is to be replaced in it.
type Request struct {
	Path  string // relative to the worktree's root, with '/'
	Edits []rewrite.Edit
}

// Changed is a file as it will be.
type Changed struct {
	Path    string
	Old     string // its blob at HEAD; "" for a new file
	Mode    string // git's: 100644 or 100755
	Before  []byte // as it stands in the worktree
	After   []byte
	Splices []change.Splice
	crlf    bool // the worktree has CRLF where the commit has LF
}

// Refused is a file in which nothing is changed, and why.
type Refused struct {
	Path string
	Why  string
}

// Set is a change of several files, worked out and not yet made.
type Set struct {
	Dir     string // the worktree's root
	Head    string // the commit that it is based on
	Files   []Changed
	Refused []Refused // whole files, by their state in the worktree
	Results map[string]rewrite.Result
	git     git
	looked  looked
	lfs     map[string]bool // of the commit's blobs; nil before anybody asked
}

// Plan rewrites the files in memory. names are added to the repository's names
// file; nil leaves that alone.
func Plan(ctx context.Context, dir string, requests []Request, names ref.Names, opts rewrite.Options) (*Set, error) {
	s := &Set{Results: map[string]rewrite.Result{}}
	if err := s.open(ctx, dir); err != nil {
		return nil, fmt.Errorf("rewrite in %s: %w", dir, err)
	}
	if len(requests)+len(names) == 0 {
		return s, nil
	}
	paths := []string{ref.NamesFile}
	for _, q := range requests {
		if !outside(q.Path) {
			paths = append(paths, q.Path)
		}
	}
	var err error
	if s.looked, err = s.look(ctx, paths); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, q := range requests {
		if err := s.file(ctx, root, q, opts); err != nil {
			return nil, err
		}
	}
	if len(names) > 0 {
		if err := s.names(ctx, root, names); err != nil {
			return nil, err
		}
	}
	if err := s.unmade(ctx); err != nil {
		return nil, err
	}
	slices.SortFunc(s.Files, func(a, b Changed) int { return strings.Compare(a.Path, b.Path) })
	return s, nil
}

// open finds the worktree's root and the commit to build on: git tells both at once.
func (s *Set) open(ctx context.Context, dir string) error {
	g := git{dir: dir}
	both, err := g.word(ctx, nil, "rev-parse", "--show-toplevel", "--revs-only", "HEAD^{commit}")
	if err != nil {
		return err
	}
	end := strings.LastIndexByte(both, '\n') // a folder's name may have one
	if end < 0 {
		return errors.New("there is no commit to build on: commit first")
	}
	s.Dir, s.Head, s.git = filepath.FromSlash(both[:end]), both[end+1:], git{dir: both[:end]}
	return nil
}

func (s *Set) file(ctx context.Context, root *os.Root, q Request, opts rewrite.Options) error {
	c, why, err := s.read(ctx, root, q.Path)
	if err != nil {
		return err
	}
	if why != "" {
		s.Refused = append(s.Refused, Refused{q.Path, why})
		return nil
	}
	res, err := rewrite.File(q.Path, c.Before, q.Edits, opts)
	if err != nil {
		return err
	}
	s.Results[q.Path] = res
	if len(res.Made) == 0 {
		return nil
	}
	c.After, c.Splices = res.Content, res.Splices
	s.Files = append(s.Files, *c)
	for _, f := range res.Files {
		if err := s.add(root, path.Join(path.Dir(q.Path), f.Name), f.Content); err != nil {
			return err
		}
	}
	return nil
}

// add is a new file. One that is there already with other content is an error:
// what we did not make is not overwritten.
func (s *Set) add(root *os.Root, name string, content []byte) error {
	for _, f := range s.Files {
		if f.Path == name && !bytes.Equal(f.After, content) {
			return fmt.Errorf("%s is made twice, differently: rewrite the files that need it one after the other", name)
		}
		if f.Path == name {
			return nil
		}
	}
	there, err := root.ReadFile(filepath.FromSlash(name))
	switch {
	case err == nil && bytes.Equal(there, content):
		return nil
	case err == nil:
		return fmt.Errorf("%s is there already and differs: move it away, or make the object by hand", name)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look for %s: %w", name, err)
	}
	s.Files = append(s.Files, Changed{Path: name, Mode: "100644", After: content, Splices: []change.Splice{{Text: string(content)}}})
	return nil
}

// unmade makes sure that HEAD has none of the new files either.
func (s *Set) unmade(ctx context.Context) error {
	var fresh, ask []string
	for _, f := range s.Files {
		if f.Old == "" {
			fresh = append(fresh, f.Path)
			if f.Path != ref.NamesFile { // which look has asked for
				ask = append(ask, f.Path)
			}
		}
	}
	old, err := s.git.committed(ctx, s.Head, ask)
	if err != nil {
		return fmt.Errorf("look for new files in HEAD: %w", err)
	}
	maps.Copy(old, s.looked.head)
	for _, name := range fresh {
		if old[name].object != "" {
			return fmt.Errorf("%s is deleted in the worktree and not in HEAD: commit that first", name)
		}
	}
	return nil
}

// names merges into the names file, which may be there.
func (s *Set) names(ctx context.Context, root *os.Root, add ref.Names) error {
	c, why, err := s.read(ctx, root, ref.NamesFile)
	if err != nil {
		return err
	}
	if _, err := root.Lstat(ref.NamesFile); why != "" && errors.Is(err, fs.ErrNotExist) {
		return s.add(root, ref.NamesFile, add.Bytes())
	} else if why != "" {
		return fmt.Errorf("%s: %s", ref.NamesFile, why)
	}
	names, err := ref.ReadNames(c.Before)
	if err != nil {
		return err
	}
	for name, r := range add {
		if err := names.Add(name, r); err != nil {
			return fmt.Errorf("%s: %w", ref.NamesFile, err)
		}
	}
	if c.After = names.Bytes(); bytes.Equal(c.After, c.Before) {
		return nil
	}
	c.Splices = []change.Splice{{Start: 0, End: len(c.Before), Text: string(c.After)}}
	s.Files = append(s.Files, *c)
	return nil
}
