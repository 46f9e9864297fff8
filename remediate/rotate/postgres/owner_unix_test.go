//go:build !windows

package postgres_test

import (
	"os"
	"syscall"
)

// sameOwner gives a file to the owner of another.
func sameOwner(file, as string) error {
	info, err := os.Stat(as)
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	return os.Chown(file, int(st.Uid), int(st.Gid))
}
