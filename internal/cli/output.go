package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/oakum-sec/oakum/internal/report"
)

// outputFlags say how and where a report is written.
type outputFlags struct {
	format         string
	file           string
	reveal         bool
	showSuppressed bool
	noColor        bool
	quiet          bool
	verbose        bool
}

func (o *outputFlags) register(p *pflag.FlagSet) {
	o.registerWriting(p)
	p.BoolVar(&o.reveal, "reveal", false, "show the values found: on a terminal, or in an --output file that only you may read")
	p.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no notes on stderr")
	p.BoolVarP(&o.verbose, "verbose", "v", false, "tell on stderr how far each step of a scan is, and how long it took")
}

// registerWriting are the flags of a report that was made before.
func (o *outputFlags) registerWriting(p *pflag.FlagSet) {
	p.StringVarP(&o.format, "format", "f", "text", "`FORMAT` of the report: "+strings.Join(report.Formats(), ", "))
	p.StringVarP(&o.file, "output", "o", "", "write the report to `FILE`, at once and whole")
	p.BoolVar(&o.showSuppressed, "show-suppressed", false, "list suppressed findings in the text too")
	p.BoolVar(&o.noColor, "no-color", false, "no colours on a terminal")
}

// checkOutput refuses, before any work, what could not be written in the end.
func (a *app) checkOutput(o outputFlags) error {
	if err := report.CheckFormat(o.format); err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	switch {
	case o.reveal && !report.Reveals(o.format):
		return fmt.Errorf("--reveal: a %s report is made to be handed on; use text or json", o.format)
	case o.reveal && o.file == "" && !isTerminal(a.Out):
		return errors.New("--reveal shows values on a terminal only: add --output FILE to have them in a file that only you may read")
	case o.reveal && o.file != "" && isSpecial(o.file):
		return fmt.Errorf("--reveal: %s is no file that could be kept from others", o.file)
	}
	return nil
}

// deliver writes the report and the notes that go with it; its error carries the
// exit code.
func (a *app) deliver(d *report.Document, o outputFlags) error {
	if !o.quiet {
		a.notes(d.Notices)
	}
	if err := a.write(d, o, time.Now()); err != nil {
		return err
	}
	return exit(d)
}

// write writes a report, made of what was seen until ended, where it is wanted.
func (a *app) write(d *report.Document, o outputFlags, ended time.Time) error {
	opt := report.Options{Reveal: o.reveal, ShowSuppressed: o.showSuppressed, Ended: ended}
	var err error
	if o.file == "" {
		opt.Color = a.wantsColor(a.Out, o.noColor)
		opt.Elapsed = isTerminal(a.Out)
		err = report.Write(a.Out, o.format, d, opt)
	} else {
		err = writeReport(o.file, o.format, d, opt)
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (a *app) notes(notices []report.Notice) {
	for _, n := range notices {
		text := n.Text
		if n.Do != "" {
			text += "\nsettle it with: " + n.Do
		}
		a.say("%s", text)
	}
}

// writeReport writes the file whole or not at all.
func writeReport(file, format string, d *report.Document, opt report.Options) error {
	var b bytes.Buffer
	if err := report.Write(&b, format, d, opt); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if opt.Reveal {
		mode = 0o600
	}
	return writeWhole(file, b.Bytes(), mode)
}

// isSpecial tells whether there is something at file that is no regular file:
// /dev/stderr, a pipe.
func isSpecial(file string) bool {
	info, err := os.Stat(file)
	return err == nil && !info.Mode().IsRegular()
}

// writeWhole writes a new file beside file and puts it in its place, so that a
// reader sees the old content or the new one. What is special is
// written as it is.
func writeWhole(file string, content []byte, mode os.FileMode) error {
	if isSpecial(file) {
		return os.WriteFile(file, content, mode)
	}
	// O_EXCL: nobody has put a link there before us. The mode is in the call, so
	// that the umask narrows it and there is no moment in which it is wider.
	fresh := fmt.Sprintf("%s.%d.tmp", filepath.Clean(file), os.Getpid())
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(fresh, file)
	}
	if err != nil {
		os.Remove(fresh) // of what we made just now; the error above is the one to tell
	}
	return err
}
