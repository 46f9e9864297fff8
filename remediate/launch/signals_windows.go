package launch

import (
	"io"
	"os"
)

// forwarded: a console's events go to every program of it by themselves.
func forwarded(io.Reader) []os.Signal { return []os.Signal{os.Interrupt} }

// Signals: Windows has none that a program could be told of a change by.
func Signals() map[string]os.Signal { return nil }
