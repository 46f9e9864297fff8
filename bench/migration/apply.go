//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// program is oakum-remediate, with a state folder of its own.
type program struct{ path, work, state string }

// used is what a process took.
type used struct {
	time time.Duration
	cpu  time.Duration // its children's too, which git is
	rss  int64
}

func (u used) String() string {
	return fmt.Sprintf("%.1f s (%.1f s of CPU, git's too), at most %d MB resident", u.time.Seconds(), u.cpu.Seconds(), u.rss>>20)
}

// start starts a command; wait gives what it took.
func (p program) start(args ...string) (cmd *exec.Cmd, wait func() (used, error), err error) {
	var out bytes.Buffer
	cmd = exec.Command(p.path, append([]string{"remediate"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.work, &out, &out
	cmd.Env = append(os.Environ(), "OAKUM_STATE_DIR="+p.state, "OAKUM_AGE_IDENTITY="+p.identity())
	begin := time.Now()
	return cmd, func() (used, error) {
		err := cmd.Wait()
		if err != nil {
			err = fmt.Errorf("%s: %w: %.2000s", args[0], err, out.String())
		}
		u := used{time: time.Since(begin), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			u.rss = usage.Maxrss << 10 // Linux counts kilobytes (getrusage(2))
		}
		return u, err
	}, cmd.Start()
}

func (p program) identity() string { return filepath.Join(p.state, "age.txt") }

func (p program) run(args ...string) (used, error) {
	_, wait, err := p.start(args...)
	if err != nil {
		return used{}, err
	}
	return wait()
}

// killed applies a plan and sends SIGKILL once so many of its steps are done; done is
// how many were.
func (p program) killed(plan string, at int) (u used, done int, err error) {
	cmd, wait, err := p.start("apply", plan)
	if err != nil {
		return u, 0, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		u, err = wait()
	}()
	for {
		select {
		case <-ended:
			return u, 0, errors.Join(err, errors.New("apply ended before it was killed"))
		case <-time.After(100 * time.Millisecond):
		}
		if done, _ = p.done(); done >= at {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		return u, 0, err
	}
	<-ended
	done, err = p.done()
	return u, done, err
}

// done counts the steps that the journal has as looked at.
func (p program) done() (int, error) {
	names, err := filepath.Glob(filepath.Join(p.state, "*", "runs", "*", "journal.jsonl"))
	if err != nil || len(names) == 0 {
		names, err = filepath.Glob(filepath.Join(p.state, "runs", "*", "journal.jsonl"))
	}
	if err != nil || len(names) != 1 {
		return 0, errors.Join(err, fmt.Errorf("there are %d journals", len(names)))
	}
	text, err := os.ReadFile(names[0])
	return bytes.Count(text, []byte(`"phase":"verified"`)), err
}
