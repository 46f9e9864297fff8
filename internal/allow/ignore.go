package allow

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// IgnoreName is gitleaks' ignore file.
const IgnoreName = ".gitleaksignore"

// Ignore is a .gitleaksignore: places, one a line, as gitleaks v8 reads them
// (its README, "gitleaksignore"):
//
//	path:rule-id:start-line             in every commit and on disk
//	commit:path:rule-id:start-line      in that commit
//
// Members of an archive are joined to its path with '!'. A rule that oakum has
// not, which most of gitleaks' own are, stands for any: the place tells what is
// meant. The value that an entry's line has is accepted in later versions of its
// file too, where the line is another: gitleaks does not look at it again either.
//
// Such an entry says nothing of the value: another secret on the same line stays
// silent too, as it does there. Entries of .oakum-allow do not have that hole, and
// `oakum allow import` makes them of these.
type Ignore struct {
	name  string
	lines []ignored
	at    map[spot][]int // indexes of lines
	base  string
	ours  func(rule string) bool // tells that oakum has such a rule
	lasting
}

type ignored struct {
	spot
	rule string
	n    int // line in the file, 1-based
	used bool
}

type spot struct {
	commit, path string
	line         int
}

// IgnoreOptions tell what a list is read for; the zero value takes every rule by
// its name.
type IgnoreOptions struct {
	Base string                 // what gitleaks, called from where oakum was, puts before the names of the target's files
	Ours func(rule string) bool // tells whether oakum has a rule of that name; nil: all are
}

// ParseIgnore reads a .gitleaksignore. An error names file and line.
func ParseIgnore(name string, data []byte, opt IgnoreOptions) (*Ignore, error) {
	ig := &Ignore{name: name, at: map[spot][]int{}, base: opt.Base, ours: opt.Ours, lasting: lasting{}}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		entry, err := parseIgnored(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		entry.n = n
		ig.at[entry.spot] = append(ig.at[entry.spot], len(ig.lines))
		ig.lines = append(ig.lines, entry)
	}
	return ig, nil
}

func parseIgnored(text string) (e ignored, err error) {
	fields := strings.Split(strings.ReplaceAll(text, `\`, "/"), ":")
	switch len(fields) {
	case 4:
		e.commit, fields = fields[0], fields[1:]
	case 3:
	default:
		return e, errors.New("not [commit:]path:rule-id:line")
	}
	if e.line, err = strconv.Atoi(fields[2]); err != nil {
		return e, errors.New("no line number at its end: write [commit:]path:rule-id:line")
	}
	e.path, e.rule = fields[0], fields[1]
	return e, nil
}

// Match implements List.
func (ig *Ignore) Match(f *leak.Finding) *leak.Suppression {
	for _, s := range ig.spots(f) {
		for _, i := range ig.at[s] {
			e := &ig.lines[i]
			if e.rule == f.Rule || ig.ours != nil && !ig.ours(e.rule) {
				e.used = true
				ig.accept(f, fmt.Sprintf("%s:%d", ig.name, e.n))
			}
		}
	}
	if where := ig.accepted(f); where != "" {
		return &leak.Suppression{Kind: leak.SuppressIgnore, Where: where}
	}
	return nil
}

// spots are how entries may name where f stands.
func (ig *Ignore) spots(f *leak.Finding) []spot {
	name := strings.ReplaceAll(f.Place.Path(), "!/", "!")
	spots := []spot{{path: name, line: f.Line}}
	if _, onDisk := f.Place.(leak.File); onDisk && ig.base != "" {
		spots = append(spots, spot{path: path.Join(ig.base, name), line: f.Line})
	}
	if f.Origin != nil {
		spots = append(spots, spot{f.Origin.Commit, name, f.Line})
	}
	return spots
}

// Unused implements List.
func (ig *Ignore) Unused() []string {
	var out []string
	for _, e := range ig.lines {
		if !e.used {
			out = append(out, fmt.Sprintf("%s:%d: %s:%s:%d", ig.name, e.n, e.path, e.rule, e.line))
		}
	}
	return out
}
