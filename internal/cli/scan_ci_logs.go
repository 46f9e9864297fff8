package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/scanner/cisource"
)

// logFlags say which jobs' logs are looked at.
type logFlags struct {
	logs  bool
	since string
	most  int
}

func (f *logFlags) register(c *cobra.Command, runs string) {
	p := c.Flags()
	p.BoolVar(&f.logs, "logs", false, "what jobs printed, and their artifacts, too")
	p.StringVar(&f.since, "since", "", "with --logs: `TIME` from which on, as 2026-11-01 or as 30d")
	p.IntVar(&f.most, "max-runs", 20, "with --logs: the `NUMBER` of newest "+runs+"; 0: all")
}

// wanted is what the flags say at a time, nil where no logs are looked at.
func (f *logFlags) wanted(c *cobra.Command, now time.Time) (*cisource.Logs, error) {
	if !f.logs {
		for _, name := range []string{"since", "max-runs"} {
			if c.Flags().Changed(name) {
				return nil, usageError(c, fmt.Errorf("--%s is about logs: say --logs", name))
			}
		}
		return nil, nil
	}
	l := &cisource.Logs{Most: f.most}
	if f.since == "" {
		return l, nil
	}
	since, err := sinceWhen(f.since, now)
	if err != nil {
		return nil, usageError(c, err)
	}
	l.Since = since
	return l, nil
}

// sinceWhen reads a day, a time, or how long ago it was.
func sinceWhen(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if days, is := strings.CutSuffix(text, "d"); is {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: write a day (2026-11-01), a time (2026-11-01T12:00:00Z), or how long ago (30d, 12h)", text)
}
