package allow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/oakum-sec/oakum/internal/allow/foreign"
	"github.com/oakum-sec/oakum/leak"
)

// Foreign is another tool's report or baseline that serves as one here: gitleaks'
// JSON, detect-secrets' baseline, TruffleHog's and Kingfisher's JSON (see package
// foreign).
//
// A record with its value, or a hash of it, matches that value in that file,
// whatever rule finds it: our rules have other ids. One that was redacted matches
// its line in its file, and from there on the value that stands in it; it keeps
// silent about another value that is put on that line later. A baseline of our
// own, or `oakum allow import`, does not.
type Foreign struct {
	name    string
	records []foreign.Record
	byName  map[string][]int // by the last word of the path
	used    []bool
	base    string
	lasting
}

// lasting remembers which values were accepted in which file, because one version
// of the file has them where an entry says: other versions have them on other lines.
type lasting map[string]string

func lastingKey(f *leak.Finding) string { return f.ID + "\x00" + f.Place.Path() }

func (l lasting) accepted(f *leak.Finding) (where string) { return l[lastingKey(f)] }

func (l lasting) accept(f *leak.Finding, where string) { l[lastingKey(f)] = where }

// ParseForeign reads another tool's report. base is what that tool, called from
// where oakum was, puts before the names of the target's files.
func ParseForeign(name string, data []byte, base string) (*Foreign, error) {
	records, format, err := foreign.Read(name, data, "")
	if err != nil {
		return nil, err
	}
	if format == "gitleaksignore" {
		return nil, fmt.Errorf("%s: this is no report: lines of places belong into %s, or are taken over with `oakum allow import`", name, IgnoreName)
	}
	l := &Foreign{name: name, records: records, byName: map[string][]int{}, used: make([]bool, len(records)), base: base, lasting: lasting{}}
	for i, r := range records {
		last := lastName(r.Path)
		l.byName[last] = append(l.byName[last], i)
	}
	return l, nil
}

// IsForeign tells whether a baseline is another tool's: ours has an object a
// line, which begins with its id.
func IsForeign(data []byte) bool {
	var first map[string]json.RawMessage
	switch text := bytes.TrimSpace(data); {
	case len(text) == 0:
		return false
	case text[0] != '{':
		return text[0] == '[' || foreign.Knows(text)
	case json.NewDecoder(bytes.NewReader(text)).Decode(&first) != nil:
		return false // ours, and broken: its reader says where
	}
	_, ours := first["id"]
	return !ours && foreign.Knows(data)
}

// lastName is the last word of a path, of an archive's member the archive's.
func lastName(p string) string {
	if p == "" {
		return ""
	}
	archive, _, _ := strings.Cut(p, "!")
	return path.Base(archive)
}

// Match implements List.
func (l *Foreign) Match(f *leak.Finding) *leak.Suppression {
	for _, name := range []string{lastName(f.Place.Path()), ""} {
		for _, i := range l.byName[name] {
			if l.is(l.records[i], f) {
				l.used[i] = true
				l.accept(f, l.name)
			}
		}
	}
	if where := l.accepted(f); where != "" {
		return &leak.Suppression{Kind: leak.SuppressBaseline, Where: where}
	}
	return nil
}

func (l *Foreign) is(r foreign.Record, f *leak.Finding) bool {
	switch {
	case !r.SamePath(f.Place.Path(), l.base):
		return false
	case r.KnowsValue():
		return r.SameValue(f)
	}
	return r.SameLine(f) && (r.Commit == "" || f.Origin == nil || f.Origin.Commit == r.Commit)
}

// Unused implements List.
func (l *Foreign) Unused() []string {
	var out []string
	for i, r := range l.records {
		if !l.used[i] {
			out = append(out, fmt.Sprintf("%s: %s", l.name, r))
		}
	}
	return out
}
