package cli

// This file is oakum's manner on a terminal. The rules are:
//
//   - stdout is the result: a report, a list, a version. Everything else goes to
//     stderr, each message with an "oakum: " prefix, no capital at its beginning
//     and no full stop at its end; what to do next follows in the same message.
//
//   - Colours are for terminals only: not where NO_COLOR is set (to anything),
//     TERM is dumb or --no-color is given. They repeat what words say already.
//
//   - Progress is drawn on stderr where that is a terminal, after half a second
//     of work, and erased at its end. --quiet keeps stderr to errors.
//
//   - What comes from a scanned target (paths, names, messages) is escaped before
//     it is shown: see report.Escape.
//
//   - oakum never asks: it must work the same in a hook and in CI. Two commands are
//     for a person alone: init asks before it changes a file, and changes none where
//     nobody can answer; triage is a screen, and refuses without a terminal.

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/oakum-sec/oakum/internal/report"
)

// say tells the user something on stderr.
func (a *app) say(format string, args ...any) {
	text := report.EscapeText(fmt.Sprintf(format, args...))
	fmt.Fprintln(a.Err, "oakum: "+strings.ReplaceAll(text, "\n", "\n       "))
}

// isTerminal tells whether w is one that a person looks at.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// wantsColor tells whether reports on w are coloured.
func (a *app) wantsColor(w io.Writer, never bool) bool {
	return !never && a.env["NO_COLOR"] == "" && a.env["TERM"] != "dumb" && isTerminal(w)
}
