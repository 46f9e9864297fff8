package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/signed"
)

// args are one entry or order; with --all none.
func (f *rotateFlags) args(c *cobra.Command, args []string) error {
	switch {
	case !f.all:
		return cobra.ExactArgs(1)(c, args)
	case len(args) > 0:
		return errors.New("--all is for every entry: name none")
	case !f.dry:
		return errors.New("--all is for --dry-run: an order is run by itself, after somebody read it")
	}
	return nil
}

// orderAll makes an order of each entry, for review. One that cannot be ordered yet says
// why, and does not keep the others.
func (f *rotateFlags) orderAll(c *cobra.Command, kit cli.Kit) error {
	m, err := f.machine(kit)
	if err != nil {
		return err
	}
	all, err := readRotations(f.config)
	if err == nil && f.output != "" {
		err = os.MkdirAll(f.output, 0o700)
	}
	if err != nil {
		return err
	}
	out, left := kit.Stdio().Out, 0
	for _, s := range all {
		order, file, err := m.Order(c.Context(), f.config, s.Name)
		switch {
		case c.Context().Err() != nil:
			return c.Context().Err()
		case err != nil:
			left++
			fmt.Fprintf(out, "%s  not ordered: %s\n\n", s.Name, report.Escape(err.Error()))
			continue
		}
		if err := f.keep(kit, file, order); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%s of %d ordered; nothing was changed\n", count(len(all)-left, "rotation"), len(all))
	if left > 0 {
		return kit.Code(notAtItsEnd, nil)
	}
	return nil
}

// keep shows an order; where --out names a folder it is kept there, and told in a line.
func (f *rotateFlags) keep(kit cli.Kit, file []byte, order *rotate.Order) error {
	out := kit.Stdio().Out
	if f.output == "" {
		_, err := fmt.Fprintln(out, order.Explain())
		return err
	}
	name := filepath.Join(f.output, order.Name+".json")
	if err := writeNew(name, file); err != nil {
		return fmt.Errorf("write the order: %w", err)
	}
	_, err := fmt.Fprintf(out, "%s  %s of %s\nnext  oakum remediate rotate %s --approve %s\n\n", order.Name, report.Escape(order.Subject.ID), report.Escape(order.Subject.Owner), report.Escape(name), signed.Hash(file))
	return err
}
