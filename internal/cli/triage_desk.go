package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/setup"
	"github.com/oakum-sec/oakum/internal/triage"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// triageDesk does what is decided on the screen.
type triageDesk struct {
	*app
	flags triageFlags
	doc   *report.Document
	base  string // the folder that places are named from
	file  string // of the decisions
}

// Context implements triage.Desk. The text is scanned again, so that every value in it
// that a rule knows is masked, not this finding's alone.
func (d *triageDesk) Context(ctx context.Context, f *leak.Finding) ([]string, error) {
	text, name, err := d.text(f.Place)
	if err != nil {
		return nil, fmt.Errorf("its lines cannot be shown: %w", err)
	}
	var spots []triage.Spot
	line := 0
	s := scanner.New(builtin.Set(), scanner.Options{Jobs: 1, MinConfidence: assign.Least, NoInline: true, NoUnpack: true})
	_, err = s.Scan(ctx, textSource{name, text}, func(e scanner.Event) error {
		if e.Finding == nil {
			return nil
		}
		g := e.Finding
		spots = append(spots, triage.Spot{Line: g.Line, Column: g.Column, EndLine: g.EndLine, EndColumn: g.EndColumn})
		for _, p := range g.Parts {
			spots = append(spots, triage.Spot{Line: p.Line, Column: p.Column, EndLine: p.Line, EndColumn: 1 << 30})
		}
		if g.ID == f.ID && (line == 0 || g.Line == f.Line) {
			line = g.Line
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if line == 0 {
		return nil, fmt.Errorf("the value is not at its place any more (it was in line %d)", f.Line)
	}
	return triage.Excerpt(string(text), spots, line), nil
}

// text reads a place again. Only files of the target and of its history are.
func (d *triageDesk) text(place leak.Place) (text []byte, name string, err error) {
	switch p := place.(type) {
	case leak.File:
		if len(p.Inner) > 0 {
			return nil, "", errors.New("it is in an archive")
		}
		if filepath.IsAbs(filepath.FromSlash(p.Name)) {
			return nil, "", errors.New("it is outside of what was looked at")
		}
		text, err = setup.Read(d.base, p.Name)
		return text, p.Name, err
	case leak.GitBlob:
		if p.Repo != "" || len(p.Inner) > 0 {
			return nil, "", errors.New("it is in a submodule or an archive")
		}
		if p.Commit == "" {
			return nil, "", fmt.Errorf("no commit has it: git cat-file -p %s", p.Blob)
		}
		repo, err := d.repository()
		if err != nil {
			return nil, "", err
		}
		defer repo.Close()
		text, err = repo.File(p.Commit, p.Name)
		return text, p.Name, err
	}
	return nil, "", errors.New("it is in no file")
}

func (d *triageDesk) repository() (*gitsource.Repo, error) {
	root, ok := gitsource.Find(d.base)
	if !ok {
		return nil, gitsource.ErrNotRepository
	}
	return gitsource.Open(root, gitsource.Options{NoSubmodules: true})
}

// Allow implements triage.Desk.
func (d *triageDesk) Allow(findings []*leak.Finding, reason string) (string, error) {
	return d.edit(func(f *allow.File) {
		for _, found := range findings {
			e := allow.Entry{Fingerprint: found.ID, Reason: reason}
			if !strings.HasPrefix(found.ID, leak.VouchedPrefix) {
				e.Place = found.Place.Path()
			}
			f.Add(e)
		}
	}, "is in")
}

// Forbid implements triage.Desk.
func (d *triageDesk) Forbid(findings []*leak.Finding) (string, error) {
	return d.edit(func(f *allow.File) {
		f.Entries = slices.DeleteFunc(f.Entries, func(e allow.Entry) bool {
			return slices.ContainsFunc(findings, func(found *leak.Finding) bool { return found.ID == e.Fingerprint })
		})
	}, "is out of")
}

// edit changes the allow file. What editAllow says goes on the screen's own line.
func (d *triageDesk) edit(change func(*allow.File), word string) (string, error) {
	file := allowFileAt(d.flags.allowFile, d.base)
	var said bytes.Buffer
	quiet := *d.app
	quiet.Err = &said
	if err := quiet.editAllow(file, true, func(f *allow.File) error { change(f); return nil }); err != nil {
		return "", err
	}
	told := "the entry " + word + " " + filepath.ToSlash(file)
	if strings.Contains(said.String(), "oakum trust") {
		told += ", which counts after `oakum trust` only"
	}
	return told, nil
}

// allowFileAt is the allow file of the repository around dir, where the user named no
// other.
func allowFileAt(named, dir string) string {
	if named != "" {
		return named
	}
	return filepath.Join(rootOf(dir), allow.FileName)
}

// Keep implements triage.Desk.
func (d *triageDesk) Keep(decisions *triage.Decisions) error {
	if err := os.MkdirAll(filepath.Dir(d.file), 0o700); err != nil {
		return err
	}
	return writeWhole(d.file, decisions.Bytes(), 0o600)
}
