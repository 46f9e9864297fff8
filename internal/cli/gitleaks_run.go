package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/gitleaks"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
)

// gitleaks runs one of gitleaks' commands: flags, target, configuration, scan,
// report.
func (a *app) gitleaks(ctx context.Context, g *gitleaksFlags, find func() (target, error)) error {
	if err := g.check(a); err != nil {
		return err
	}
	t, err := find()
	if err != nil {
		return err
	}
	j, err := a.gitleaksJob(ctx, g, t)
	if err != nil {
		return err
	}
	if g.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(g.timeout)*time.Second)
		defer cancel()
	}
	doc, err := a.run(ctx, j)
	if err != nil {
		return err
	}
	if g.talks() {
		a.notes(doc.Notices)
	}
	rows := gitleaks.Findings(doc, gitleaks.Options{Reveal: g.reveal, Remote: t.remote, Host: g.platform, Links: t.links, File: t.spelled})
	if err := a.writeGitleaks(g, doc, rows); err != nil {
		return err
	}
	return a.endGitleaks(g, doc, len(rows))
}

func (a *app) gitleaksJob(ctx context.Context, g *gitleaksFlags, t target) (j job, err error) {
	now := time.Now()
	j = job{target: t, oldest: true, about: a.judging(t, policy.Context{})}
	j.skip = func(f *leak.Finding) bool { return f.Reach == leak.Staged && !g.staged } // gitleaks git reads no index
	j.options = scanner.Options{
		Now: now.UTC().Truncate(24 * time.Hour), MaxSize: int64(g.maxMegabytes) << 20,
		NoDecode: g.maxDecode == 0, NoInline: g.ignoreAllow,
	}
	if j.config, err = a.gitleaksConfiguration(g, t, now); err != nil {
		return j, err
	}
	if len(g.enableRules) > 0 {
		if j.config.set, err = onlyRules(j.config.set, g.enableRules); err != nil {
			return j, err
		}
	}
	s := scanner.New(j.config.set, j.options)
	switch {
	case t.repo != nil:
		j.config.lists = append(j.config.lists, newBefore(ctx, t.repo, t.change, s))
	case t.uncommitted != nil:
		j.config.lists = append(j.config.lists, newUncommitted(ctx, t.uncommitted, s))
	}
	return j, nil
}

// gitleaksConfiguration asks in gitleaks' order whose word counts; the target's
// own counts where it is trusted, which gitleaks does not ask for.
func (a *app) gitleaksConfiguration(g *gitleaksFlags, t target, now time.Time) (*configuration, error) {
	w := a.wordOf(t, now)
	w.config, w.baseline = cmp.Or(g.config, a.env["GITLEAKS_CONFIG"]), g.baseline
	if w.config == "" {
		w.configText = a.env["GITLEAKS_CONFIG_TOML"]
	}
	if err := a.gitleaksBaseline(g.baseline); err != nil {
		a.say("%s\ngoing on without it", err) // as gitleaks does; it can only find more so
		w.baseline = ""
	}
	if g.ignore != "" {
		w.ignoreFile = g.ignore
		if info, err := os.Stat(g.ignore); err == nil && info.IsDir() {
			w.ignoreFile = filepath.Join(g.ignore, allow.IgnoreName)
		}
		if _, err := os.Stat(w.ignoreFile); err != nil {
			a.say("read ignore file: %s\ngoing on without it", err)
			w.ignoreFile = ""
		}
	}
	return configure(w)
}

func (a *app) gitleaksBaseline(file string) error {
	if file == "" {
		return nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read baseline: %w", err)
	}
	_, err = parseBaseline(file, content, word{})
	return err
}

// onlyRules is the set with the rules that are wanted. What those require of
// other rules stays, unreported.
func onlyRules(set *rules.Set, ids []string) (*rules.Set, error) {
	needed := map[string]bool{}
	for _, id := range ids {
		r, err := ruleByID(set, id)
		if err != nil {
			return nil, fmt.Errorf("--enable-rule: %w", err)
		}
		for _, c := range r.Components {
			needed[c.Rule] = true
		}
	}
	var some []rules.Rule
	for _, r := range set.Rules() {
		one := *r
		if wanted := slices.Contains(ids, r.ID); wanted || needed[r.ID] {
			one.SkipReport = one.SkipReport || !wanted
			some = append(some, one)
		}
	}
	return rules.Compile(some)
}

func (a *app) writeGitleaks(g *gitleaksFlags, doc *report.Document, rows []gitleaks.Finding) error {
	if g.verbose {
		if err := gitleaks.WriteVerbose(a.Out, rows); err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
	}
	if g.report == "" {
		return nil
	}
	var b bytes.Buffer
	if err := g.render(&b, doc, rows); err != nil {
		return err
	}
	var err error
	switch {
	case g.report == "-":
		_, err = a.Out.Write(b.Bytes())
	case g.reveal:
		err = writeWhole(g.report, b.Bytes(), 0o600)
	default:
		err = writeWhole(g.report, b.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (g *gitleaksFlags) render(b *bytes.Buffer, doc *report.Document, rows []gitleaks.Finding) error {
	switch g.format {
	case "csv":
		return gitleaks.WriteCSV(b, rows)
	case "junit":
		return gitleaks.WriteJUnit(b, rows)
	case "sarif":
		return report.Write(b, "sarif", doc, report.Options{})
	case "template":
		text, err := os.ReadFile(g.template)
		if err != nil {
			return fmt.Errorf("read report template: %w", err)
		}
		return gitleaks.WriteTemplate(b, filepath.Base(g.template), string(text), rows)
	}
	return gitleaks.WriteJSON(b, rows)
}

// maxGapsTold bounds the lines about what was not looked at; oakum scan lists all.
const maxGapsTold = 20

// endGitleaks says how it ended and picks the exit code. Files that the user's
// own limit leaves out are told, and change no code.
func (a *app) endGitleaks(g *gitleaksFlags, doc *report.Document, leaks int) error {
	missing, told := doc.Summary.Failures, 0
	for _, gap := range doc.Gaps {
		if gap.Class != leak.Failure {
			continue
		}
		if _, byLimit := errors.AsType[*scanner.TooLargeError](gap.Why); byLimit {
			missing--
		}
		if told++; told <= maxGapsTold && g.talks() {
			a.say("not looked at: %s", gap)
		}
	}
	incomplete := &exitError{exitIncomplete, errors.New("not all was looked at: `oakum scan` lists what was not, and why")}
	switch {
	case leaks > 0 && g.talks():
		a.say("leaks found: %d", leaks)
	case g.talks():
		a.say("no leaks found")
	}
	switch {
	case leaks > 0 && g.exitCode != exitClean:
		return &exitError{code: g.exitCode}
	case missing > 0:
		return incomplete
	}
	return nil
}

func sortedRoots(roots []filesource.Root) []filesource.Root {
	slices.SortFunc(roots, func(x, y filesource.Root) int { return cmp.Compare(x.Path, y.Path) })
	return roots
}
