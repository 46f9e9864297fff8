// Package process has what systems do differently about a program that stands in
// another one's place, or runs as its child.
package process

import (
	"errors"
	"os"
)

// Replace: no program takes another one's place on Windows; it has to be a child.
func Replace(string, []string, []string) error { return errors.ErrUnsupported }

// Interrupt does nothing: Ctrl-C goes to every program of a console, and there is no
// other way to send one.
func Interrupt(*os.Process) error { return nil }

// End ends the program: Windows has no way to ask.
func End(p *os.Process) error { return p.Kill() }

// Exit is a child's exit code.
func Exit(s *os.ProcessState) int { return s.ExitCode() }
