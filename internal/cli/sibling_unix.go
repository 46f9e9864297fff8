//go:build !windows

package cli

import (
	"fmt"
	"os"
	"syscall"
)

// replace puts the program at path into this process's place: its signals, its exit
// code and its parent are then the sibling's. It returns only where that failed.
func replace(path string, args, env []string) error {
	if err := syscall.Exec(path, args, env); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	return nil
}

func interrupt(p *os.Process) error { return p.Signal(os.Interrupt) }

// exitOf is the child's exit code; one that a signal ended has 128 and its number,
// as a shell says it.
func exitOf(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}
