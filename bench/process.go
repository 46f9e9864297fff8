package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// cost is what one run of a process took.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // most memory it held at once, in bytes; 0 where the system does not tell
}

// program is a command to be measured. Exit codes in fine are no error: a scan
// that finds something ends with 1.
type program struct {
	name string
	args []string
	dir  string
	fine []int
}

// once runs the program, its output thrown away.
func (p program) once(ctx context.Context) (cost, error) {
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Dir = p.dir
	began := time.Now()
	err := cmd.Run()
	c := cost{wall: time.Since(began)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && slices.Contains(p.fine, exit.ExitCode()) {
		err = nil
	}
	if err != nil {
		return c, fmt.Errorf("run %s: %w", p.name, err)
	}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.peak = peak(cmd.ProcessState)
	return c, nil
}

// best runs the programs in turns, so that what else the machine does falls on
// all of them, and gives each one's least cost in each respect.
func best(ctx context.Context, times int, programs ...program) ([]cost, error) {
	least := make([]cost, len(programs))
	for turn := range times + 1 {
		for i, p := range programs {
			c, err := p.once(ctx)
			if err != nil {
				return nil, err
			}
			switch {
			case turn == 0: // warms caches
			case turn == 1:
				least[i] = c
			default:
				least[i] = cost{min(least[i].wall, c.wall), min(least[i].cpu, c.cpu), min(least[i].peak, c.peak)}
			}
		}
	}
	return least, nil
}

// row is a line of the table: a program beside the one that it is compared with.
type row struct {
	what    string
	name    string
	cost    cost
	against string
	than    cost
	ratio   float64
	bar     string // what is asked of it, "" where nothing is
	over    bool
}

func (r row) String() string {
	s := fmt.Sprintf("%-34s %-22s %8.1f ms wall %8.1f ms cpu %6.1f MB", r.what, r.name, ms(r.cost.wall), ms(r.cost.cpu), mb(r.cost.peak))
	if r.against != "" {
		s += fmt.Sprintf(" | %-16s %8.1f ms wall %8.1f ms cpu %6.1f MB | ratio %5.2f", r.against, ms(r.than.wall), ms(r.than.cpu), mb(r.than.peak), r.ratio)
	}
	if r.bar != "" {
		verdict := "holds"
		if r.over {
			verdict = "MISSED"
		}
		s += fmt.Sprintf(" | bar %s: %s", r.bar, verdict)
	}
	return s
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func mb(n int64) float64         { return float64(n) / (1 << 20) }
