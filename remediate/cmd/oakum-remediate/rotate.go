package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/signed"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/remediate/stores"
)

// notAtItsEnd is the exit code of a rotation that waits: nothing failed, and not all is
// done.
const notAtItsEnd = 3

// rotateFlags are what `remediate rotate` is told.
type rotateFlags struct {
	config  string
	dry     bool
	all     bool
	output  string
	approve string
	stdin   bool
}

func rotateCommand(kit cli.Kit) *cobra.Command {
	f := &rotateFlags{}
	c := &cobra.Command{
		Use:   "rotate NAME | ORDER | --all",
		Short: "Replace a credential in a store by a new one, and retire the old one",
		Long: `Replaces a credential by a new one while what uses it goes on working, and retires the
old one when nobody uses it any more:

  a new one is made and tried as programs would use it; the store's entry becomes it;
  what uses it is told; after a time in which nobody was seen with the old one that is
  deactivated, which can be taken back; later it is deleted, and remembered, so that
  scans and hooks refuse that very value for ever.

NAME is an entry of ` + rotationsFile + `, which says what and how; docs/rotate.md shows one. An
order, which --dry-run --out writes, is what people review. What hurts waits for
--approve with the order's hash. What has to wait ends with exit code 3: resume goes on,
or rotate schedule does by itself.`,
		Example: `  oakum remediate rotate orders-db --dry-run
  oakum remediate rotate orders-db --dry-run --out order.json
  oakum remediate rotate --all --dry-run --out orders
  oakum remediate rotate order.json --approve HASH
  oakum remediate rotate resume r20260102-0a1b2c3d --approve HASH`,
		Args: f.args,
		RunE: func(c *cobra.Command, args []string) error {
			if f.all {
				return f.orderAll(c, kit)
			}
			return f.run(c, kit, args[0])
		},
	}
	c.PersistentFlags().StringVar(&f.config, "rotations", rotationsFile, "the `FILE` that says what is rotated and how")
	c.Flags().BoolVar(&f.dry, "dry-run", false, "tell each step, what could go wrong and how it is taken back; change nothing")
	c.Flags().StringVarP(&f.output, "out", "o", "", "write the order into a `FILE`, for --dry-run; with --all a folder")
	c.Flags().BoolVar(&f.all, "all", false, "order every entry, for --dry-run")
	f.approving(c)
	c.AddCommand(f.draftCommand(kit), f.resumeCommand(kit), f.rollbackCommand(kit), f.scheduleCommand(kit), lambdaCommand(kit), awsScheduleCommand(kit))
	return c
}

// rotationsFile is where the settings are if nothing else is said.
const rotationsFile = "oakum-rotations.yaml"

func (f *rotateFlags) approving(c *cobra.Command) {
	c.Flags().StringVar(&f.approve, "approve", "", "the `HASH` of the order, which it prints: yes to steps that hurt")
	c.Flags().BoolVar(&f.stdin, "stdin", false, "read the new value, where a person makes it, from standard input")
}

func (f *rotateFlags) run(c *cobra.Command, kit cli.Kit, what string) error {
	m, err := f.machine(kit)
	if err != nil {
		return err
	}
	file, order, err := f.order(c.Context(), m, what)
	if err != nil {
		return err
	}
	if f.dry {
		return f.show(kit, file, order)
	}
	id, err := m.Run(c.Context(), file, f.approve)
	return rotated(kit, m.Home, id, err)
}

// order reads an order, or makes one of an entry of the settings.
func (f *rotateFlags) order(ctx context.Context, m *rotate.Machine, what string) ([]byte, *rotate.Order, error) {
	if act.Rotations.IsID(what) {
		return nil, nil, fmt.Errorf("%s is an order's id: `oakum remediate rotate resume %[1]s` goes on with it", what)
	}
	if r, err := os.Open(what); err == nil {
		defer r.Close()
		order, file, err := rotate.ReadOrder(r, m.Home.Key)
		return file, order, err
	}
	order, file, err := m.Order(ctx, f.config, what)
	return file, order, err
}

func (f *rotateFlags) show(kit cli.Kit, file []byte, order *rotate.Order) error {
	out := kit.Stdio().Out
	fmt.Fprint(out, order.Explain())
	if f.output == "" {
		_, err := fmt.Fprintf(out, "\nNothing was changed. --out FILE keeps this order, for review and for `oakum remediate rotate FILE`\n")
		return err
	}
	if err := writeNew(f.output, file); err != nil {
		return fmt.Errorf("write the order: %w", err)
	}
	_, err := fmt.Fprintf(out, "\nNothing was changed. Next: oakum remediate rotate %s --approve %s\n", f.output, signed.Hash(file))
	return err
}

func (f *rotateFlags) resumeCommand(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{
		Use:   "resume [ID]",
		Short: "Go on with a rotation that waits, or that did not come to its end",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			m, id, err := f.under(kit, args)
			if err != nil {
				return err
			}
			return rotated(kit, m.Home, id, m.Resume(c.Context(), id, f.approve))
		},
	}
	f.approving(c)
	return c
}

func (f *rotateFlags) rollbackCommand(kit cli.Kit) *cobra.Command {
	return &cobra.Command{
		Use:   "rollback ID",
		Short: "Take a rotation back: the old credential is active and in use again",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			m, id, err := f.under(kit, args)
			if err != nil {
				return err
			}
			return rotated(kit, m.Home, id, m.Rollback(c.Context(), id))
		},
	}
}

// under is the rotation that is meant.
func (f *rotateFlags) under(kit cli.Kit, args []string) (*rotate.Machine, string, error) {
	m, err := f.machine(kit)
	if err != nil {
		return nil, "", err
	}
	id, err := chosenRun(m.Home, act.Rotations, args, func(id string) (bool, error) {
		p, err := rotate.ProgressOf(m.Home, id)
		return err == nil && p.Ended, err
	})
	return m, id, err
}

// rotated tells how far a rotation is, and what to type next.
func rotated(kit cli.Kit, h act.Home, id string, err error) error {
	if id == "" {
		return err
	}
	out := kit.Stdio().Out
	p, statusErr := rotate.ProgressOf(h, id)
	if statusErr != nil {
		return errors.Join(err, statusErr)
	}
	fmt.Fprintf(out, "%s  %s  %s\n", id, p.Order.Name, p.State)
	wait, waits := errors.AsType[*act.Wait](err)
	if !waits {
		return err
	}
	fmt.Fprintf(out, "waits: %s\nNext: oakum remediate rotate resume %s\n", wait.Error(), id)
	return kit.Code(notAtItsEnd, nil)
}

// machine is what rotations are ordered and run with.
func (f *rotateFlags) machine(kit cli.Kit) (*rotate.Machine, error) {
	t, err := tools(kit, nil)
	if err != nil {
		return nil, err
	}
	m := &rotate.Machine{
		Home: t.Home(), Version: t.Version, Say: kit.Say,
		Settings: settingsOf,
		Open: func(ctx context.Context, named string) (store.Driver, error) {
			return t.Open(ctx, named, filepath.Dir(f.config))
		},
		Remember: func(_ context.Context, name string, v leak.Secret) error { return remember(kit, name, v) },
		Search:   search,
		Trap:     trap,
	}
	env := kinds{kit: kit, resolve: resolveIn(kit, t, filepath.Dir(f.config))}
	m.Rotator, m.Consumers, m.Places = env.rotator, env.consumers, env.places
	if f.stdin {
		m.Ask = func(context.Context, string) (leak.Secret, error) { return fromStdin(kit.Stdio().In) }
	}
	return m, nil
}

// settingsOf reads one entry of a file of settings.
func settingsOf(file, name string) (rotate.Settings, error) {
	all, err := readRotations(file)
	if err != nil {
		return rotate.Settings{}, err
	}
	return rotate.One(all, name)
}

func readRotations(file string) ([]rotate.Settings, error) {
	r, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the rotations: %w; docs/rotate.md shows such a file", err)
	}
	defer r.Close()
	return rotate.ReadSettings(r)
}

// resolveIn is what references stand for; an age file lies in dir.
func resolveIn(kit cli.Kit, t *remediate.Tools, dir string) func(context.Context, ref.Ref) (leak.Secret, error) {
	r := &stores.Resolver{Opener: stores.Opener{Getenv: kit.Env, Age: func(target *url.URL) (store.Driver, error) { return openAge(kit, t.State, target, dir) }}}
	return func(ctx context.Context, to ref.Ref) (leak.Secret, error) {
		r.Round() // an administrator's credential may be rotated meanwhile
		return r.Value(ctx, to)
	}
}

// maxStdin is more than any credential has.
const maxStdin = 64 << 10

func fromStdin(in io.Reader) (leak.Secret, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxStdin+1))
	if err != nil {
		return leak.Secret{}, err
	}
	if len(text) > maxStdin {
		return leak.Secret{}, fmt.Errorf("standard input has more than %d bytes: give the value alone", maxStdin)
	}
	for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
		text = text[:len(text)-1]
	}
	if len(text) == 0 {
		return leak.Secret{}, errors.New("standard input is empty: give the new value there")
	}
	return leak.NewSecret(text), nil
}
