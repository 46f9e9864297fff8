package cli

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes, as docs/compat.md promises them.
const (
	exitClean      = 0
	exitDenied     = 1 // findings that the policy denies
	exitFailure    = 2 // wrong usage, or the command could not do its work
	exitIncomplete = 3 // nothing denied, but not all was looked at
)

// exitError ends a command with a code. Its err is nil where the report has
// said everything.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError is about what the user typed; it names the help that says better.
func usageError(c *cobra.Command, err error) error {
	return &exitError{exitFailure, fmt.Errorf("%w\nsee `%s --help`", err, c.CommandPath())}
}

// exitCode prints what is left to say of err and turns it into a code.
func (a *app) exitCode(err error) int {
	if err == nil {
		return exitClean
	}
	if brokenPipe(err) { // `oakum scan | head`: the reader has seen enough
		return exitFailure
	}
	e, ok := errors.AsType[*exitError](err)
	if !ok {
		e = &exitError{exitFailure, err}
	}
	if e.err != nil {
		a.say("%s", e.err)
	}
	return e.code
}

// brokenPipe tells whether the reader of stdout went away. (On Unix a write to
// the process's own stdout usually ends it by SIGPIPE before we come here.)
func brokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
