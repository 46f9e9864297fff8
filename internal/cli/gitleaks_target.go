package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/internal/gitleaks"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// gitleaksGit is what gitleaks git looks at: history, and of the working tree
// nothing but what --pre-commit and --staged ask for.
func (a *app) gitleaksGit(args []string, g *gitleaksFlags) (target, error) {
	if len(args) > 1 {
		return target{}, errors.New("one repository at a time: give one path")
	}
	path := orHere(args)[0]
	if g.staged {
		return gitTarget(path, gitOptions{staged: true})
	}
	opts, err := gitleaks.ParseLogOpts(g.logOpts, time.Now())
	if err != nil {
		return target{}, err
	}
	t, repo, err := repositoryTarget(path)
	if err != nil {
		return t, err
	}
	t.remote = repo.Remote()
	switch {
	case g.preCommit:
		if repo.Bare() {
			return t, errors.New("--pre-commit: a bare repository has no working tree")
		}
		t.info.Part, t.uncommitted = "uncommitted", repo
		t.source = filesource.New([]filesource.Root{{Path: repo.WorkTree()}}, filesource.Options{SkipGit: true})
	case opts.All():
		t.source = repo.History()
	case len(opts.Tips) == 1 && len(opts.Not) == 1 && opts.Since.IsZero() && !opts.Last:
		if err = t.spanning(repo, opts.Not[0]+".."+opts.Tips[0]); err != nil {
			err = fmt.Errorf("--log-opts: %w", err)
		}
	default:
		err = t.logged(repo, opts, g.logOpts)
	}
	return t, err
}

// logged makes t the commits that log options name.
func (t *target) logged(repo *gitsource.Repo, opts gitleaks.LogOpts, words string) (err error) {
	sel := gitsource.Selection{Tips: opts.Tips, Not: opts.Not, Since: opts.Since}
	if opts.Last {
		for _, tip := range opts.Tips {
			sel.Not = append(sel.Not, parentsOf(repo, tip)...)
		}
	}
	t.info.Part = "commits " + words
	if len(sel.Not) > 0 || !sel.Since.IsZero() {
		t.repo, t.change = repo, &sel // judged by what these commits add, not by the files that they touch
	}
	t.source, err = repo.Commits(sel)
	return err
}

func parentsOf(repo *gitsource.Repo, rev string) (revs []string) {
	for n := 1; ; n++ {
		parent := rev + "^" + strconv.Itoa(n)
		if !repo.Has(parent) {
			return revs
		}
		revs = append(revs, parent)
	}
}

// gitleaksDir is files and folders on disk.
func gitleaksDir(paths []string, g *gitleaksFlags) (target, error) {
	t, err := dirTarget(paths)
	t.notice = nil // the user said that he means files
	if err != nil {
		return t, err
	}
	named, outer := "", "" // the user's folder, and how names that oakum gives lead there
	if len(paths) == 1 && t.info.Path != "" {
		named = paths[0]
		outer, err = relative(t.info.Base, named)
	}
	t.spelled = func(name string) string { return path.Join(filepath.ToSlash(named), strings.TrimPrefix(name, outer)) }
	if err != nil || !g.followSym {
		return t, err
	}
	t.links = linksBelow(paths)
	var roots []filesource.Root
	for link := range t.links {
		inside := strings.TrimPrefix(link, path.Clean(filepath.ToSlash(named))+"/")
		roots = append(roots, filesource.Root{Path: link, Name: outer + inside})
	}
	t.source = scanner.Chain(t.source, filesource.New(sortedRoots(roots), filesource.Options{}))
	return t, nil
}

// relative is what leads from one folder to another below it: "" or "sub/".
func relative(from, to string) (string, error) {
	if from == "" {
		from = "."
	}
	a, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	b, err := filepath.Abs(to)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(a, b)
	if err != nil || rel == "." {
		return "", err
	}
	return filepath.ToSlash(rel) + "/", nil
}

// linksBelow are the symbolic links below paths that lead to files, and to which.
func linksBelow(paths []string) map[string]string {
	links := map[string]string{}
	for _, p := range paths {
		// What cannot be read here is a gap of the scan.
		_ = filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.Type()&fs.ModeSymlink == 0 {
				return nil
			}
			to, err := filepath.EvalSymlinks(name)
			if err != nil {
				return nil
			}
			if info, err := os.Stat(to); err == nil && info.Mode().IsRegular() {
				links[filepath.ToSlash(name)] = filepath.ToSlash(to)
			}
			return nil
		})
	}
	return links
}

// uncommitted is the list that keeps of the working tree what git diff shows:
// files that HEAD has, and of those what HEAD's version has not.
type uncommitted struct{ *before }

func newUncommitted(ctx context.Context, repo *gitsource.Repo, s *scanner.Scanner) uncommitted {
	return uncommitted{newBefore(ctx, repo, nil, s)}
}

// Match is asked once a sighting.
func (u uncommitted) Match(f *leak.Finding) *leak.Suppression {
	file, ok := f.Place.(leak.File)
	if !ok {
		return nil
	}
	_, err := u.repo.File("HEAD", file.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &leak.Suppression{Kind: leak.SuppressBaseline, Reason: "git does not track it", Where: file.Name}
	case u.findings(version{"HEAD", file.Name})[f.ID] != nil:
		return &leak.Suppression{Kind: leak.SuppressBaseline, Reason: "was there before this change", Where: "HEAD:" + file.Name}
	}
	return nil
}
