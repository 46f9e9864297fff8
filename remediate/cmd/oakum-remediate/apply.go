package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/rotate"
)

const takeOverHelp = "go on with a plan that was begun on another machine, where nobody will go on with it"

const approveHelp = "the `HASH` of the plan, which it prints: yes to steps that cannot be taken back"

func applyCommand(kit cli.Kit) *cobra.Command {
	var approve string
	var takeOver bool
	c := &cobra.Command{
		Use:   "apply PLAN",
		Short: "Do what a plan says",
		Long: `Does what a plan file says, step by step. Each step is written to a journal before and
after, and looked at: whatever ends the run, resume goes on with it. A plan that is
older than the files, the repository or the store is refused.`,
		Args: cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&approve, "approve", "", approveHelp)
	c.Flags().BoolVar(&takeOver, "take-over", false, takeOverHelp)
	scan := kit.Find(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		t, err := tools(kit, scan)
		if err != nil {
			return err
		}
		t.TakeOver = takeOver
		file, err := os.ReadFile(args[0])
		if errors.Is(err, fs.ErrNotExist) && act.Plans.IsID(args[0]) {
			return fmt.Errorf("%s is a plan's id: `oakum remediate resume %[1]s` goes on with it", args[0])
		} else if err != nil {
			return fmt.Errorf("read the plan: %w", err)
		}
		id, err := t.Apply(c.Context(), file, approve)
		return ended(kit, t, id, err)
	}
	return c
}

// ended tells how far a run is, whether it ended well or not.
func ended(kit cli.Kit, t *remediate.Tools, id string, err error) error {
	if id == "" {
		return err
	}
	s, statusErr := t.Status(id)
	if statusErr == nil {
		if err != nil {
			s.Failed = "" // it is told below
		}
		statusErr = showStatus(kit.Stdio().Out, s)
	}
	if err != nil {
		return err
	}
	return statusErr
}

// onRun does something with a run, the named one or the only one that is under way, and
// tells how far it is then.
func onRun(kit cli.Kit, scan *cli.Scan, args []string, takeOver bool, do func(t *remediate.Tools, id string) error) error {
	t, err := tools(kit, scan)
	if err != nil {
		return err
	}
	t.TakeOver = takeOver
	id, err := one(t, args)
	if err != nil {
		return err
	}
	return ended(kit, t, id, do(t, id))
}

func resumeCommand(kit cli.Kit) *cobra.Command {
	var approve string
	var takeOver bool
	c := &cobra.Command{
		Use:   "resume [ID]",
		Short: "Go on with a run that did not come to its end",
		Args:  cobra.MaximumNArgs(1),
	}
	c.Flags().StringVar(&approve, "approve", "", approveHelp)
	c.Flags().BoolVar(&takeOver, "take-over", false, takeOverHelp)
	scan := kit.Find(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return onRun(kit, scan, args, takeOver, func(t *remediate.Tools, id string) error { return t.Resume(c.Context(), id, approve) })
	}
	return c
}

func rollbackCommand(kit cli.Kit) *cobra.Command {
	var takeOver bool
	c := &cobra.Command{
		Use:   "rollback ID",
		Short: "Take a run back: files byte for byte, then what it made in the store",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return onRun(kit, nil, args, takeOver, func(t *remediate.Tools, id string) error { return t.Rollback(c.Context(), id) })
		},
	}
	c.Flags().BoolVar(&takeOver, "take-over", false, takeOverHelp)
	return c
}

func finishCommand(kit cli.Kit) *cobra.Command {
	var approve string
	c := &cobra.Command{
		Use:   "finish ID --approve HASH",
		Short: "Give up the way back: forget the sealed old contents of files",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return onRun(kit, nil, args, false, func(t *remediate.Tools, id string) error { return t.Finish(id, approve) })
		},
	}
	c.Flags().StringVar(&approve, "approve", "", approveHelp)
	return c
}

// one is the plan's run that is meant.
func one(t *remediate.Tools, args []string) (string, error) {
	return chosenRun(t.Home(), act.Plans, args, func(id string) (bool, error) {
		s, err := t.Status(id)
		return err == nil && s.Ended, err
	})
}

func statusCommand(kit cli.Kit) *cobra.Command {
	var export bool
	c := &cobra.Command{
		Use:   "status [ID]",
		Short: "How far runs are, from their journals",
		Long: `Tells how far a run is, or all of them. --export writes their journals as CloudEvents, one
a line, for a central audit: who did what when, to which tag. They hold no value.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := tools(kit, nil)
			if err != nil {
				return err
			}
			if len(args) == 1 && act.Rotations.IsID(args[0]) {
				return rotationStatuses(kit, t.Home(), args, export)
			}
			if len(args) == 1 {
				id, err := one(t, args)
				if err != nil {
					return err
				}
				return statuses(kit, t, []string{id}, export)
			}
			return allStatuses(kit, t, export)
		},
	}
	c.Flags().BoolVar(&export, "export", false, "write the journals as CloudEvents, one a line")
	return c
}

// allStatuses tells of every plan and rotation.
func allStatuses(kit cli.Kit, t *remediate.Tools, export bool) error {
	plans, err := t.Home().Runs(act.Plans)
	if err != nil {
		return err
	}
	rotations, err := t.Home().Runs(act.Rotations)
	if err != nil {
		return err
	}
	if len(plans)+len(rotations) == 0 && !export {
		_, err := fmt.Fprintln(kit.Stdio().Out, "no run has begun: `oakum remediate plan` is the first step")
		return err
	}
	if err := statuses(kit, t, plans, export); err != nil {
		return err
	}
	return rotationStatuses(kit, t.Home(), rotations, export)
}

// statuses tells of plans, and of what rotations made of their secrets.
func statuses(kit cli.Kit, t *remediate.Tools, ids []string, export bool) error {
	out := kit.Stdio().Out
	var all []*remediate.Account
	if !export {
		var err error
		if all, err = t.Accounts(); err != nil {
			return err
		}
	}
	for _, id := range ids {
		s, err := t.Status(id)
		if err == nil && export {
			err = journal.Export(out, s.Records)
		} else if err == nil {
			s.Follow(all)
			err = showStatus(out, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rotationStatuses tells of rotations.
func rotationStatuses(kit cli.Kit, h act.Home, ids []string, export bool) error {
	out := kit.Stdio().Out
	for _, id := range ids {
		p, err := rotate.ProgressOf(h, id)
		if err == nil && export {
			err = journal.Export(out, p.Records)
		} else if err == nil {
			err = showRotation(out, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
