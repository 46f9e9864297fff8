// Command oakum-webhook is the admission server. oakum runs it as its sibling.
package main

import (
	"fmt"
	"os"
)

// exitUsage is oakum's exit code for "could not do what was asked".
const exitUsage = 2

func main() {
	fmt.Fprintln(os.Stderr, "oakum-webhook: the admission server ships with a later version of oakum; scanning and hooks are in the oakum command")
	os.Exit(exitUsage)
}
