//go:build !unix

package filesource

import (
	"io/fs"
	"os"
)

// readDir lists a folder.
func readDir(dir *os.File) ([]fs.DirEntry, error) { return dir.ReadDir(-1) }
