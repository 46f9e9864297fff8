package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"time"

	"github.com/oakum-sec/oakum/internal/process"
)

// Program is what is started.
type Program struct {
	Command []string
	Wanted  Wanted
	// Resolve gets all values; each call asks the stores again.
	Resolve func(context.Context) (Given, error)
	Getenv  func(string) string
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	// Replace has the program take this process's place where nothing is left to do
	// for this one: no file to remove, nothing to watch.
	Replace bool
	// Watch is how often the stores are asked whether anything has changed; 0: never.
	Watch time.Duration
	// Change is the signal that tells the program of a change, after its files were
	// written anew; nil: it is started again.
	Change os.Signal
	// Grace is how long a program that is started again has to end; 0 is ten seconds,
	// as Docker has it.
	Grace time.Duration
	// Leases are what some of the values are borrowed under; nil: none are.
	Leases Leases
	// Say tells a person; it is given no value.
	Say func(format string, args ...any)
}

// Leases are what has to be looked after while the program runs, and given back after.
type Leases interface {
	// Held tells whether there is anything.
	Held() bool
	// Due is when to Tend; zero is never.
	Due() time.Time
	// Tend renews; changed says that Resolve will give other values.
	Tend(ctx context.Context) (changed bool)
	// Settle gives back what nobody uses any more, after a change.
	Settle(ctx context.Context)
	// Release gives back all.
	Release(ctx context.Context)
}

// Run starts the program and gives its exit code: 128 and the signal's number where a
// signal ended it, as shells count.
func (p Program) Run(ctx context.Context) (int, error) {
	if p.Leases != nil { // impatience must not end us before they are given back
		held := make(chan os.Signal, 1)
		signal.Notify(held, append(forwarded(p.In), os.Interrupt)...)
		defer signal.Stop(held)
		defer p.release(ctx)
	}
	given, err := p.resolve(ctx)
	if err != nil {
		return 0, err
	}
	path, err := exec.LookPath(p.Command[0])
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", p.Command[0], err)
	}
	if p.Replace && p.Watch == 0 && len(given.Files) == 0 && !p.borrows() {
		if err := process.Replace(path, p.Command, given.Env); !errors.Is(err, errors.ErrUnsupported) {
			return 0, fmt.Errorf("start %s: %w", path, err)
		}
	}
	r := &running{Program: p, path: path}
	if len(given.Files) > 0 {
		if r.memory, err = newMemory(p.Getenv); err != nil {
			return 0, err
		}
		defer r.memory.remove()
	}
	return r.run(ctx, given)
}

// running is a program and what it was given.
type running struct {
	Program
	path   string
	memory *memory
	given  Given
	cmd    *exec.Cmd
	ended  chan error
	stale  bool // a lease was replaced, and the program does not know
}

// start begins the program with what it is given.
func (r *running) start(g Given) error {
	env := g.Env
	if r.memory != nil {
		files, err := r.memory.write(g.Files)
		if err != nil {
			return err
		}
		env = slices.Concat(env, files)
	}
	cmd := exec.Command(r.path)
	cmd.Args, cmd.Env = r.Command, env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r.In, r.Out, r.Err
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", r.path, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	r.given, r.cmd, r.ended = g, cmd, ended
	return nil
}

// run has the program until it ends by itself.
func (r *running) run(ctx context.Context, g Given) (int, error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, forwarded(r.In)...)
	defer signal.Stop(signals)
	if err := r.start(g); err != nil {
		return 0, err
	}
	var tick <-chan time.Time
	if r.Watch > 0 {
		t := time.NewTicker(r.Watch)
		defer t.Stop()
		tick = t.C
	}
	over := ctx.Done()
	for {
		due, stop := r.due()
		select {
		case <-r.ended:
			stop()
			return process.Exit(r.cmd.ProcessState), nil
		case <-due:
			if err := r.tend(ctx); err != nil {
				return 0, err
			}
		case s := <-signals:
			r.cmd.Process.Signal(s)
			over = nil // the end of the context is this signal
		case <-over:
			over = nil
			r.pass(signals)
		case <-tick:
			if err := r.renew(ctx); err != nil {
				return 0, err
			}
		}
		stop()
	}
}

// pass tells the program to end: by the signal that told us so, if it was one.
func (r *running) pass(signals <-chan os.Signal) {
	select {
	case s := <-signals:
		r.cmd.Process.Signal(s)
	case <-time.After(50 * time.Millisecond): // both are told of a signal at once
		process.End(r.cmd.Process)
	}
}

// renew asks the stores again. Where they cannot be asked the program goes on with what
// it has.
func (r *running) renew(ctx context.Context) error {
	g, err := r.resolve(ctx)
	if err != nil {
		r.Say("the secrets could not be asked for again; %s goes on with those it has: %v", r.Command[0], err)
		return nil
	}
	r.stale = false
	if g.Equal(r.given) {
		return nil
	}
	// A running program's variables cannot be changed.
	if r.Change == nil || !slices.Equal(g.Env, r.given.Env) {
		r.Say("a secret has changed: %s is started again", r.Command[0])
		r.stop()
		defer r.settle(ctx)
		return r.start(g)
	}
	if r.memory != nil {
		if _, err := r.memory.write(g.Files); err != nil {
			return err
		}
	}
	r.given = g
	r.Say("a secret has changed: %s is told by %s", r.Command[0], r.Change)
	r.cmd.Process.Signal(r.Change)
	return nil
}

// stop ends the program, by force when its time is over.
func (r *running) stop() {
	grace := r.Grace
	if grace == 0 {
		grace = 10 * time.Second
	}
	process.End(r.cmd.Process)
	select {
	case <-r.ended:
	case <-time.After(grace):
		r.cmd.Process.Kill()
		<-r.ended
	}
}
