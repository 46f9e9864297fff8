package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/oakum-sec/oakum/internal/process"
)

// runSibling has the sibling do what this program was asked: with the same arguments,
// streams and environment. It comes back only where the sibling ran as a child, or
// did not run.
func (a *app) runSibling(ctx context.Context, s sibling) error {
	if a.program.Name == s.name {
		return fmt.Errorf("%s does not have this command", s.name)
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("look for %s: %w", s.name, err)
	}
	path, err := s.locate(executable)
	if err != nil {
		return err
	}
	if same(path, executable) { // it would run itself for ever
		return fmt.Errorf("%s is this very program under another name: install the two apart", path)
	}
	args := append([]string{a.name}, a.args...)
	if a.ownsStreams() {
		err = process.Replace(path, args, a.environ)
	} else {
		err = errors.ErrUnsupported
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return a.child(ctx, path, args)
	}
	return fmt.Errorf("run %s: %w", path, err)
}

// ownsStreams tells that a program in this one's place would have the same streams.
func (a *app) ownsStreams() bool {
	return a.In == os.Stdin && a.Out == os.Stdout && a.Err == os.Stderr
}

// child runs the sibling and waits for it. Where ctx ends, by a Ctrl-C, the sibling is
// told so and says what it did until then; a console tells it by itself.
func (a *app) child(ctx context.Context, path string, args []string) error {
	cmd := exec.CommandContext(ctx, path)
	cmd.Args, cmd.Env = args, a.environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.In, a.Out, a.Err
	cmd.Cancel = func() error { return process.Interrupt(cmd.Process) }
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	if code := process.Exit(cmd.ProcessState); code != exitClean {
		return &exitError{code: code}
	}
	return nil
}

// same tells whether two paths lead to one file.
func same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}
