package launch

import "golang.org/x/sys/unix"

// isMemory tells whether a folder lies in a file system that is memory (statfs(2)).
func isMemory(dir string) bool {
	var s unix.Statfs_t
	return unix.Statfs(dir, &s) == nil && (int64(s.Type) == unix.TMPFS_MAGIC || int64(s.Type) == unix.RAMFS_MAGIC)
}
