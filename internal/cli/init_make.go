package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/oakum-sec/oakum/internal/hook"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/setup"
	"github.com/oakum-sec/oakum/internal/trust"
)

// make makes the changes that are wanted.
func (s *setting) make(changes []setup.Change) error {
	for _, c := range changes {
		if _, err := fmt.Fprintf(s.Out, "\n%s: %s\n", c.File, c.Why); err != nil {
			return err
		}
		if !s.flags.yes || s.flags.dryRun {
			if _, err := io.WriteString(s.Out, shownDiff(c)); err != nil {
				return err
			}
		}
		if ok, err := s.wants("write " + c.File); err != nil || !ok {
			if err != nil {
				return err
			}
			continue
		}
		if err := c.Write(s.top); err != nil {
			return err
		}
		if err := s.trustConfig(c); err != nil {
			return err
		}
		s.made = append(s.made, c.File)
		s.baseline = s.baseline || c.File == setup.BaselineFile
	}
	return nil
}

// maxShown bounds the lines of a change that are shown: a baseline can be long.
const maxShown = 60

func shownDiff(c setup.Change) string {
	lines := strings.SplitAfter(report.EscapeText(c.Diff()), "\n")
	if len(lines) <= maxShown {
		return strings.Join(lines, "")
	}
	return strings.Join(lines[:maxShown], "") + fmt.Sprintf("… and %d more lines\n", len(lines)-maxShown)
}

// wants asks the person, where there is one.
func (s *setting) wants(what string) (bool, error) {
	if s.flags.yes {
		return true, nil
	}
	in, ok := s.In.(*os.File)
	if s.flags.dryRun {
		return false, nil
	}
	if !ok || !isTerminal(in) || !isTerminal(s.Out) {
		s.unasked = true
		return false, nil
	}
	if _, err := fmt.Fprintf(s.Out, "%s? [y/N] ", what); err != nil {
		return false, err
	}
	word, err := s.answers.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	word = strings.ToLower(strings.TrimSpace(word))
	return word == "y" || word == "yes", nil
}

// hook installs the pre-commit hook, where no hook manager keeps its own.
func (s *setting) hook(ctx context.Context) error {
	if s.flags.noHook {
		return nil
	}
	repo, err := hook.Open(ctx, s.top)
	if err != nil {
		return err
	}
	if m, found := hook.FindManager(repo, hook.PreCommit); found {
		if text, err := os.ReadFile(filepath.Join(repo.Top, filepath.FromSlash(m.File))); err != nil || !strings.Contains(string(text), "oakum") {
			s.byHand = append(s.byHand, setup.Lines{File: m.File, Text: m.Add, Why: m.Name + " manages the hooks here"})
		}
		return nil
	}
	if _, err := fmt.Fprintf(s.Out, "\npre-commit hook: refuses a commit that adds a credential\n"); err != nil {
		return err
	}
	if text, err := os.ReadFile(filepath.Join(repo.Hooks, string(hook.PreCommit))); err == nil && strings.Contains(string(text), "# oakum-hook") {
		_, err := fmt.Fprintln(s.Out, "pre-commit: already installed")
		return err // and what is trusted stays what it was
	}
	if ok, err := s.wants("install it, and trust this repository's oakum files as they are"); err != nil || !ok {
		return err
	}
	return s.hookInstall(ctx, s.top, []hook.Type{hook.PreCommit}, false, nil)
}

// trustConfig has the configuration count that the person has just let us write.
func (s *setting) trustConfig(c setup.Change) error {
	if c.File != setup.ConfigFile {
		return nil
	}
	return s.record(s.top, func(files map[string]string) { files[c.File] = trust.Hash(c.New) })
}

// end says what is left to do, and what to type next.
func (s *setting) end() error {
	var b strings.Builder
	for _, l := range s.byHand {
		fmt.Fprintf(&b, "\n%s, so it was left alone; add to %s:\n\n%s\n", l.Why, l.File, strings.TrimRight(l.Text, "\n"))
	}
	if names := s.agents(); len(names) > 0 && len(s.made) > 0 {
		fmt.Fprintf(&b, "\ncoding agents work here; to keep credentials from them:\n  oakum hook install agent %s\n", strings.Join(names, " "))
	}
	if len(s.made) > 0 {
		fmt.Fprintf(&b, "\nnext:\n  %s && git commit -m \"oakum: set up\"\n", s.addLine())
	}
	switch open := len(s.counting()); {
	case s.flags.dryRun:
		b.WriteString("\nnothing was changed; next:\n  oakum init --yes\n")
	case s.unasked:
		b.WriteString("\nnobody is there to ask, so nothing was changed; to make all of these changes:\n  oakum init --yes\n")
	case len(s.made) > 0 && open > 0:
		fmt.Fprintf(&b, "then go through what there is (%d):\n  oakum triage %s\n", open, shellWord(s.top))
	case len(s.made) == 0:
		fmt.Fprintf(&b, "\nnext:\n  %s\n", s.scanLine())
	}
	if _, err := io.WriteString(s.Out, b.String()); err != nil {
		return err
	}
	if s.unasked {
		return &exitError{code: exitFailure}
	}
	return nil
}

// agents are the coding agents whose folders the repository has.
func (s *setting) agents() (names []string) {
	for _, name := range []string{"claude", "codex", "cursor", "gemini", "windsurf"} {
		if _, err := os.Lstat(filepath.Join(s.top, "."+name)); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// addLine stages what was written, from where the person is.
func (s *setting) addLine() string {
	var files []string
	for _, name := range s.made {
		files = append(files, shellWord(filepath.ToSlash(filepath.Join(s.top, name))))
	}
	return "git add " + strings.Join(files, " ")
}

// scanLine is how the repository is scanned from here on.
func (s *setting) scanLine() string {
	line := "oakum scan " + shellWord(s.top)
	if s.baseline {
		line += " --baseline " + shellWord(filepath.ToSlash(filepath.Join(s.top, setup.BaselineFile)))
	}
	return line
}
