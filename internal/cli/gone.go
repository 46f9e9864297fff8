package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// goneFrom tells of places, as findings name them, whether no file of that name
// is in the folder any more. What cannot be told is there.
func goneFrom(dir string) func(place string) bool {
	return func(place string) bool {
		name := outermost(place)
		if !filepath.IsLocal(name) {
			return false
		}
		_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name)))
		return errors.Is(err, fs.ErrNotExist)
	}
}

// goneFromAll tells whether none of the revisions has the file: a change that
// moves it is judged by what it leaves behind.
func goneFromAll(repo *gitsource.Repo, revs []string) func(place string) bool {
	return func(place string) bool {
		for _, rev := range revs {
			if _, err := repo.File(rev, outermost(place)); !errors.Is(err, fs.ErrNotExist) {
				return false
			}
		}
		return len(revs) > 0
	}
}

// outermost is the file in which a place is: of an archive's member the archive.
func outermost(place string) string {
	name, _, _ := strings.Cut(place, "!/")
	return name
}
