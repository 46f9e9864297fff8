package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/dynamic"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/stores"
)

// dynamicCommand is `oakum remediate dynamic`.
func dynamicCommand(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{
		Use:   "dynamic",
		Short: "Put Vault's database engine in the place of a fixed database password",
		Long: `Reads what a database user may do, and has Vault (or OpenBao) make users that may do the
same, one for each program that asks, for an hour. FILE has what a person decides;
docs/dynamic.md shows one.

  plan       what would be done, how it is taken back, what can go wrong; changes nothing
  apply      do it, or go on with it
  undo       take back what was made
  status     what was done, from the journal
  manifests  how programs ask: oakum run, Vault's agent, Vault Secrets Operator
  policy     what whoever applies it may do in Vault`,
	}
	c.AddCommand(dynamicPlan(kit), dynamicApply(kit), dynamicUndo(kit), dynamicStatus(kit),
		dynamicText("manifests FILE", "Write how programs ask for their users", kit, (*dynamic.Settings).Manifests),
		dynamicText("policy FILE", "Write the policy that whoever applies it needs", kit, (*dynamic.Settings).OperatorPolicy))
	return c
}

// dynamicTools are what a run works with, and its settings.
func dynamicTools(kit cli.Kit, file string) (*dynamic.Tools, *dynamic.Settings, error) {
	s, err := dynamicSettings(file)
	if err != nil {
		return nil, nil, err
	}
	u, err := userOf(kit)
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Dir(file)
	resolver := &stores.Resolver{Opener: stores.Opener{Getenv: kit.Env, Age: func(target *url.URL) (store.Driver, error) {
		return openAge(kit, u.state, target, dir)
	}}}
	return &dynamic.Tools{
		State: u.state, Key: u.key, Who: u.name, Getenv: kit.Env, Say: kit.Say, Disk: onDisk,
		Value: func(ctx context.Context, r ref.Ref) (leak.Secret, error) { return resolver.Value(ctx, r) },
	}, s, nil
}

func dynamicSettings(file string) (*dynamic.Settings, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s, err := dynamic.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func dynamicPlan(kit cli.Kit) *cobra.Command {
	return &cobra.Command{
		Use: "plan FILE", Short: "Tell what would be done; exit code 1 where something stands in the way", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return showDynamic(c, kit, args[0]) },
	}
}

func showDynamic(c *cobra.Command, kit cli.Kit, file string) error {
	t, s, err := dynamicTools(kit, file)
	if err != nil {
		return err
	}
	p, err := t.Plan(c.Context(), s)
	if err != nil {
		return err
	}
	if err := p.Write(kit.Stdio().Out); err != nil {
		return err
	}
	if p.Conflicts() > 0 {
		return kit.Code(1, nil)
	}
	return nil
}

func dynamicApply(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{Use: "apply FILE", Short: "Do it, or go on with it", Args: cobra.ExactArgs(1)}
	approve := c.Flags().String("approve", "", approveHelp)
	dry := c.Flags().Bool("dry-run", false, "tell what would be done, as plan does")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *dry {
			return showDynamic(c, kit, args[0])
		}
		t, s, err := dynamicTools(kit, args[0])
		if err != nil {
			return err
		}
		if err := t.Apply(c.Context(), s, *approve); err != nil {
			return err
		}
		_, err = fmt.Fprintf(kit.Stdio().Out, "%s: users come from %s/creds/%s\n", s.Database.Name, s.Vault.Mount, s.Role.Name)
		return err
	}
	return c
}

func dynamicUndo(kit cli.Kit) *cobra.Command {
	return &cobra.Command{
		Use: "undo FILE", Short: "Take back what was made: the last step first", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			t, s, err := dynamicTools(kit, args[0])
			if err != nil {
				return err
			}
			if err := t.Undo(c.Context(), s); err != nil {
				return err
			}
			_, err = fmt.Fprintf(kit.Stdio().Out, "%s: taken back\n", s.Database.Name)
			return err
		},
	}
}

func dynamicStatus(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{
		Use: "status FILE", Short: "Tell what was done, from the journal", Args: cobra.ExactArgs(1),
		Long: `Tells how far each step is, with what was seen when it was done. --export writes the journal
as CloudEvents, one a line, for a central audit. Neither holds a value.`,
	}
	export := c.Flags().Bool("export", false, "write the journal as CloudEvents, one a line")
	c.RunE = func(_ *cobra.Command, args []string) error {
		t, s, err := dynamicTools(kit, args[0])
		if err != nil {
			return err
		}
		records, err := t.History(s)
		if err != nil {
			return err
		}
		if *export {
			return journal.Export(kit.Stdio().Out, records)
		}
		return dynamicSteps(kit.Stdio().Out, records)
	}
	return c
}

// dynamicSteps tells each step's last record, and what was last said of it.
func dynamicSteps(out io.Writer, records []journal.Record) error {
	var steps []string
	last, text := map[string]journal.Record{}, map[string]string{}
	for _, r := range records {
		if r.Phase == journal.Begin || r.Phase == journal.End {
			continue
		}
		if _, seen := last[r.Step]; !seen {
			steps = append(steps, r.Step)
		}
		last[r.Step], text[r.Step] = r, cmp.Or(r.Text, text[r.Step])
	}
	for _, id := range steps {
		if _, err := fmt.Fprintf(out, "%s  %-9s %-18s %s\n", last[id].Time.Format(time.DateTime), last[id].Phase, id, text[id]); err != nil {
			return err
		}
	}
	if len(steps) == 0 {
		_, err := fmt.Fprintln(out, "nothing was done yet: `oakum remediate dynamic plan` is the first step")
		return err
	}
	return nil
}

// dynamicText is a command that writes what follows from the settings alone.
func dynamicText(use, short string, kit cli.Kit, write func(*dynamic.Settings, io.Writer) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := dynamicSettings(args[0])
			if err != nil {
				return err
			}
			return write(s, kit.Stdio().Out)
		},
	}
}
