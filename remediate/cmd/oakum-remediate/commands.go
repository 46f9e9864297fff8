package main

import (
	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
)

// commands are those that stand in the place of oakum's line for this sibling.
func commands(kit cli.Kit) []*cobra.Command {
	return []*cobra.Command{remediateCommand(kit), runCommand(kit)}
}
