package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
)

// commands are those that stand in the place of oakum's line for this sibling.
func commands(kit cli.Kit) []*cobra.Command {
	return []*cobra.Command{remediateCommand(kit), unbuilt("run")}
}

// unbuilt says of a command that this version does not have it, and what to do.
func unbuilt(name string) *cobra.Command {
	return &cobra.Command{Use: name, Hidden: true, DisableFlagParsing: true, RunE: func(*cobra.Command, []string) error {
		return errors.New("this version of oakum does not have this command yet: vals (github.com/helmfile/vals) resolves the same references")
	}}
}
