package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// gitOptions say which part of a repository is scanned; none is all of it.
type gitOptions struct {
	staged bool
	span   string // A..B
	since  string // a revision
	branch string // or any other revision
}

func (o gitOptions) any() bool { return o != gitOptions{} }

// gitTarget is a repository or a part of it. It stays open until the process
// ends: a command scans one.
func gitTarget(path string, opt gitOptions) (target, error) {
	repo, err := openAround(path)
	if err != nil {
		return target{}, err
	}
	t := target{info: report.Target{Kind: "git", Path: filepath.ToSlash(filepath.Clean(path))}}
	t.info.Head, t.info.Branch = repo.Head()
	if work := repo.WorkTree(); work != "" {
		t.root, t.own, t.info.Base = work, ownFiles(work), base(work)
	}
	switch {
	case opt.staged:
		t.info.Part, t.source, t.repo = "staged", repo.Staged(), repo
	case opt.span != "":
		return t, t.spanning(repo, opt.span)
	case opt.any():
		return t, t.selecting(repo, opt)
	case repo.Bare():
		t.source, t.remembers = repo, repo
	default:
		t.whole, t.remembers = true, repo
		work := filesource.New([]filesource.Root{{Path: repo.WorkTree()}}, filesource.Options{SkipGit: true})
		t.source = scanner.Chain(repo, work)
	}
	return t, nil
}

// openAround opens the repository at path, or the one that path is a part of.
func openAround(path string) (*gitsource.Repo, error) {
	repo, err := gitsource.Open(path, gitsource.Options{})
	if !errors.Is(err, gitsource.ErrNotRepository) {
		return repo, err
	}
	top, ok := gitsource.Find(path)
	if !ok {
		return nil, err
	}
	return gitsource.Open(fromHere(top), gitsource.Options{})
}

// spanning makes t what A..B adds. Its configuration is A's: a change must not
// bring the words that wave it through.
func (t *target) spanning(repo *gitsource.Repo, span string) error {
	sel, err := gitsource.ParseRange(span)
	if err != nil {
		return fmt.Errorf("--range: %w", err)
	}
	if t.source, err = repo.Commits(sel); err != nil {
		return fmt.Errorf("--range: %w", err)
	}
	from := sel.Not[0]
	t.info.Part, t.gate, t.where, t.repo = "range "+span, true, from+":", repo
	t.own = func(name string) ([]byte, error) { return repo.File(from, name) }
	return nil
}

// selecting makes t a branch, what came since a revision, or both.
func (t *target) selecting(repo *gitsource.Repo, opt gitOptions) error {
	var sel gitsource.Selection
	if opt.branch != "" {
		sel.Tips, t.info.Part = []string{opt.branch}, "branch "+opt.branch
	}
	if opt.since != "" {
		sel.Not = []string{opt.since}
		if t.info.Part != "" {
			t.info.Part += " "
		}
		t.info.Part += "since " + opt.since
	}
	var err error
	if t.source, err = repo.Commits(sel); err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	return nil
}

// isRepository tells whether path is a working tree's root or a git directory.
func isRepository(path string) (bool, error) {
	repo, err := gitsource.Open(path, gitsource.Options{})
	switch {
	case errors.Is(err, gitsource.ErrNotRepository):
		return false, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("scan: %w", err)
	case err != nil:
		return false, err
	}
	return true, repo.Close()
}
