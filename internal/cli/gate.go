package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/ci"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/setup"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// gateFlags are those of a scan in a pipeline.
type gateFlags struct {
	on      bool
	base    string
	reports []string
	summary string
}

func (f *gateFlags) register(c *cobra.Command) {
	p := c.Flags()
	p.BoolVar(&f.on, "ci", false, "what the change adds that this job of a CI system is about; judged by what was there before it")
	p.StringVar(&f.base, "base", "", "with --ci: the `BRANCH` or commit that was there before, where the CI system does not say")
	p.StringArrayVar(&f.reports, "report", nil, "with --ci: write a report to `FILE` too; its name says the format: .sarif, .json, .jsonl, .xml (JUnit), .csv, .html, .md, gl-….json (GitLab)")
	p.StringVar(&f.summary, "summary", "", "with --ci: write a summary in Markdown to `FILE` (default: where the CI system shows one)")
	for _, part := range []string{"staged", "range", "since", "branch", "state"} {
		c.MarkFlagsMutuallyExclusive("ci", part)
	}
}

// check refuses what says nothing without --ci.
func (f *gateFlags) check() error {
	if !f.on && (f.base != "" || len(f.reports) > 0 || f.summary != "") {
		return errors.New("--base, --report and --summary go with --ci")
	}
	for _, file := range f.reports {
		if _, err := formatOf(file, ""); err != nil {
			return err
		}
	}
	return nil
}

// scanGate judges the change that the running job is about. What it prints is for the
// job's log, which the CI system looks through for commands: see inert.
func (a *app) scanGate(ctx context.Context, f *scanFlags, paths []string) error {
	if len(paths) > 1 {
		return errors.New("--ci: one repository")
	}
	out, words := &inert{to: a.Out}, &inert{to: a.Err}
	job := &pipelineJob{app: a, flags: f, out: a.Out, words: a.Err}
	a.Out, a.Err = out, words
	defer func() { _ = errors.Join(out.flush(), words.flush()) }() // the last line is whole unless writing has failed
	doc, err := a.scanned(ctx, f, func() (target, error) { return job.target(orHere(paths)[0]) })
	if err != nil {
		job.failed(err)
		return err
	}
	return job.deliver(doc)
}

// pipelineJob is the run of a gate in a CI system.
type pipelineJob struct {
	*app
	flags      *scanFlags
	out, words io.Writer // the process's own, for the CI system's commands
	platform   ci.Platform
}

// maxEvent bounds the file that says what happened: GitHub's payloads are at most 25 MB.
const maxEvent = 32 << 20

func (j *pipelineJob) target(path string) (target, error) {
	t, repo, err := repositoryTarget(path)
	if err != nil {
		return t, err
	}
	change, err := ci.Find(ci.World{Env: func(name string) string { return j.env[name] }, Read: readEvent})
	j.platform = change.Platform
	if err != nil {
		return t, fmt.Errorf("--ci: %w", err)
	}
	g, err := ci.Resolve(change, history{repo}, j.flags.gate.base)
	if err != nil {
		return t, fmt.Errorf("--ci: %w", err)
	}
	if err := t.pipeline(repo, g); err != nil {
		return t, fmt.Errorf("--ci: %w", err)
	}
	if t.repo != nil && t.base != "" && repo.Lacks(t.base, t.head, t.word, append(ownNames(), setup.BaselineFile)) {
		return t, fmt.Errorf("--ci: %w", j.partial("the content of files before the change"))
	}
	j.takeBaseline(t, repo)
	return t, nil
}

// takeBaseline has the baseline that init wrote count, where the user named no other.
func (j *pipelineJob) takeBaseline(t target, repo *gitsource.Repo) {
	if j.flags.baseline != "" || repo.Bare() || t.word == "" {
		return
	}
	if _, err := repo.File(t.word, setup.BaselineFile); err == nil {
		j.flags.baseline = filepath.Join(repo.WorkTree(), setup.BaselineFile)
	}
}

// partial is about a clone that left content on the remote.
func (j *pipelineJob) partial(what string) error {
	return &ci.MissingError{Platform: j.platform, What: what, Partial: true}
}

// lacks is what the clone did not hold of the change itself, where it is a partial one.
// Elsewhere that is a boundary; a gate that did not see the change has not judged it.
func (j *pipelineJob) lacks(doc *report.Document) error {
	for _, g := range doc.Gaps {
		if g.Code == leak.GapPartial && doc.Result.ExitCode != exitDenied {
			return &exitError{exitFailure, fmt.Errorf("--ci: %w", j.partial("content of the change"))}
		}
	}
	return nil
}

func readEvent(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxEvent {
		return nil, fmt.Errorf("%s is no event's file", file)
	}
	return os.ReadFile(file)
}

// history is a clone as package ci asks it.
type history struct{ *gitsource.Repo }

func (h history) Fork(not []string, head string) (base string, cut bool, err error) {
	f, err := h.Repo.Fork(gitsource.Selection{Tips: []string{head}, Not: not})
	return f.Base, f.Cut, err
}

// pipeline makes t the change of a pipeline.
func (t *target) pipeline(repo *gitsource.Repo, g ci.Gate) error {
	sel := gitsource.Selection{Tips: []string{g.Head}, Not: g.Not, Head: g.Head}
	src, err := repo.Commits(sel)
	if err != nil {
		return err
	}
	t.source, t.gate, t.about, t.change, t.base, t.head = src, true, contextOf(g), &sel, g.Base, g.Head
	t.gone = goneFromAll(repo, []string{g.Head})
	if !g.Own {
		t.repo = repo
	}
	t.readFrom(repo, g.Word)
	t.info.Branch = cmp.Or(g.Branch, t.info.Branch)
	t.info.Part = "ci " + string(g.Platform)
	t.info.Change = &report.Change{Platform: string(g.Platform), Event: g.Event, Target: g.Target, Tag: g.Tag,
		Head: repo.ID(g.Head), Base: g.Base, Word: repo.ID(g.Word)}
	if g.Word == "" {
		t.info.Change.Word = ""
	}
	return nil
}

// contextOf is what the policy is told of a change. What has nothing before it is no
// change that could wave itself through: it is looked at as its owner would.
func contextOf(g ci.Gate) *policy.Context {
	c := &policy.Context{Event: policy.Gate, Branch: g.Branch, TargetBranch: g.Target, DefaultBranch: g.DefaultBranch, Protected: g.Protected,
		Tag: g.Tag, Environment: g.Environment, Platform: string(g.Platform), User: policy.User{Name: g.User}}
	if g.Own {
		c.Event, c.Settings.Trusted = policy.Scan, true
	}
	return c
}
