package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/setup"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// initFlags say what is set up, and whether it is asked for.
type initFlags struct {
	yes, dryRun, noHook, noBaseline, noCI bool
	ci                                    []string
}

func (a *app) initCommand() *cobra.Command {
	f := initFlags{}
	c := &cobra.Command{
		Use:   "init [PATH]",
		Short: "Set a repository up: configuration, baseline, hook and pipeline step",
		Long: `Scans the repository and says what it found, then sets it up so that nothing new comes
in: a configuration (.oakum.toml), a baseline of what is there today (.oakum-baseline),
a pre-commit hook, and a step in its pipeline (oakum scan --ci). It shows each change
and asks before it makes it; what is there already stays, and where it cannot be added
to safely the lines to add are told. A second run changes nothing.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.initialize(c.Context(), f, orHere(args)[0]) },
	}
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "make every change without asking")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "show what would change, and change nothing")
	c.Flags().BoolVar(&f.noHook, "no-hook", false, "install no hook")
	c.Flags().BoolVar(&f.noBaseline, "no-baseline", false, "write no baseline: what is there today goes on to deny")
	c.Flags().BoolVar(&f.noCI, "no-ci", false, "leave pipelines alone")
	c.Flags().StringSliceVar(&f.ci, "ci", nil, "`PLATFORM` of the pipeline: github, gitlab, gitea, bitbucket, azure, circleci, buildkite, jenkins (default: those that the repository has files of)")
	c.MarkFlagsMutuallyExclusive("ci", "no-ci")
	c.MarkFlagsMutuallyExclusive("yes", "dry-run")
	return c
}

// setting is one repository that is set up.
type setting struct {
	*app
	flags    initFlags
	top      string
	doc      *report.Document
	answers  *bufio.Reader
	made     []string      // files that were written
	unasked  bool          // a change was not made because there is nobody to ask
	byHand   []setup.Lines // what a person is to add
	baseline bool          // there is one, from before or now
}

func (a *app) initialize(ctx context.Context, f initFlags, path string) error {
	top, ok := gitsource.Find(path)
	if !ok {
		return fmt.Errorf("%s is in no git repository, which is what init sets up: git init first, or scan files with `oakum scan dir`", path)
	}
	s := &setting{app: a, flags: f, top: fromHere(top), answers: bufio.NewReader(&interruptible{ctx: ctx, in: a.In})}
	if err := s.look(ctx); err != nil {
		return err
	}
	changes, err := s.plan()
	if err != nil {
		return err
	}
	if err := s.make(changes); err != nil {
		return err
	}
	if err := s.hook(ctx); err != nil {
		return err
	}
	return s.end()
}

// look scans the repository, and says what there is.
func (s *setting) look(ctx context.Context) (err error) {
	f := defaults()
	f.output.quiet = false
	if _, err := setup.Read(s.top, setup.BaselineFile); err == nil {
		f.baseline, s.baseline = filepath.Join(s.top, setup.BaselineFile), true
	}
	s.doc, err = s.scanned(ctx, f, func() (target, error) { return gitTarget(s.top, gitOptions{}) })
	if err != nil {
		return err
	}
	bySeverity := map[leak.Severity]int{}
	for _, found := range s.doc.Findings {
		if found.Suppressed == nil {
			bySeverity[found.Severity]++
		}
	}
	var words []string
	for _, sev := range []leak.Severity{leak.Critical, leak.High, leak.Medium, leak.Low} {
		if n := bySeverity[sev]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, sev))
		}
	}
	text := "no credential that counts"
	if len(words) > 0 {
		text = "credentials: " + strings.Join(words, ", ")
	}
	if n := s.doc.Counts.Suppressed; n > 0 {
		text += fmt.Sprintf("; %d known or allowed", n)
	}
	_, err = fmt.Fprintf(s.Out, "looked at %s of %s: %s\n", report.Seen(s.doc.Summary.Blobs, s.doc.Summary.Bytes), s.top, text)
	return err
}

// plan is what is to be written.
func (s *setting) plan() (changes []setup.Change, err error) {
	read := func(file string) ([]byte, error) { return setup.Read(s.top, file) }
	add := func(c *setup.Change, err error) error {
		if c != nil {
			changes = append(changes, *c)
		}
		return err
	}
	if err := add(setup.Config(configNames, read)); err != nil {
		return nil, err
	}
	if old := s.counting(); len(old) > 0 && !s.flags.noBaseline {
		text, err := allow.NewBaseline(old).Bytes()
		if err != nil {
			return nil, err
		}
		if err := add(setup.Baseline(text, read)); err != nil {
			return nil, err
		}
	}
	platforms, err := s.platforms()
	if err != nil {
		return nil, err
	}
	for _, p := range platforms {
		step, err := setup.StepText(p.Name, toolOf().Version)
		if err != nil {
			return nil, err
		}
		change, lines, err := p.Step(step, read)
		if lines != nil {
			s.byHand = append(s.byHand, *lines)
		}
		if err := add(change, err); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// counting are the findings that a baseline is to hold.
func (s *setting) counting() (old []*leak.Finding) {
	for _, f := range s.doc.Findings {
		if f.Suppressed == nil {
			old = append(old, f)
		}
	}
	return old
}

func (s *setting) platforms() (all []setup.Platform, err error) {
	if s.flags.noCI {
		return nil, nil
	}
	for _, name := range s.flags.ci {
		p, err := setup.PlatformByName(name)
		if err != nil {
			return nil, fmt.Errorf("--ci: %w", err)
		}
		all = append(all, p)
	}
	if len(all) > 0 {
		return all, nil
	}
	repo, err := gitsource.Open(s.top, gitsource.Options{NoSubmodules: true})
	if err != nil {
		return nil, err
	}
	defer repo.Close()
	there := func(name string) bool {
		_, err := os.Lstat(filepath.Join(s.top, filepath.FromSlash(name)))
		return err == nil
	}
	return setup.Detect(there, repo.Remote()), nil
}
