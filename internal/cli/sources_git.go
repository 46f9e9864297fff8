package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/trust"
	"github.com/oakum-sec/oakum/policy"
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
	t, repo, err := repositoryTarget(path)
	if err != nil {
		return t, err
	}
	switch {
	case opt.staged:
		t.info.Part, t.source, t.repo = "staged", repo.Staged(), repo
	case opt.span != "":
		if err := t.spanning(repo, opt.span); err != nil {
			return t, fmt.Errorf("--range: %w", err)
		}
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

// repositoryTarget is the repository at path, without a word yet of what of it is
// scanned.
func repositoryTarget(path string) (target, *gitsource.Repo, error) {
	repo, err := openAround(path)
	if err != nil {
		return target{}, nil, err
	}
	t := target{info: report.Target{Kind: "git", Path: filepath.ToSlash(filepath.Clean(path))}}
	t.info.Head, t.info.Branch = repo.Head()
	if work := repo.WorkTree(); work != "" {
		t.root, t.own, t.info.Base, t.gone = work, ownFiles(work), base(work), goneFrom(work)
	} else if repo.Has("HEAD") {
		t.gone = goneFromAll(repo, []string{"HEAD"})
	}
	return t, repo, nil
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
		return err
	}
	if t.source, err = repo.Commits(sel); err != nil {
		return err
	}
	fork, err := repo.Fork(sel)
	if err != nil {
		return err
	}
	t.info.Part, t.gate, t.repo, t.change, t.base, t.head = "range "+span, true, repo, &sel, fork.Base, sel.Tips[0]
	t.readFrom(repo, sel.Not[0])
	t.gone = goneFromAll(repo, sel.Tips)
	return nil
}

// readFrom has t's configuration, and the files in it that the user names, be those of
// a revision; of none where it is "".
func (t *target) readFrom(repo *gitsource.Repo, rev string) {
	t.where, t.word = rev+":", rev
	t.own = func(name string) ([]byte, error) { return repo.File(rev, name) }
	t.named, t.namedFolder = namedBefore(repo, rev), folderBefore(repo, rev)
	if rev == "" {
		t.where, t.own = "", nil
	}
}

// namedBefore reads the files that a user of a gate has named: those of the
// working tree as they were before the change, for it is the change that is checked
// out there.
func namedBefore(repo *gitsource.Repo, from string) files {
	return func(file string) ([]byte, error) {
		inside := inFolder(repo.WorkTree(), file)
		if inside == "" {
			return os.ReadFile(file)
		}
		if from == "" {
			return nil, errNotBefore
		}
		content, err := repo.File(from, inside)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errNotBefore
		}
		return content, err
	}
}

// folderBefore is namedBefore for the folder of a policy.
func folderBefore(repo *gitsource.Repo, from string) func(name string) (map[string][]byte, error) {
	return func(name string) (map[string][]byte, error) {
		inside := inFolder(repo.WorkTree(), name)
		if inside == "" {
			opt, err := policy.Read(name)
			return opt.Files, err
		}
		if from == "" {
			return nil, errNotBefore
		}
		files, err := repo.Folder(from, inside, policy.Wanted)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errNotBefore
		}
		return files, err
	}
}

// inFolder is a file's path as seen from the folder, with '/'; "" where it is not in
// there.
func inFolder(dir, file string) string {
	if dir == "" {
		return ""
	}
	dir, err := trust.Target(dir)
	if err != nil {
		return ""
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return ""
	}
	if folder, err := trust.Target(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(folder, filepath.Base(abs))
	}
	rel, err := filepath.Rel(dir, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
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
