package hook

import (
	"path/filepath"
	"strings"
)

// mark is the line by which oakum knows its own hooks again, whatever version
// wrote them.
const mark = "# oakum-hook"

// aside is what a chained hook's name ends in.
const aside = ".oakum-chained"

// script is a hook in POSIX sh, which git brings along on Windows too. The hook
// that was there before runs first, as it may change what is to be judged (a
// formatter that stages its changes); its refusal is final.
//
// args are flags of "oakum hook run", the same at each run.
func script(t Type, program string, args []string) string {
	run := `"$oakum" hook run ` + string(t)
	for _, arg := range args {
		run += " " + quote(arg)
	}
	run += ` "$@"`
	chain := `if [ -x "$before" ]; then "$before" "$@" || exit $?; fi`
	if t.readsStdin() {
		// The x keeps the shell from dropping the input's last newline.
		chain = `input=$(cat; echo x)
input=${input%x}
if [ -x "$before" ]; then printf %s "$input" | "$before" "$@" || exit $?; fi`
		run = `printf %s "$input" | ` + run
	} else {
		run = "exec " + run
	}
	return strings.NewReplacer(
		"TYPE", string(t),
		"PROGRAM", quote(filepath.ToSlash(program)),
		"ASIDE", aside,
		"CHAIN", chain,
		"RUN", run,
	).Replace(`#!/bin/sh
` + mark + `: written by "oakum hook install"; "oakum hook uninstall" takes it away again
before=$(dirname "$0")/TYPEASIDE
CHAIN
oakum=PROGRAM
if [ ! -x "$oakum" ]; then
  oakum=$(command -v oakum) || {
    echo "oakum: the TYPE hook finds no oakum: it is neither at" PROGRAM "nor on PATH." >&2
    echo "oakum: install it and run 'oakum hook install' again, or take the hook away: rm '$0'" >&2
    exit 2
  }
fi
RUN
`)
}

// quote is one word to sh, whatever it holds.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// ours tells whether a hook's text was written by oakum.
func ours(text []byte) bool {
	_, rest, _ := strings.Cut(string(text), "\n")
	return strings.HasPrefix(rest, mark)
}
