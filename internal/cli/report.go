package cli

import (
	"bytes"
	"fmt"
	"os"
	"time"

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
			d, written, err := readReport(args[0])
			if err != nil {
				return err
			}
			return a.write(d, o, written)
		},
	}
	o.registerWriting(c.Flags())
	return c
}

// readReport reads a stored report, and tells when it was written: that is as
// near as can be known to when the scan ended.
func readReport(file string) (*report.Document, time.Time, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("convert: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("convert: %w", err)
	}
	d, err := report.Read(bytes.NewReader(content))
	return d, info.ModTime(), err
}
