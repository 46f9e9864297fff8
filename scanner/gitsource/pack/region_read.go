//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package pack

import (
	"errors"
	"os"
)

// mapFile maps nothing: the standard library has no mapping for this system that
// does without package unsafe.
func mapFile(*os.File, int64) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmap([]byte) error { return nil }
