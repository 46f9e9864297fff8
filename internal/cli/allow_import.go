package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/allow/foreign"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// importFlags are those of allow import.
type importFlags struct {
	format, owner, expires, config string
}

func (a *app) allowImportCommand(file *string) *cobra.Command {
	f := &importFlags{}
	c := &cobra.Command{
		Use:   "import LIST...",
		Short: "Take over what other tools' lists accept, as entries that last",
		Long: `Scans the repository around you, or this folder, finds in it what the LISTs accept,
and writes an entry of .oakum-allow for each: those follow the value, not the line.
What nothing here answers to is told and not imported.

Lists: .gitleaksignore, gitleaks' JSON report or baseline, detect-secrets' baseline,
TruffleHog's JSON, Kingfisher's JSON or baseline, betterleaks' hashes of values.

Exit codes: 0 each entry was imported, or what it names was looked at and oakum finds
nothing there · 2 usage or failure · 3 an entry's commit is not here, or not all was
looked at.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.importLists(c.Context(), allowFile(*file), args, f)
		},
	}
	c.Flags().StringVar(&f.format, "format", "", "`FORMAT` of the lists, where it is not what it looks like: "+strings.Join(foreign.Formats(), ", "))
	c.Flags().StringVar(&f.owner, "owner", "", "who answers for the entries")
	c.Flags().StringVar(&f.expires, "expires", "", "the last `DAY` of the entries, as 2027-01-31, in UTC")
	c.Flags().StringVar(&f.config, "config", "", "rules and allowlists from `FILE`")
	return c
}

// imported is an import under way.
type imported struct {
	*allow.File
	ctx     context.Context // of one command, as interruptible's
	repo    *gitsource.Repo // nil: a folder
	scanner *scanner.Scanner
	gone    func(string) bool
	base    string
	found   []*leak.Finding             // every sighting
	old     map[version][]*leak.Finding // of what entries name by commit
	stamp   allow.Entry                 // owner and last day of each new entry

	entries, already, before int
	left                     []string // what was not imported, and why
	unseen                   int      // of those, what could not be looked at
}

func (a *app) importLists(ctx context.Context, file string, lists []string, f *importFlags) error {
	im := &imported{ctx: ctx, old: map[version][]*leak.Finding{}, stamp: allow.Entry{Owner: f.owner}}
	if f.expires != "" {
		day, err := allow.ParseDay(f.expires)
		if err != nil {
			return fmt.Errorf("--expires: %w", err)
		}
		im.stamp.Expires = day
	}
	records := map[string][]foreign.Record{}
	for _, name := range lists {
		data, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		if records[name], _, err = foreign.Read(name, data, f.format); err != nil {
			return err
		}
	}
	doc, err := a.survey(im, f.config)
	if err != nil {
		return err
	}
	err = a.editAllow(file, true, func(list *allow.File) error {
		im.File, im.before = list, len(list.Entries)
		for _, name := range lists {
			for _, r := range records[name] {
				im.take(r, filepath.ToSlash(name))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.tellImport(im, file, doc.Result.Complete)
}

// survey scans all that the allow file is for, and keeps every sighting.
func (a *app) survey(im *imported, config string) (*report.Document, error) {
	t, err := pathTarget([]string{rootOf(".")}, gitOptions{})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	conf, err := a.configureFor(t, &scanFlags{config: config}, now)
	if err != nil {
		return nil, err
	}
	a.notes(conf.notices)
	conf.lists, conf.allowed = nil, nil // what is accepted already is found all the same
	j := job{target: t, config: conf, skip: func(f *leak.Finding) bool { im.found = append(im.found, f); return true }}
	j.options.Now = now.UTC().Truncate(24 * time.Hour)
	j.options.Known = conf.known
	im.repo, im.gone, im.base, im.scanner = t.remembers, t.gone, t.info.Base, scanner.New(conf.set, j.options)
	return a.run(im.ctx, j)
}

// take imports one record, or says why not.
func (im *imported) take(r foreign.Record, list string) {
	matches, why := im.find(r)
	if len(matches) == 0 {
		im.left = append(im.left, fmt.Sprintf("%s: %s: %s", r.At, r, why))
		return
	}
	im.entries++
	for _, f := range matches {
		e := im.stamp
		e.Fingerprint, e.Place = f.ID, placeOf(f)
		e.Reason = fmt.Sprintf("imported from %s", list)
		if r.Rule != "" {
			e.Reason += ": " + r.Rule
		}
		if im.Has(e.Fingerprint) {
			im.already++
			continue
		}
		im.Add(e)
	}
}

// placeOf is what an entry remembers of where f stands: only an id that depends
// on the place has a use for it.
func placeOf(f *leak.Finding) string {
	if strings.HasPrefix(f.ID, "v1.") {
		return ""
	}
	return f.Place.Path()
}

// why a record matched nothing.
const (
	nothingThere = "oakum finds nothing there"
	notHere      = "its commit is not in this repository"
)

// find gives the findings that r is about. A value is looked for in its file, and
// where the file is gone or the value strong, in all; a line in the version that
// it was counted in.
func (im *imported) find(r foreign.Record) (all []*leak.Finding, why string) {
	if !r.KnowsValue() && r.Commit != "" {
		return im.inCommit(r)
	}
	for _, f := range im.found {
		here := r.SamePath(f.Place.Path(), im.base)
		switch {
		case !r.KnowsValue() && here && r.SameLine(f):
		case r.KnowsValue() && (here || strings.HasPrefix(f.ID, "v1.") || im.gone != nil && im.gone(r.Path)) && r.SameValue(f):
		default:
			continue
		}
		all = append(all, f)
	}
	return all, nothingThere
}

// inCommit looks at a line of a file as one commit has it.
func (im *imported) inCommit(r foreign.Record) (all []*leak.Finding, why string) {
	if im.repo == nil || !im.repo.Has(r.Commit) {
		im.unseen++
		return nil, notHere
	}
	at := version{r.Commit, r.Path}
	findings, known := im.old[at]
	if !known {
		findings = im.scanVersion(at)
		im.old[at] = findings
	}
	for _, f := range findings {
		if r.SameLine(f) {
			all = append(all, f)
		}
	}
	return all, nothingThere
}

func (im *imported) scanVersion(v version) (all []*leak.Finding) {
	text, err := im.repo.File(v.rev, outermost(strings.ReplaceAll(v.path, "!", "!/")))
	if err != nil {
		return nil
	}
	src := oneText{leak.GitBlob{Name: v.path}, leak.Reachable, text}
	_, err = im.scanner.Scan(im.ctx, src, func(e scanner.Event) error {
		if e.Finding != nil {
			all = append(all, e.Finding)
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return all
}

func (a *app) tellImport(im *imported, file string, complete bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "imported %d of %d entries: %d new findings in %s", im.entries, im.entries+len(im.left), len(im.Entries)-im.before, file)
	if im.already > 0 {
		fmt.Fprintf(&b, " (%d were there)", im.already)
	}
	b.WriteByte('\n')
	for _, text := range im.left {
		fmt.Fprintf(&b, "not imported: %s\n", report.Escape(text))
	}
	if _, err := a.Out.Write([]byte(b.String())); err != nil {
		return err
	}
	switch {
	case !complete:
		return &exitError{exitIncomplete, errors.New("not all was looked at, so an entry may be about what was not: `oakum scan` lists what is in the way")}
	case im.unseen > 0:
		return &exitError{exitIncomplete, fmt.Errorf("%d of the entries name commits that are not here: import where the whole history is", im.unseen)}
	}
	return nil
}
