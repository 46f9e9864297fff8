//go:build !windows

package launch

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/term"
)

// forwarded are the signals that the program is handed on. Those that a terminal sends
// go to all that run in front of it, so the program has them already.
func forwarded(in io.Reader) []os.Signal {
	all := []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return all
	}
	return append(all, syscall.SIGINT, syscall.SIGQUIT)
}

// Signals are those that a program can be told of a change by.
func Signals() map[string]os.Signal {
	return map[string]os.Signal{"SIGHUP": syscall.SIGHUP, "SIGUSR1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2}
}
