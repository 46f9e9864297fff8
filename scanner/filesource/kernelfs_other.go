//go:build !linux

package filesource

import (
	"io/fs"
	"os"
)

// kernelFS: only Linux mounts file systems into the tree whose files never end.
func kernelFS(parent, folder fs.FileInfo, root *os.Root) bool { return false }
