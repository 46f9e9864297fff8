package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/hook"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// hookFlags are scan's, and what a server needs.
type hookFlags struct {
	*scanFlags
	timeout   time.Duration
	onTimeout string
	allowSkip bool
}

// answerWithin is below the 5 seconds at which several code hosts cut a
// pre-receive hook off, which would count as a refusal without a word.
const answerWithin = 4500 * time.Millisecond

func (a *app) hookRunCommand() *cobra.Command {
	scan := &scanFlags{}
	c := &cobra.Command{
		Use:   "run HOOK",
		Short: "What an installed hook runs: judge what the change adds",
	}
	scan.register(c)
	f := &hookFlags{scanFlags: scan}
	c.AddCommand(
		a.hookRunOne(f, hook.PreCommit, "Judge what is staged", cobra.ArbitraryArgs, (*app).preCommit),
		a.hookRunOne(f, hook.CommitMsg, "Judge the message in FILE", cobra.ExactArgs(1), (*app).commitMessage),
		a.hookRunOne(f, hook.PrePush, "Judge what no remote has yet; reads git's lines from stdin", cobra.ArbitraryArgs, (*app).prePush),
	)
	timed := &hookFlags{scanFlags: scan}
	receive := a.hookRunOne(timed, hook.PreReceive, "On a server: judge what a push brings; reads git's lines from stdin", cobra.NoArgs, (*app).preReceive)
	receive.Flags().DurationVar(&timed.timeout, "timeout", answerWithin, "answer within this `TIME`; 0: take as long as it takes")
	receive.Flags().StringVar(&timed.onTimeout, "on-timeout", "deny", "`WORD` when the time is up: deny, allow")
	receive.Flags().BoolVar(&timed.allowSkip, "allow-skip", false, "only warn of a push with git push -o oakum.skip=\"REASON\"")
	c.AddCommand(receive, a.hookAgentCommand(scan))
	return c
}

// judged is what a hook looks at, nil where the change brings nothing.
type judged struct {
	target
	noun string // "commit", "push": what is refused
	gate bool   // by somebody who may not be trusted
	repo *gitsource.Repo
	tips []string              // the commits that a push leads to
	tell func(*policy.Context) // adds what is known of the change; nil: nothing is
}

func (a *app) hookRunOne(f *hookFlags, t hook.Type, short string, args cobra.PositionalArgs,
	find func(*app, *gitsource.Repo, []string) (*judged, error)) *cobra.Command {
	use := string(t)
	if t == hook.CommitMsg {
		use += " FILE"
	}
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(c *cobra.Command, args []string) error {
			repo, err := a.hookRepository(t)
			if err != nil {
				return err
			}
			defer repo.Close()
			what, err := find(a, repo, args)
			if err != nil || what == nil {
				return err
			}
			what.repo = repo
			return a.judge(c.Context(), f, what)
		},
	}
}

// hookRepository opens the repository in which git runs the hook. git says
// which, by GIT_DIR, or else by the folder in which the hook runs.
func (a *app) hookRepository(t hook.Type) (*gitsource.Repo, error) {
	opt := gitsource.Options{NoSubmodules: true}
	if t == hook.PreCommit {
		opt.IndexFile = a.env["GIT_INDEX_FILE"] // git commit -a and git commit FILE have one of their own
	}
	if t == hook.PreReceive {
		opt.ObjectDirs = gitsource.QuarantineDirs(func(name string) string { return a.env[name] })
	}
	if dir := a.env["GIT_DIR"]; dir != "" {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return nil, fmt.Errorf("find GIT_DIR: %w", err)
		}
		return gitsource.Open(dir, opt)
	}
	root, ok := gitsource.Find(".")
	if !ok {
		return nil, fmt.Errorf("hook: %w: git runs hooks in one", gitsource.ErrNotRepository)
	}
	return gitsource.Open(root, opt)
}

// ofUser is a change by the user of this machine: the repository's own files
// count as they lie in the working tree, for who installed the hook trusts them.
// git runs these hooks at the working tree's top, wherever GIT_DIR is.
func ofUser(part, noun string, src scanner.Source) *judged {
	return &judged{noun: noun, target: target{
		source: src, info: report.Target{Kind: "git", Path: ".", Part: part}, own: ownFiles("."), root: ".", gone: goneFrom("."),
	}}
}

func (a *app) preCommit(repo *gitsource.Repo, _ []string) (*judged, error) {
	return ofUser("staged", "commit", repo.Staged()), nil
}

// maxMessage is far above any message; git's own limit is the memory.
const maxMessage = 64 << 20

func (a *app) commitMessage(_ *gitsource.Repo, args []string) (*judged, error) {
	info, err := os.Stat(args[0])
	if err != nil {
		return nil, fmt.Errorf("read the commit message: %w", err)
	}
	if info.Size() > maxMessage {
		return nil, fmt.Errorf("read the commit message: %d bytes are more than a message has", info.Size())
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return nil, fmt.Errorf("read the commit message: %w", err)
	}
	place := leak.File{Name: filepath.ToSlash(args[0])}
	return ofUser("message", "commit", oneText{place, leak.Staged, hook.Message(text)}), nil
}

func (a *app) prePush(repo *gitsource.Repo, _ []string) (*judged, error) {
	updates, err := hook.ReadPush(a.In)
	if err != nil {
		return nil, err
	}
	// What a remote has, as far as is known here, left this machine before.
	sel, any := selection(updates, repo.Has)
	if !any {
		return nil, nil
	}
	sel.NotRefs = []string{"refs/remotes/"}
	src, err := repo.Commits(sel)
	j := ofUser("push", "push", src)
	j.tips, j.change = sel.Tips, &sel
	return j, err
}

// selection is what the updates bring and the other side did not have. An old
// id may be unknown here: somebody else pushed, and git will refuse it later.
func selection(updates []hook.Update, has func(rev string) bool) (sel gitsource.Selection, any bool) {
	for _, u := range updates {
		if !u.Deletes() {
			sel.Tips = append(sel.Tips, u.New)
		}
		if u.Old != "" && has(u.Old) {
			sel.Not = append(sel.Not, u.Old)
		}
	}
	return sel, len(sel.Tips) > 0
}

// judge scans what the hook looks at, and accepts or refuses it.
func (a *app) judge(ctx context.Context, f *hookFlags, what *judged) error {
	if f.onTimeout != "" && f.onTimeout != "deny" && f.onTimeout != "allow" {
		return fmt.Errorf("--on-timeout: %q is not deny or allow", f.onTimeout)
	}
	if err := a.checkOutput(f.output); err != nil {
		return err
	}
	j, err := f.job(time.Now())
	if err != nil {
		return err
	}
	j.target = what.target
	j.about.Event, j.about.Settings.Trusted = policy.Hook, true // who installed the hook trusts the repository
	if what.gate {
		j.about.Event = policy.Gate
	}
	if what.tell != nil {
		what.tell(&j.about)
	}
	if f.allowSkip {
		j.about.Options["allow_skip"] = "true"
	}
	if j.config, err = configure(word{
		config: f.config, baseline: f.baseline, allowFile: f.allowFile, own: what.own, where: what.where, target: what.root,
		obeys: func(string, []byte) (bool, error) { return true, nil }, now: time.Now(), gone: what.gone,
	}); err != nil {
		return err
	}
	if err := a.useKnown(j.config, f.known); err != nil {
		return err
	}
	if err := j.obey(f.policy); err != nil {
		return err
	}
	j.options.Known = j.config.known
	j.config.lists = append(j.config.lists, newBefore(ctx, what.repo, what.change, scanner.New(j.config.set, j.options)))
	doc, late, err := a.runWithin(ctx, f.timeout, j)
	if err != nil {
		return err
	}
	if late && f.onTimeout == "allow" && doc.Result.ExitCode == exitIncomplete {
		a.say("the time of %s was over before all was looked at; accepted because of --on-timeout allow", f.timeout)
		doc.Result.ExitCode = exitClean
	}
	return a.answer(f, what, doc, late)
}
