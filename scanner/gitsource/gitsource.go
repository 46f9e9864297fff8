// Package gitsource yields what a git repository holds: every blob once, every
// message, and the files of the git directory itself.
//
// A credential in a repository hides where diffs do not look: in a merge's own
// content, a file whose attributes say -diff, a stash's untracked files, a note,
// a tag on a blob, a commit that only a reflog names, an object that nothing
// names any more. So this package does not look at diffs: it reads the object
// database, and tells of each blob how it is reached, by which commit it came,
// and whether it is still at HEAD.
//
// It promises that each object is yielded exactly once or named in a Gap, in an
// order that depends on the repository's content alone: commits of refs, oldest
// first (a commit after its parents, else by date, then id), each followed by
// the blobs it brought in the order of their paths; then notes, what is staged,
// stashes, reflogs, and what nothing leads to.
//
// Nothing of the repository runs or is obeyed: no git, hook, filter, textconv or
// included configuration; replacements and grafts are ignored (both sides of a
// replacement are scanned); a partial clone's missing objects are never fetched.
//
// Repositories with SHA-1 and with SHA-256 ids are read alike; ids of any other
// format are refused with an error.
//
// There are two ways to all of it. Blobs opens every object by its id: easy to trust,
// and the measure of the other. Narrow goes over the packs as they are stored, and
// hands on the few texts in which something is; it tells the same, for a fraction
// of the cost (docs/design/006).
//
// Limits: refs in the storage "reftable" are a Gap.
package gitsource

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource/gitdir"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// Options change what a Repo reads; the zero value is the default.
type Options struct {
	ObjectDirs   []string // further directories of objects, see QuarantineDirs
	IndexFile    string   // the index to read for Staged, as GIT_INDEX_FILE names it; "": the repository's
	NoSubmodules bool     // checked-out submodules are boundary Gaps as well
}

// Repo is an open repository, and the Source of all it holds but the working
// tree, which filesource reads. It is safe for concurrent use.
type Repo struct {
	opt  Options
	name string // as a submodule: its path in the repository around it
	dir  *gitdir.Dir
	db   *odb.DB
	subs openSubs

	recall *recall // nil: Narrow remembers nothing
}

type id = odb.ID

// ErrNotRepository is returned by Open for a folder that is no repository.
var ErrNotRepository = gitdir.ErrNotRepository

// Find looks for a repository in path and then in the folders above it.
func Find(path string) (root string, ok bool) { return gitdir.Find(path) }

// QuarantineDirs are the directories in which a pre-receive hook finds the
// objects that are being pushed, for Options.ObjectDirs.
func QuarantineDirs(getenv func(string) string) []string { return gitdir.QuarantineDirs(getenv) }

// Open opens the repository whose working tree, git directory or linked
// worktree path is; it does not look in the folders above (see Find). An error
// other than ErrNotRepository says what is wrong with it and what to do.
func Open(path string, opt Options) (*Repo, error) {
	lay, err := gitdir.Locate(path)
	if err != nil {
		return nil, err
	}
	r, err := open(lay, opt)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", path, err)
	}
	return r, nil
}

func open(lay gitdir.Layout, opt Options) (*Repo, error) {
	dir, err := gitdir.Open(lay)
	if err != nil {
		return nil, err
	}
	dirs := []odb.Dir{{Path: filepath.Join(lay.Common, "objects"), Label: lay.Label + "objects"}}
	for _, d := range opt.ObjectDirs {
		dirs = append(dirs, odb.Dir{Path: d, Label: filepath.ToSlash(d)})
	}
	db, err := odb.Open(dir.Format, dirs...)
	if err != nil {
		dir.Close()
		return nil, err
	}
	return &Repo{opt: opt, dir: dir, db: db}, nil
}

// Close closes the repository's files. Blobs cannot be opened afterwards.
func (r *Repo) Close() error { return errors.Join(r.subs.close(), r.db.Close(), r.dir.Close()) }

// Bare tells whether the repository has no working tree.
func (r *Repo) Bare() bool { return r.dir.Work == "" }

// WorkTree is the folder of the working tree; "" where the repository is bare.
func (r *Repo) WorkTree() string { return r.dir.Work }

// Blobs yields the files of the git directory, then history with index,
// stashes, reflogs and unreachable objects, then checked-out submodules.
func (r *Repo) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		e := &emitter{ctx: ctx, yield: yield}
		r.metadata(e)
		r.history(e)
	}
}

// sourceFunc makes a Source of a function that emits.
type sourceFunc func(e *emitter)

func (f sourceFunc) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) { f(&emitter{ctx: ctx, yield: yield}) }
}

// emitter hands blobs and gaps on until the consumer has enough or ctx ends.
type emitter struct {
	ctx   context.Context
	yield func(scanner.Blob, error) bool
	done  bool
}

// stopped tells whether to stop; where ctx ended it is told, once, as the last pair.
func (e *emitter) stopped() bool {
	if !e.done && e.ctx.Err() != nil {
		e.done = true
		e.yield(scanner.Blob{}, e.ctx.Err())
	}
	return e.done
}

func (e *emitter) blob(b scanner.Blob) {
	if !e.stopped() {
		e.done = !e.yield(b, nil)
	}
}

func (e *emitter) gaps(gaps ...*leak.Gap) {
	for _, g := range gaps {
		if !e.stopped() {
			e.done = !e.yield(scanner.Blob{}, g)
		}
	}
}
