package allow

import (
	"bytes"
	"errors"
	"fmt"
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
// Members of an archive are joined to its path with '!'. Such an entry says
// nothing of the value: another secret on the same line stays silent too, as it
// does there. Entries of .oakum-allow do not have that hole.
type Ignore struct {
	name string
	at   map[place]int // line in the file
	used map[place]bool
}

type place struct {
	commit, path, rule string
	line               int
}

// ParseIgnore reads a .gitleaksignore. An error names file and line.
func ParseIgnore(name string, data []byte) (*Ignore, error) {
	ig := &Ignore{name: name, at: map[place]int{}, used: map[place]bool{}}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		p, err := parsePlace(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		ig.at[p] = n
	}
	return ig, nil
}

func parsePlace(text string) (place, error) {
	fields := strings.Split(strings.ReplaceAll(text, `\`, "/"), ":")
	var p place
	switch len(fields) {
	case 4:
		p.commit, fields = fields[0], fields[1:]
	case 3:
	default:
		return p, errors.New("not [commit:]path:rule-id:line")
	}
	line, err := strconv.Atoi(fields[2])
	if err != nil {
		return p, errors.New("no line number at its end: write [commit:]path:rule-id:line")
	}
	p.path, p.rule, p.line = fields[0], fields[1], line
	return p, nil
}

// Match implements List.
func (ig *Ignore) Match(f *leak.Finding) *leak.Suppression {
	path := strings.ReplaceAll(f.Place.Path(), "!/", "!")
	candidates := []place{{path: path, rule: f.Rule, line: f.Line}}
	if f.Origin != nil {
		candidates = append(candidates, place{f.Origin.Commit, path, f.Rule, f.Line})
	}
	for _, p := range candidates {
		if n, ok := ig.at[p]; ok {
			ig.used[p] = true
			return &leak.Suppression{Kind: leak.SuppressIgnore, Where: fmt.Sprintf("%s:%d", ig.name, n)}
		}
	}
	return nil
}

// Unused implements List.
func (ig *Ignore) Unused() []string {
	lines := map[int]place{}
	last := 0
	for p, n := range ig.at {
		if !ig.used[p] {
			lines[n], last = p, max(last, n)
		}
	}
	var out []string
	for n := 1; n <= last; n++ {
		if p, ok := lines[n]; ok {
			out = append(out, fmt.Sprintf("%s:%d: %s:%s:%d", ig.name, n, p.path, p.rule, p.line))
		}
	}
	return out
}
