// Package lock keeps two runs from doing the same work at once: a lock of the
// operating system's on a file, which ends with the process that holds it, however
// that ends. The file says who that is.
package lock

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ErrHeld is in the error where somebody else has the lock.
var ErrHeld = errors.New("another run holds the lock")

// Lock is held until Release.
type Lock struct{ f *os.File }

// maxHolder is more than a lock's file says.
const maxHolder = 1 << 10

// Take takes the lock that file stands for; who says what for, to those who come
// later.
func Take(file, who string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	if err := try(f); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, maxHolder)) // may be empty: it was taken just now
		f.Close()
		if errors.Is(err, ErrHeld) {
			return nil, fmt.Errorf("%w: %s\nwait for it, or end it; the lock goes with the process", ErrHeld, orUnknown(holder))
		}
		return nil, fmt.Errorf("take the lock %s: %w", file, err)
	}
	host, _ := os.Hostname() // "" tells nobody anything wrong
	text := fmt.Sprintf("%s, process %d on %s since %s\n", who, os.Getpid(), host, time.Now().UTC().Format(time.RFC3339))
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(text), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("take the lock %s: %w", file, err)
	}
	return &Lock{f}, nil
}

func orUnknown(holder []byte) string {
	if s := strings.TrimSpace(string(holder)); s != "" {
		return s
	}
	return "a process that has just begun"
}

// Release gives the lock back. Its file stays: removing it would let two hold it.
func (l *Lock) Release() error { return l.f.Close() }
