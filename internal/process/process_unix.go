//go:build !windows

// Package process has what systems do differently about a program that stands in
// another one's place, or runs as its child.
package process

import (
	"fmt"
	"os"
	"syscall"
)

// Replace puts the program at path into this process's place: its signals, its exit
// code and its parent are then that one's. It returns only where that failed.
func Replace(path string, args, env []string) error {
	if err := syscall.Exec(path, args, env); err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	return nil
}

// Interrupt sends what Ctrl-C does.
func Interrupt(p *os.Process) error { return p.Signal(os.Interrupt) }

// End asks a program to end.
func End(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// Exit is a child's exit code; one that a signal ended has 128 and its number, as a
// shell says it.
func Exit(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}
