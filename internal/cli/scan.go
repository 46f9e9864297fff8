package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner"
)

// scanFlags are the flags that every scan has.
type scanFlags struct {
	output          outputFlags
	git             gitOptions
	gate            gateFlags
	verify          verifyFlags
	known           knownFlags
	state           string
	jobs            int
	config          string
	baseline        string
	allowFile       string
	minProof        string
	minConfidence   float64
	maxSize         string
	archiveDepth    int
	denyGeneric     string
	policy          string
	noInline        bool
	requireComplete bool

	audit *Audit                 // judges by namespaces; nil: by the target
	told  func(scanner.Progress) // is told how far the scan is, where no terminal is; nil: nobody
}

// archiveDepth is how deep archives are opened by default: an image in a tar of
// jars in a zip is three.
const archiveDepth = 8

func (f *scanFlags) register(c *cobra.Command) {
	p := c.PersistentFlags()
	f.output.register(p)
	f.known.register(p)
	p.IntVarP(&f.jobs, "jobs", "j", 0, "workers (default: one a core); changes no result")
	p.StringVar(&f.config, "config", "", "rules and allowlists from `FILE` (gitleaks' TOML, and more)")
	p.StringVar(&f.baseline, "baseline", "", "suppress the findings that `FILE` lists; `oakum baseline` writes one")
	p.StringVar(&f.allowFile, "allow-file", "", "suppress the findings that `FILE` allows, in the place of the target's own .oakum-allow")
	p.StringVar(&f.minProof, "min-proof", "generic", "list and deny only findings of this `TIER` or above: generic, pattern, structural, proven; the others are counted")
	p.Float64Var(&f.minConfidence, "min-confidence", scanner.DefaultMinConfidence, "drop findings of less confidence, from 0.35 to 1; only generic ones differ")
	p.StringVar(&f.policy, "policy", "", "decide by the policy in `DIR` (or a bundle .tar.gz, or a .rego file); what it leaves open, oakum's own decides")
	p.StringVar(&f.denyGeneric, "deny-generic", policy.DenyGenericDefault.String(), "`SEVERITY` from which a generic finding denies: low, medium, high, critical, never")
	p.StringVar(&f.maxSize, "max-size", "", "a larger text is a gap: `SIZE` as 500k, 10M, 2G (default: no limit)")
	p.IntVar(&f.archiveDepth, "archive-depth", archiveDepth, "open archives within archives so `DEEP`; 0: do not open any")
	p.BoolVar(&f.noInline, "no-inline", false, "comments beside a value do not suppress it")
	p.BoolVar(&f.requireComplete, "require-complete", false, "exit 3 for submodules, LFS pointers, shallow clones and their like too")
}

func (f *scanFlags) registerGit(c *cobra.Command) {
	p := c.Flags()
	p.BoolVar(&f.git.staged, "staged", false, "what is staged for the next commit")
	p.StringVar(&f.git.span, "range", "", "what the commits `A..B` add; configuration is read from A")
	p.StringVar(&f.git.since, "since", "", "what was added since `REV`, a revision")
	p.StringVar(&f.git.branch, "branch", "", "one `BRANCH` in the place of all refs")
	p.StringVar(&f.state, "state", "", "a `FILE` that makes the next scan of the same repository cheaper; it is written at the end")
	f.gate.register(c)
	c.MarkFlagsMutuallyExclusive("staged", "range", "since")
	c.MarkFlagsMutuallyExclusive("staged", "range", "branch")
	for _, part := range []string{"staged", "range", "since", "branch"} {
		c.MarkFlagsMutuallyExclusive("state", part)
	}
}

func (a *app) scanCommand() *cobra.Command {
	f := &scanFlags{}
	c := &cobra.Command{
		Use:   "scan [PATH...]",
		Short: "Find credentials in a repository or in files",
		Long: `Scans a git repository (its history, index and working tree) or files.

Findings of a known form deny (exit 1) where they are in the working tree, staged
or in the history; those in stashes, reflogs and unreachable objects are warned of.
Generic ones (a name such as "password" beside a random value) deny from
--deny-generic on.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.scanOrGate(c.Context(), f, args, func() (target, error) { return pathTarget(args, f.git) })
		},
	}
	f.register(c)
	f.registerGit(c)
	c.PersistentFlags().BoolVar(&f.verify.on, "verify", false, "ask issuers whether what was found is live, as `oakum verify` does (dials their hosts)")
	f.verify.register(c.PersistentFlags())
	c.AddCommand(a.scanDirCommand(f), a.scanGitCommand(f), a.scanImageCommand(f), a.scanK8sCommand(f), a.scanCICommand(f), a.scanStdinCommand(f))
	return c
}

func (a *app) scanDirCommand(f *scanFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "dir [PATH...]",
		Short: "Files as they lie on disk; a repository's history is left alone",
		RunE: func(c *cobra.Command, args []string) error {
			return a.scan(c.Context(), f, func() (target, error) {
				t, err := dirTarget(orHere(args))
				t.notice = nil // the user said that he means files
				return t, err
			})
		},
	}
}

func (a *app) scanGitCommand(f *scanFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "git [PATH]",
		Short: "A git repository: every ref, stash, note, reflog and unreachable object, index and working tree",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.scanOrGate(c.Context(), f, args, func() (target, error) { return gitTarget(orHere(args)[0], f.git) })
		},
	}
	f.registerGit(c)
	return c
}

func (a *app) scanStdinCommand(f *scanFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "stdin",
		Short: "What is piped in",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.scan(c.Context(), f, func() (target, error) { return a.stdinTarget(c.Context()), nil })
		},
	}
}

func orHere(paths []string) []string {
	if len(paths) == 0 {
		return []string{"."}
	}
	return paths
}

// scanOrGate is scan, or with --ci scanGate.
func (a *app) scanOrGate(ctx context.Context, f *scanFlags, args []string, find func() (target, error)) error {
	if err := f.gate.check(); err != nil {
		return err
	}
	if f.gate.on {
		return a.scanGate(ctx, f, args)
	}
	return a.scan(ctx, f, find)
}

// scan runs a scan command: flags, target, configuration, scan, report.
func (a *app) scan(ctx context.Context, f *scanFlags, find func() (target, error)) error {
	doc, err := a.scanned(ctx, f, find)
	if err != nil {
		return err
	}
	return a.deliver(doc, f.output)
}

// scanned is scan without its report.
func (a *app) scanned(ctx context.Context, f *scanFlags, find func() (target, error)) (*report.Document, error) {
	began := time.Now()
	j, err := f.job(began)
	if err != nil {
		return nil, err
	}
	if err := a.checkOutput(f.output); err != nil {
		return nil, err
	}
	if j.target, err = find(); err != nil {
		return nil, err
	}
	if j.config, err = a.configureFor(j.target, f, began); err != nil {
		return nil, err
	}
	if f.verify.on {
		if j.verify, err = a.verifier(ctx, f, j.config.set); err != nil {
			return nil, err
		}
	}
	j.about = a.judging(j.target, j.about)
	if j.audit = f.audit; j.audit != nil { // a comment on an object does not allow what is in it
		j.about.Event, j.options.NoInline = policy.Audit, true
	}
	if err := j.obey(f.policy); err != nil {
		return nil, err
	}
	if f.output.verbose {
		j.options.Log = stepLog(a.Err)
		j.config.tellKnown(j.options.Log)
	}
	j.options.Known = j.config.known
	j.asChange(ctx)
	j.config.notices = append(j.config.notices, unheard(j.target, f)...)
	if n := j.target.notice; n != nil {
		j.config.notices = append(j.config.notices, *n)
	}
	j.unused = j.target.whole && j.options.MinProof == leak.Generic
	var memory *remembering
	if f.state != "" {
		var doc *report.Document
		if memory, doc, err = a.remember(f, &j, began); err != nil {
			return nil, err
		}
		if doc != nil {
			return doc, nil
		}
	}
	defer a.rememberLayers(f, &j)()
	done := a.showProgress(&j, f.output.quiet)
	doc, err := a.run(ctx, j)
	done()
	if err != nil {
		return nil, err
	}
	if memory != nil {
		memory.keep(doc)
	}
	return doc, nil
}

// job checks the flags and makes of them what they ask for.
func (f *scanFlags) job(now time.Time) (j job, err error) {
	if f.jobs < 0 {
		return j, errors.New("--jobs: a number of workers, 1 or more")
	}
	// Tokens expire by the day, as entries of lists do: a day's reports agree.
	j.options.Now = now.UTC().Truncate(24 * time.Hour)
	j.progress = f.told
	j.options.Jobs, j.options.NoInline, j.requireComplete = f.jobs, f.noInline, f.requireComplete
	if err := j.options.MinProof.UnmarshalText([]byte(f.minProof)); err != nil {
		return j, fmt.Errorf("--min-proof: %w", err)
	}
	if j.options.MinConfidence = f.minConfidence; !(f.minConfidence >= 0 && f.minConfidence <= 1) {
		return j, fmt.Errorf("--min-confidence: %v is no probability: write it as 0.8", f.minConfidence)
	}
	if j.options.MaxSize, err = parseSize(f.maxSize); err != nil {
		return j, err
	}
	if f.archiveDepth < 0 {
		return j, errors.New("--archive-depth: a number, 0 or more")
	}
	j.options.NoUnpack, j.options.Archives.Depth = f.archiveDepth == 0, f.archiveDepth
	j.about.Settings.DenyGeneric, err = parseDenyGeneric(f.denyGeneric)
	return j, err
}

// parseSize reads 500k, 10M, 2G (powers of 1024) or a plain number of bytes.
func parseSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	digits := strings.TrimRight(s, "kKmMgGbBi")
	shift := map[string]int{"": 0, "k": 10, "m": 20, "g": 30}
	by, ok := shift[strings.TrimRight(strings.ToLower(s[len(digits):]), "bi")]
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || !ok || n <= 0 {
		return 0, fmt.Errorf("--max-size: %q is no size: write it as 500k, 10M or 2G", s)
	}
	return n << by, nil
}

// configureFor reads what configures a scan of t.
func (a *app) configureFor(t target, f *scanFlags, now time.Time) (*configuration, error) {
	w := a.wordOf(t, now)
	w.config, w.baseline, w.allowFile = f.config, f.baseline, f.allowFile
	c, err := configure(w)
	if err != nil {
		return nil, err
	}
	return c, a.useKnown(c, f.known)
}

// wordOf is what t's own files may say, and the user nothing.
func (a *app) wordOf(t target, now time.Time) word {
	w := word{own: t.own, where: t.where, target: t.root, now: now, base: t.info.Base, gone: t.gone, named: t.named}
	w.obeys = func(name string, content []byte) (bool, error) {
		if t.gate {
			return true, nil
		}
		return a.trusts(t.root, name, content)
	}
	return w
}
