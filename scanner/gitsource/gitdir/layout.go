package gitdir

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// Layout is where a repository's parts lie. See gitrepository-layout(5).
type Layout struct {
	Work   string // the working tree; "" where there is none
	Git    string // HEAD, index and what else belongs to this working tree
	Common string // what all its working trees share: objects, refs, configuration
	Label  string // how places name Common: ".git/", or "" for a bare repository
}

// ErrNotRepository is returned for a folder that is no repository.
var ErrNotRepository = errors.New("not a git repository")

// Find looks for a repository in path and then in the folders above it.
func Find(path string) (root string, ok bool) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	for {
		if _, err := Locate(path); err == nil {
			return path, true
		}
		up := filepath.Dir(path)
		if up == path {
			return "", false
		}
		path = up
	}
}

// Locate finds the parts of the repository whose working tree or git directory
// path is. The error is ErrNotRepository's where it is neither.
func Locate(path string) (Layout, error) {
	dot := filepath.Join(path, ".git")
	st, err := os.Stat(dot)
	switch {
	case err == nil && st.IsDir():
		return withCommon(Layout{Work: path, Git: dot, Label: ".git/"})
	case err == nil:
		dir, err := gitFile(dot)
		if err != nil {
			return Layout{}, err
		}
		return withCommon(Layout{Work: path, Git: dir, Label: ".git/"})
	case !IsGitDir(path):
		return Layout{}, fmt.Errorf("%s: %w", path, ErrNotRepository)
	case filepath.Base(path) == ".git":
		return withCommon(Layout{Work: filepath.Dir(path), Git: path, Label: ".git/"})
	}
	return withCommon(Layout{Git: path})
}

// gitFile reads the file that stands in a .git directory's place in linked
// worktrees and submodules.
func gitFile(name string) (string, error) {
	b, err := readLimited(os.DirFS(filepath.Dir(name)), filepath.Base(name), 64<<10)
	if err != nil {
		return "", err
	}
	dir, ok := bytes.CutPrefix(b, []byte("gitdir: "))
	if !ok {
		return "", fmt.Errorf("%s: %w: the file does not name a git directory", name, ErrNotRepository)
	}
	return Under(filepath.Dir(name), string(dir)), nil
}

// withCommon completes l, of which the git directory is known.
func withCommon(l Layout) (Layout, error) {
	if !IsGitDir(l.Git) {
		return l, fmt.Errorf("%s: %w", l.Git, ErrNotRepository)
	}
	l.Common = l.Git
	b, err := readLimited(os.DirFS(l.Git), "commondir", 64<<10)
	if err != nil {
		return l, nil
	}
	l.Common, l.Label = Under(l.Git, string(b)), ""
	if filepath.Base(l.Common) == ".git" { // else the worktree of a bare repository
		l.Label = ".git/"
	}
	if b, err := readLimited(os.DirFS(l.Git), "gitdir", 64<<10); err == nil && l.Work == "" {
		l.Work = filepath.Dir(Under(l.Git, string(b)))
	}
	return l, nil
}

// Under is a path as git writes it into a file in dir.
func Under(dir, name string) string {
	name = filepath.FromSlash(strings.TrimRight(name, "\r\n"))
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// IsGitDir asks what git asks: a HEAD, and objects here or in a common directory.
func IsGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	for _, name := range []string{"objects", "commondir"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// QuarantineDirs are the directories in which a pre-receive hook finds the
// objects that are being pushed, as git-receive-pack(1) tells it in the
// environment, for Options.ObjectDirs.
func QuarantineDirs(getenv func(string) string) []string {
	var dirs []string
	for _, name := range []string{"GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY"} {
		if d := getenv(name); d != "" {
			dirs = append(dirs, d)
		}
	}
	for _, d := range filepath.SplitList(getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES")) {
		if d = odb.Unquote(d); d != "" {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// readLimited reads a file of a git directory, unless it is larger than such a file can be.
func readLimited(dir fs.FS, name string, limit int64) ([]byte, error) {
	st, err := fs.Stat(dir, name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: not a file", name)
	}
	if st.Size() > limit {
		return nil, fmt.Errorf("read %s: %d bytes are more than the %d allowed", name, st.Size(), limit)
	}
	return fs.ReadFile(dir, name)
}

func notThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }
