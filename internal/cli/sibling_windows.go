package cli

import (
	"errors"
	"os"
)

// replace: no program takes another one's place on Windows; the sibling is a child.
func replace(string, []string, []string) error { return errors.ErrUnsupported }

// interrupt does nothing: Ctrl-C goes to every program of a console, and there is no
// other way to send one.
func interrupt(*os.Process) error { return nil }

func exitOf(s *os.ProcessState) int { return s.ExitCode() }
