// Package process runs whole programs to measure what they cost: wall time, the
// CPU time of the process and of all that it started and waited for, and memory.
//
// Programs that are compared run in turns, so that what else the machine does
// falls on all of them. Ratios within one run are the result; seconds depend on
// the machine.
//
// Limits: CPU and memory are what the system tells of a child that was waited
// for (getrusage(2)); a process that lets go of its own children is not seen
// whole. Memory is that of the largest single process, not of the tree's sum.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Cost is what one run took.
type Cost struct {
	Wall, CPU time.Duration
	Peak      int64  // most memory resident at once (ru_maxrss), mapped files included, in bytes; 0 where the system does not tell
	Anon      int64  // most anonymous memory seen at once, sampled, in bytes; 0 where nothing was seen
	Exit      int    // the exit code; -1 where a signal ended it, or the time that it was given
	Failed    bool   // it did not do all that it should
	Said      string // the last line on stderr of a run that failed
}

// Step is one command.
type Step struct {
	Args []string
	Dir  string
	Env  []string // added to this process's own
}

// Program is what is measured: commands that run one after the other, their
// costs added up.
type Program struct {
	Name  string
	Steps []Step
	Fine  []int         // exit codes beside 0 that are no failure: a scan that finds something ends with 1
	Died  string        // words on stderr that mean a failure whatever the exit code; "": none
	Limit time.Duration // a run that takes longer is ended; 0: none
}

// Command is a Program of one step.
func Command(name, dir string, fine []int, args ...string) Program {
	return Program{Name: name, Steps: []Step{{Args: args, Dir: dir}}, Fine: fine}
}

// Run runs the program, its output thrown away, until a step fails. The error is
// that of a program that could not be started, or ctx's; a program that ends
// badly is no error, but a Cost that Failed.
func (p Program) Run(ctx context.Context) (Cost, error) {
	var sum Cost
	for _, step := range p.Steps {
		c, words, err := step.run(ctx, p.Limit)
		if err != nil {
			return sum, fmt.Errorf("run %s: %w", p.Name, err)
		}
		c.Failed = c.Exit != 0 && !slices.Contains(p.Fine, c.Exit)
		if line, died := words.about(p.Died); died {
			c.Failed, c.Said = true, line
		} else if c.Failed && c.Said == "" {
			c.Said, _ = words.about("")
		}
		c.Wall, c.CPU, c.Peak, c.Anon = c.Wall+sum.Wall, c.CPU+sum.CPU, max(c.Peak, sum.Peak), max(c.Anon, sum.Anon)
		if sum = c; c.Failed {
			break
		}
	}
	return sum, nil
}

func (s Step) run(ctx context.Context, limit time.Duration) (Cost, *tail, error) {
	within := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	cmd := exec.CommandContext(within, s.Args[0], s.Args[1:]...)
	cmd.Dir, cmd.Env = s.Dir, append(os.Environ(), s.Env...)
	cmd.WaitDelay = time.Second // a child that outlives a killed program would hold its stderr
	words := &tail{}
	cmd.Stderr = words
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Cost{}, words, err
	}
	anon := watch(cmd.Process.Pid)
	err := cmd.Wait()
	c := Cost{Wall: time.Since(began), Anon: anon()}
	if ctx.Err() != nil {
		return c, words, ctx.Err()
	}
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended && within.Err() == nil {
		return c, words, err
	}
	c.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.Peak, c.Exit = peak(cmd.ProcessState), cmd.ProcessState.ExitCode()
	if within.Err() != nil {
		c.Exit, c.Said = -1, fmt.Sprintf("ended after %s, the time that it was given", limit)
	}
	return c, words, nil
}

// sampled is how often a running process is asked for its anonymous memory:
// asking takes some 20 µs, so it costs what is measured 0.2 % at most.
const sampled = 10 * time.Millisecond

// watch samples the anonymous memory of a process until the function that it
// returns is called, which tells the most that was seen, in bytes.
func watch(pid int) func() int64 {
	stop, most := make(chan struct{}), make(chan int64)
	go func() {
		tick := time.NewTicker(sampled)
		defer tick.Stop()
		seen := anonymous(pid)
		for {
			select {
			case <-tick.C:
				seen = max(seen, anonymous(pid))
			case <-stop:
				most <- seen
				return
			}
		}
	}()
	return func() int64 { close(stop); return <-most }
}

// Turns runs the programs in turns and hands each run on as it ends.
func Turns(ctx context.Context, times int, programs []Program, each func(turn, program int, c Cost) error) error {
	for turn := range times {
		for i, p := range programs {
			c, err := p.Run(ctx)
			if err == nil {
				err = each(turn, i, c)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Best gives each program's least cost in each respect. One turn before those
// that count warms the caches. A program that fails is an error.
func Best(ctx context.Context, times int, programs ...Program) ([]Cost, error) {
	least := make([]Cost, len(programs))
	err := Turns(ctx, times+1, programs, func(turn, i int, c Cost) error {
		switch {
		case c.Failed:
			return fmt.Errorf("run %s: exit code %d: %s", programs[i].Name, c.Exit, c.Said)
		case turn == 1:
			least[i] = c
		case turn > 1:
			least[i] = Least(least[i], c)
		}
		return nil
	})
	return least, err
}

// Least is the lesser of two costs in each respect.
func Least(a, b Cost) Cost {
	a.Wall, a.CPU, a.Peak, a.Anon = min(a.Wall, b.Wall), min(a.CPU, b.CPU), min(a.Peak, b.Peak), min(a.Anon, b.Anon)
	return a
}

// tail keeps the end of what is written to it: the words of a program that died.
type tail struct{ end []byte }

const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.end = append(t.end, p[max(0, len(p)-tailSize):]...)
	t.end = t.end[max(0, len(t.end)-tailSize):]
	return len(p), nil
}

// about is the last line that has the words in it, where there is one; without
// words, the last line.
func (t *tail) about(words string) (line string, ok bool) {
	lines := strings.Split(string(bytes.TrimSpace(t.end)), "\n")
	for _, l := range slices.Backward(lines) {
		if strings.Contains(l, words) {
			return strings.TrimSpace(l), words != ""
		}
	}
	return "", false
}
