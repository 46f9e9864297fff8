package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate"
	"github.com/oakum-sec/oakum/remediate/disk"
)

func remediateCommand(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{
		Use:   "remediate",
		Short: "Move credentials into a secret store and rotate them: plan, apply, resume, rollback",
		Long: `Moves credentials out of files into a secret store, in steps that can be looked at,
gone on with after a crash, and taken back:

  plan      work out what goes where; changes nothing
  apply     do it: store, read back, rewrite, scan again
  status    how far it is; resume goes on, rollback takes it back
  finish    give up the way back

What was moved is as leaked as before until it is rotated: its state says
MOVED_NOT_ROTATED. docs/remediate.md has the whole run. Then:

  rotate    a new credential in its place, and the old one retired with proof
  identity  a role in the place of an AWS key, and no secret at all
  dynamic   database users that come and go by themselves
  report    each leaked secret from its first commit to its end
  audit     the journals against the store's own log`,
	}
	c.AddCommand(planCommand(kit), applyCommand(kit), statusCommand(kit), resumeCommand(kit), rollbackCommand(kit), finishCommand(kit), snippetCommand(kit), accessCommand(kit), rotateCommand(kit), reportCommand(kit), auditCommand(kit), dynamicCommand(kit), identityCommand(kit))
	return c
}

// onDisk is how a run's files are written: for real. Tests that kill the program at each
// step have them announced.
var onDisk disk.Disk

// tools are what a command plans and applies with. scan says what a check finds; nil
// for commands that do none.
func tools(kit cli.Kit, scan *cli.Scan) (*remediate.Tools, error) {
	u, err := userOf(kit)
	if err != nil {
		return nil, err
	}
	t := &remediate.Tools{Key: u.key, State: u.state, Version: kit.Version(), Who: u.name, Say: kit.Say, Disk: onDisk}
	t.Open = opener(kit, t.State)
	t.Check = func(ctx context.Context, dir string, texts map[string][]byte) ([]*leak.Finding, error) {
		doc, err := scan.Texts(ctx, dir, texts)
		if err != nil {
			return nil, err
		}
		return doc.Findings, nil
	}
	return t, nil
}
