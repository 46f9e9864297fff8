package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// target is what the user's words turned out to name.
type target struct {
	source scanner.Source
	info   report.Target
	own    files                // its configuration files, nil where it can have none
	root   string               // what `oakum trust` would be given, "" where own is nil
	where  string               // begins the names of own in messages: "A:" in a range, else ""
	gate   bool                 // a range: own is read from before it, and counts
	repo   *gitsource.Repo      // a change to it is judged by what it adds; nil: this is no change
	change *gitsource.Selection // the commits of the change; nil: what is staged
	base   string               // commit at which the change leaves what was there before; "": it is not known
	head   string               // revision of the change's end; "" likewise
	word   string               // revision that own is read from, in a gate
	about  *policy.Context      // what is known of the change; nil: no more than that it is one
	notice *report.Notice       // what the user may have meant, or nil
	whole  bool                 // all that own is about: a list's entry that matches nothing is dead

	named files                   // reads a file that the user named, in a gate as it was before the change; nil: as it lies on disk
	gone  func(place string) bool // tells that the target has no file of that name now; nil: it has no names

	namedFolder func(name string) (map[string][]byte, error) // reads the files of a policy's folder as named does; nil where named is

	remembers *gitsource.Repo     // scanned as a whole, for --state; or nil
	layers    *imagesource.Source // of images, whose layers may be known from earlier scans; or nil
	settle    func(*leak.Finding) // tells each finding what is known of it only now; or nil

	// Of oakum gitleaks alone:
	uncommitted *gitsource.Repo          // the working tree, as far as it differs from HEAD; or nil
	remote      string                   // URL of the repository's remote
	links       map[string]string        // symbolic links that were followed, and where to
	spelled     func(name string) string // a file's name as the user's path leads to it; nil: that is its name
}

// pathTarget decides what PATHs are: one repository, or files and folders.
func pathTarget(paths []string, opt gitOptions) (target, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, p := range paths {
		repo, err := isRepository(p)
		switch {
		case err != nil:
			return target{}, err
		case len(paths) == 1 && (repo || opt.any()):
			return gitTarget(p, opt)
		case repo:
			return target{}, fmt.Errorf("%s is a repository and not alone: scan one repository at a time, or the files of all with `oakum scan dir`", p)
		}
	}
	if opt.any() {
		return target{}, errors.New("--staged, --range, --since and --branch are for one repository")
	}
	return dirTarget(paths)
}

// dirTarget is files and folders as they lie on disk. The files of a single
// folder are named from inside it, or from inside the repository that it is a
// part of, so that their fingerprints do not depend on where oakum was called.
func dirTarget(paths []string) (target, error) {
	roots := filesource.Named(paths...)
	t := target{info: report.Target{Kind: "dir"}}
	if len(paths) == 1 {
		info, err := os.Stat(paths[0])
		if err != nil {
			return t, fmt.Errorf("scan: %w", err)
		}
		if info.IsDir() {
			t.folder(paths[0], &roots[0])
		}
	}
	if t.gone == nil {
		t.gone = goneFrom(".")
	}
	t.source = filesource.New(roots, filesource.Options{})
	return t, nil
}

func (t *target) folder(path string, root *filesource.Root) {
	root.Name, t.root = "", path
	top, inside := gitsource.Find(path)
	t.whole = !inside
	if abs, err := filepath.Abs(path); inside && err == nil && abs != top {
		if sub, err := filepath.Rel(top, abs); err == nil {
			root.Name, t.root = filepath.ToSlash(sub), fromHere(top)
			t.notice = &report.Notice{Code: report.NoticeHistory, Do: "oakum scan " + t.root,
				Text: fmt.Sprintf("%s is a part of a repository, whose history is not scanned", path)}
		}
	}
	t.gone = goneFrom(t.root)
	t.own, t.info.Path, t.info.Base = ownFiles(t.root), filepath.ToSlash(filepath.Clean(path)), base(t.root)
}

// fromHere is an absolute path as a user would type it: relative, where that is
// possible.
func fromHere(path string) string {
	here, err := filepath.Abs(".")
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(here, path)
	if err != nil {
		return path
	}
	return rel
}

// base is how a folder is named in front of its files' names.
func base(path string) string {
	if path = filepath.ToSlash(filepath.Clean(path)); path == "." {
		return ""
	}
	return path
}

func (a *app) stdinTarget(ctx context.Context) target {
	return target{source: filesource.Stdin(&interruptible{ctx: ctx, in: a.In}), info: report.Target{Kind: "stdin"}}
}

// interruptible ends a Read when ctx ends: one of a terminal or a pipe can last
// forever, and Ctrl-C is to be answered. ctx is kept because io.Reader has no
// place for it; an interruptible lives as long as one command.
type interruptible struct {
	ctx context.Context
	in  io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	type read struct {
		n   int
		err error
	}
	buf, done := make([]byte, len(p)), make(chan read, 1)
	go func() {
		n, err := r.in.Read(buf) // not into p, which is the caller's again once ctx ends
		done <- read{n, err}
	}()
	select {
	case got := <-done:
		return copy(p, buf[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}

// ownLimit bounds a configuration file: one that is larger is none.
const ownLimit = 16 << 20

// ownFiles reads a folder's own configuration files, without following links
// out of it.
func ownFiles(dir string) files {
	return func(name string) ([]byte, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		info, err := root.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fs.ErrNotExist
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular():
			return nil, errors.New("not a regular file")
		case info.Size() > ownLimit:
			return nil, fmt.Errorf("%d bytes is too large for a configuration file", info.Size())
		}
		return root.ReadFile(name)
	}
}
