//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package pack

import (
	"errors"
	"math"
	"os"
	"syscall"
)

// mapFile maps f for reading. A file of no bytes, and one larger than the address
// space (2 GB where int has 32 bits), cannot be.
func mapFile(f *os.File, size int64) ([]byte, error) {
	if size <= 0 || size > math.MaxInt {
		return nil, errors.ErrUnsupported
	}
	return syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
}

func unmap(mem []byte) error { return syscall.Munmap(mem) }
