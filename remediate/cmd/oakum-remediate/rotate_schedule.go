package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/rotate"
)

// scheduleCommand goes on with what waits and begins what is due: once, for a CronJob,
// or for ever.
func (f *rotateFlags) scheduleCommand(kit cli.Kit) *cobra.Command {
	var poll time.Duration
	c := &cobra.Command{
		Use:   "schedule",
		Short: "Go on with rotations that wait, and begin those whose time has come",
		Long: `Goes on with every rotation whose waiting is over, and begins anew those whose entry says
how often (` + "`every: 30d`" + `), counted from the end of the last one. Once, for a CronJob;
with --poll again and again, as a daemon.

It says yes to what hurts by itself where an entry has ` + "`unattended: true`" + `: nobody reads
those orders. Others wait for a person with --approve.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := f.machine(kit)
			if err != nil {
				return err
			}
			for {
				err := rotateDue(c.Context(), kit, m, f.config)
				if poll == 0 || c.Context().Err() != nil {
					return err
				}
				if err != nil {
					kit.Say("%v", err)
				}
				select {
				case <-c.Context().Done():
					return nil
				case <-time.After(poll):
				}
			}
		},
	}
	c.Flags().DurationVar(&poll, "poll", 0, "look again every `DURATION`, until it is ended; 0 looks once")
	return c
}

// rotateDue goes on with all that is open, then begins what is due. One that fails does
// not keep the others.
func rotateDue(ctx context.Context, kit cli.Kit, m *rotate.Machine, file string) error {
	all, err := readRotations(file)
	if err != nil {
		return err
	}
	due, err := m.Due(all)
	if err != nil {
		return err
	}
	var failed []error
	for _, d := range due {
		err := m.Attend(ctx, file, d)
		wait, waits := errors.AsType[*act.Wait](err)
		switch {
		case err == nil:
			fmt.Fprintf(kit.Stdio().Out, "%s  rotated\n", d.Settings.Name)
		case waits:
			fmt.Fprintf(kit.Stdio().Out, "%s  waits: %s\n", d.Settings.Name, wait.Error())
		default:
			failed = append(failed, fmt.Errorf("%s: %w", d.Settings.Name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}
