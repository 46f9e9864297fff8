package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/identity"
)

// identityCommand is `oakum remediate identity`.
func identityCommand(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{
		Use:   "identity",
		Short: "Put a role in the place of an AWS access key (experimental)",
		Long: `Makes a role that may do what a workload's access key is needed for, and nothing else;
gives it to the workload (ECS, EC2, Lambda, EKS, GitHub, GitLab), has the workload show
from inside that it is the role, and then takes the key's variables away. The key
itself stays Active, to be retired. FILE has what a person decides; docs/identity.md
shows one.

  plan    what would be done, step by step; changes nothing
  apply   do it, or go on with it
  undo    take back what was done, the last step first
  finish  give up the way back

Credentials are found as the AWS CLI finds them. Experimental: it was tried on moto, an
emulator of AWS.`,
	}
	c.AddCommand(identityPlan(kit), identityApply(kit), identityUndo(kit), identityFinish(kit))
	return c
}

// identityTools are what a run works with, and its settings.
func identityTools(ctx context.Context, kit cli.Kit, file string) (*identity.Tools, *identity.Settings, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	s, err := identity.ReadSettings(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	u, err := userOf(kit)
	if err != nil {
		return nil, nil, err
	}
	c, err := config.LoadDefaultConfig(ctx, config.WithAppID("oakum"))
	if err != nil {
		return nil, nil, fmt.Errorf("read AWS's configuration: %w", err)
	}
	return &identity.Tools{
		Config: c, Key: u.key, State: filepath.Join(u.state, "identity"), Who: u.name, Dir: filepath.Dir(file), Say: kit.Say, Disk: onDisk,
	}, s, nil
}

func identityPlan(kit cli.Kit) *cobra.Command {
	return &cobra.Command{
		Use: "plan FILE", Short: "Tell what would be done, and how it is taken back", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return showIdentity(c, kit, args[0]) },
	}
}

func showIdentity(c *cobra.Command, kit cli.Kit, file string) error {
	t, s, err := identityTools(c.Context(), kit, file)
	if err != nil {
		return err
	}
	p, err := t.Plan(c.Context(), s)
	if err != nil {
		return err
	}
	return t.Write(kit.Stdio().Out, p, s)
}

func identityApply(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{Use: "apply FILE", Short: "Do it, or go on with it", Args: cobra.ExactArgs(1)}
	approve := c.Flags().String("approve", "", "the `HASH` of the plan, which it prints: yes to taking the key from a running workload")
	seen := c.Flags().String("seen", "", "the `ARN` that the workload gives for itself, where no probe asks it")
	dry := c.Flags().Bool("dry-run", false, "tell what would be done, as plan does")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *dry {
			return showIdentity(c, kit, args[0])
		}
		t, s, err := identityTools(c.Context(), kit, args[0])
		if err != nil {
			return err
		}
		t.Approve, t.Seen = *approve, *seen
		p, err := t.Apply(c.Context(), s)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(kit.Stdio().Out, "%s: the %s is %s, and has no key of %s any more\nnext  retire the key, which is Active and as leaked as before\n", p.Run, p.Workload, p.Role, p.User)
		return err
	}
	return c
}

func identityUndo(kit cli.Kit) *cobra.Command {
	return &cobra.Command{
		Use: "undo FILE", Short: "Take back what was done: the last step first", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			t, s, err := identityTools(c.Context(), kit, args[0])
			if err != nil {
				return err
			}
			p, err := t.Undo(c.Context(), s)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(kit.Stdio().Out, "%s: taken back\n", p.Run)
			return err
		},
	}
}

func identityFinish(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{Use: "finish FILE --approve HASH", Short: "Give up the way back: forget variables that were kept for undo", Args: cobra.ExactArgs(1)}
	approve := c.Flags().String("approve", "", approveHelp)
	c.RunE = func(c *cobra.Command, args []string) error {
		t, s, err := identityTools(c.Context(), kit, args[0])
		if err != nil {
			return err
		}
		t.Approve = *approve
		p, err := t.Finish(c.Context(), s)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(kit.Stdio().Out, "%s: finished\n", p.Run)
		return err
	}
	return c
}
