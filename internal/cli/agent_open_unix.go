//go:build unix

package cli

import (
	"os"
	"syscall"
)

// openWithoutWaiting opens a file that was regular a moment ago. O_NONBLOCK is for
// one that has become a pipe since, whose opening would wait for a writer.
func openWithoutWaiting(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
