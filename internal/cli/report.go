package cli

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
)

func (a *app) reportCommand() *cobra.Command {
	c := &cobra.Command{Use: "report", Short: "Work with stored reports"}
	c.AddCommand(a.reportConvertCommand())
	return c
}

func (a *app) reportConvertCommand() *cobra.Command {
	var o outputFlags
	c := &cobra.Command{
		Use:   "convert FILE",
		Short: "Write a json report in another format, as the scan would have",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.checkOutput(o); err != nil {
				return err
			}
			content, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("convert: %w", err)
			}
			d, err := report.Read(bytes.NewReader(content))
			if err != nil {
				return err
			}
			return a.write(d, o)
		},
	}
	o.registerWriting(c.Flags())
	return c
}
