package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
)

// commands are those that stand in the place of oakum's line for this sibling.
func commands(cli.Kit) []*cobra.Command {
	return []*cobra.Command{unbuilt("remediate"), unbuilt("run")}
}

// unbuilt says of a command that this version does not have it, and what to do.
func unbuilt(name string) *cobra.Command {
	return &cobra.Command{Use: name, Hidden: true, DisableFlagParsing: true, RunE: func(*cobra.Command, []string) error {
		return errors.New("remediation ships with a later version of oakum; until then rotate what oakum scan finds with the rule's own instructions (oakum rules show RULE)")
	}}
}
