package odb

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// maxAlternates is how deep git follows alternates of alternates.
const maxAlternates = 5

// withAlternates adds to dirs what their info/alternates name, each once.
// Format: gitrepository-layout(5), a path a line, relative to the directory.
func withAlternates(dirs []Dir, gap func(name, code string, why error)) []Dir {
	seen := map[string]bool{}
	var all []Dir
	var add func(d Dir, depth int)
	add = func(d Dir, depth int) {
		if key := realPath(d.Path); seen[key] {
			return
		} else {
			seen[key] = true
		}
		all = append(all, d)
		names, err := alternates(d)
		if err != nil {
			gap(d.Label+"/info/alternates", leak.GapUnreadable, err)
		}
		if len(names) > 0 && depth == maxAlternates {
			gap(d.Label+"/info/alternates", leak.GapLimit, fmt.Errorf("alternates nest deeper than %d, as git's limit is", maxAlternates))
			return
		}
		for _, n := range names {
			add(Dir{n, filepath.ToSlash(n)}, depth+1)
		}
	}
	for _, d := range dirs {
		add(d, 0)
	}
	return all
}

func alternates(d Dir) ([]string, error) {
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return nil, nil // Open tells
	}
	defer root.Close()
	f, err := openRegular(root, "info/alternates")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	lines := bufio.NewScanner(f) // a line is a path: 64 KB are enough
	for lines.Scan() {
		name := Unquote(lines.Text())
		if name == "" || name[0] == '#' {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(d.Path, filepath.FromSlash(name))
		}
		names = append(names, name)
	}
	return names, lines.Err()
}

// Unquote takes the quotes off a path that git wrote as a C string; other
// paths are returned as they are.
func Unquote(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return s
}

func realPath(p string) string {
	if r, err := filepath.EvalSymlinks(p); err == nil {
		p = r
	}
	if a, err := filepath.Abs(p); err == nil {
		return a
	}
	return p
}

// Dirs are the directories of objects, alternates among them. all tells whether
// every one that is named could be opened.
func (db *DB) Dirs() (paths []string, all bool) {
	for _, d := range db.dirs {
		paths = append(paths, d.Path)
	}
	return paths, db.complete
}
