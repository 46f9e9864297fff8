package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/agent"
)

// agentFlags are scan's, and what is said of the agent.
type agentFlags struct {
	*scanFlags
	agent, mode string
	strict      bool
	timeout     time.Duration
}

// What a coding agent hands to a hook: the largest call that is read, in bytes, and
// the longest that it waits for an answer. Their own limits are at 30 seconds and more;
// an answer of a tool is cut by them at some hundred kB.
const (
	maxCall     = 32 << 20
	agentWithin = 5 * time.Second
)

// gcBrief is for a process that lives for milliseconds: with Go's default of 100 the
// collector runs while the rules are opened, which is a fifth of its time.
const gcBrief = 800

func (a *app) hookAgentCommand(scan *scanFlags) *cobra.Command {
	f := &agentFlags{scanFlags: scan}
	c := &cobra.Command{
		Use:   "agent",
		Short: "Keep credentials from coding agents; reads the agent's JSON from stdin",
		Long: `What a coding agent runs before it reads or writes a file, runs a command or sends
a prompt, and after a tool has answered. It reads the call as JSON from stdin and answers
in the agent's own words; which agent it is, the call's shape tells. Exit codes are the
agent's, not oakum's: docs/agents.md has them.

  block  keep files that hold a credential from being read, and new ones from being
         written, run or sent; mask what tools answer
  mask   let files be read where the agent takes a masked answer
  ask    have a person decide, where the agent can ask`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.agentHook(c.Context(), f) },
	}
	c.Flags().StringVar(&f.agent, "agent", "", "the call is of the agent `NAME`: claude, codex, copilot, cursor, gemini, windsurf, cline, plain (default: told by its shape)")
	c.Flags().StringVar(&f.mode, "mode", "block", "`WORD` for what happens with a credential: block, mask, ask")
	c.Flags().BoolVar(&f.strict, "strict", false, "block what could not be understood or looked at; else it goes on, with a word on stderr")
	c.Flags().DurationVar(&f.timeout, "timeout", agentWithin, "answer within this `TIME`")
	return c
}

// agentHook answers one call.
func (a *app) agentHook(ctx context.Context, f *agentFlags) error {
	if _, err := agent.ParseMode(f.mode); err != nil {
		return fmt.Errorf("--mode: %w", err)
	}
	debug.SetGCPercent(gcBrief)
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	call, err := a.readCall(ctx, f.agent)
	if err != nil {
		return a.unread(f, err)
	}
	look := &agentLook{app: a, flags: f, call: call, now: time.Now()}
	answer, err := look.answer(ctx)
	if err != nil {
		answer = call.NotLooked(err.Error(), f.strict)
	}
	r := call.Reply(answer)
	if _, err := io.WriteString(a.Out, r.Out); err != nil {
		return err
	}
	if _, err := io.WriteString(a.Err, r.Err); err != nil {
		return err
	}
	if r.Code != 0 {
		return &exitError{code: r.Code}
	}
	return nil
}

// readCall reads at most maxCall bytes, until the time is up.
func (a *app) readCall(ctx context.Context, name string) (*agent.Call, error) {
	data, err := io.ReadAll(io.LimitReader(&interruptible{ctx: ctx, in: a.In}, maxCall+1))
	if err != nil {
		return nil, fmt.Errorf("read the call: %w", err)
	}
	if len(data) > maxCall {
		return nil, fmt.Errorf("read the call: it is larger than %d MB", maxCall>>20)
	}
	return agent.Parse(data, name)
}

// unread is the end of a call that was not understood. All agents that are known go
// on after 0, and all but Cline stop after 2; Cline stops for JSON alone.
func (a *app) unread(f *agentFlags, err error) error {
	if errors.Is(err, agent.ErrNoCall) {
		err = fmt.Errorf("%w: name it with --agent", err)
	}
	if f.strict {
		return &exitError{exitFailure, fmt.Errorf("%w; stopped because of --strict", err)}
	}
	a.say("%s; nothing was looked at, and the agent goes on", err)
	return nil
}
