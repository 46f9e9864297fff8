package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/bench/process"
)

// compare runs all rows that can run, in turns.
func (s *session) compare(ctx context.Context) (string, error) {
	all, err := s.lineup(ctx)
	if err != nil {
		return "", err
	}
	var able []*contender
	var programs []process.Program
	for _, c := range all {
		if c.missing != nil {
			continue
		}
		if _, err := c.prepare.Run(ctx); err != nil { // what goes wrong here goes wrong in the runs as well
			return "", err
		}
		able, programs = append(able, c), append(programs, c.program)
	}
	err = process.Turns(ctx, s.runs, programs, func(turn, i int, cost process.Cost) error {
		return s.ran(able[i], turn, cost)
	})
	if err != nil {
		return "", err
	}
	return s.tables(all), nil
}

// ran notes one run and what it found.
func (s *session) ran(c *contender, turn int, cost process.Cost) error {
	cost.Said = s.anonymized(cost.Said)
	c.counts = counts{}
	if c.report != "" {
		var err error
		if c.counts, err = readCounts(c.report); err != nil && !errors.Is(err, fs.ErrNotExist) {
			cost.Failed, cost.Said = true, s.anonymized(err.Error())
		}
		if err := os.RemoveAll(c.report); err != nil { // a later run that writes none must not look as if it had
			return err
		}
	}
	c.costs = append(c.costs, cost)
	s.record.add(turn, c.name, cost, c.counts)
	progress("turn %d of %d: %s: %.2f s wall, %.2f s cpu, exit %d %s", turn+1, s.runs, c.name, cost.Wall.Seconds(), cost.CPU.Seconds(), cost.Exit, cost.Said)
	return nil
}

// anonymized takes this machine's paths out of what a program said.
func (s *session) anonymized(said string) string {
	return strings.NewReplacer(s.repo.path, "REPO", s.scratch, "SCRATCH").Replace(said)
}

// failed tells whether a run of c did not end well. It counts for no ratio then.
func (c *contender) failed() bool {
	return slices.ContainsFunc(c.costs, func(cost process.Cost) bool { return cost.Failed })
}

// ended tells whether all runs of c did.
func (c *contender) ended() bool { return len(c.costs) > 0 && !c.failed() }

// cost is what c takes: the least time of its runs, and the most memory. How it
// ended is how the first run that failed did, or the last.
func (c *contender) cost() process.Cost {
	sum := c.costs[0]
	for _, cost := range c.costs[1:] {
		ended, peak, anon := cost, max(sum.Peak, cost.Peak), max(sum.Anon, cost.Anon)
		if sum.Failed {
			ended = sum
		}
		sum = process.Least(sum, cost)
		sum.Peak, sum.Anon, sum.Exit, sum.Failed, sum.Said = peak, anon, ended.Exit, ended.Failed, ended.Said
	}
	return sum
}
