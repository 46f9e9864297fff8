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
	c.AddCommand(a.reportConvertCommand(), a.reportMergeCommand())
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

func (a *app) reportMergeCommand() *cobra.Command {
	var o outputFlags
	c := &cobra.Command{
		Use:   "merge FILE FILE…",
		Short: "Make one report of several json reports",
		Long: `Makes one report of several: of a repository, of the image that is made of it, of
the CI system's variables, of a cluster's objects. A credential that stands in
several of them is one finding with all its places.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.checkOutput(o); err != nil {
				return err
			}
			d, written, err := readReports(args)
			if err != nil {
				return err
			}
			return a.write(d, o, written)
		},
	}
	o.registerWriting(c.Flags())
	return c
}

// readReports reads stored reports as one, which was written when the last of them was.
func readReports(files []string) (*report.Document, time.Time, error) {
	if len(files) == 1 {
		return readReport(files[0])
	}
	var docs []*report.Document
	var last time.Time
	for _, file := range files {
		d, written, err := readReport(file)
		if err != nil {
			return nil, last, err
		}
		if written.After(last) {
			last = written
		}
		docs = append(docs, d)
	}
	return report.Merged(docs), last, nil
}

// readReport reads a stored report, and tells when it was written: that is as
// near as can be known to when the scan ended.
func readReport(file string) (*report.Document, time.Time, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read report: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read report: %w", err)
	}
	d, err := report.Read(bytes.NewReader(content))
	if err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return d, info.ModTime(), err
}
