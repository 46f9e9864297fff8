// Command oakum-remediate plans and applies repairs. oakum runs it as its sibling.
package main

import (
	"fmt"
	"os"
)

// exitUsage is oakum's exit code for "could not do what was asked".
const exitUsage = 2

func main() {
	fmt.Fprintln(os.Stderr, "oakum-remediate: remediation ships with a later version of oakum; until then rotate what oakum scan finds with the rule's own instructions (oakum rules show RULE)")
	os.Exit(exitUsage)
}
