package rules

import (
	"bytes"
	"regexp"
	"strings"
)

// lineCap is how far to each side of a match its line is looked at, in bytes: a
// minified file is one line.
const lineCap = 4 << 10

// allowance is an Allowlist made ready.
type allowance struct {
	all       bool // condition AND
	target    string
	regexes   *regexp.Regexp // any of them; nil where there are none
	paths     *regexp.Regexp
	commits   map[string]bool
	stopWords []string // small letters
}

func newAllowance(a Allowlist) allowance {
	made := allowance{all: a.Condition == "AND", target: a.RegexTarget, regexes: anyOf(a.Regexes), paths: anyOf(a.Paths)}
	for _, w := range a.StopWords {
		made.stopWords = append(made.stopWords, strings.ToLower(w))
	}
	for _, id := range a.Commits {
		if made.commits == nil {
			made.commits = map[string]bool{}
		}
		made.commits[strings.ToLower(strings.TrimSpace(id))] = true
	}
	return made
}

// anyOf joins patterns to one. Those that do not compile match nothing.
func anyOf(patterns []string) *regexp.Regexp {
	if len(patterns) == 0 {
		return nil
	}
	var joined []string
	for _, p := range patterns {
		if _, err := regexp.Compile(p); err == nil {
			joined = append(joined, "(?:"+p+")")
		}
	}
	re, err := regexp.Compile(strings.Join(joined, "|"))
	if err != nil || len(joined) == 0 {
		return never
	}
	return re
}

var never = regexp.MustCompile(`[^\x{0}-\x{10FFFF}]`)

// grant is what an allowance says of a match before paths are looked at.
type grant uint8

const (
	refused  grant = iota // not allowed, whatever the path
	byPath                // allowed under the paths that its patterns match
	admitted              // allowed, whatever the path
)

// grant weighs everything but the path.
func (a *allowance) grant(m *Match, in *Subject) grant {
	var holds, fails bool
	tell := func(given, is bool) {
		holds, fails = holds || given && is, fails || given && !is
	}
	tell(a.commits != nil, a.commits[strings.ToLower(in.Commit)])
	if a.settled(holds, fails) {
		return a.outcome(holds, fails)
	}
	tell(len(a.stopWords) > 0, hasWord(in.Text[m.Value[0]:m.Value[1]], a.stopWords))
	if a.settled(holds, fails) {
		return a.outcome(holds, fails)
	}
	tell(a.regexes != nil, a.regexes != nil && a.regexes.Match(target(a.target, m, in.Text)))
	return a.outcome(holds, fails)
}

// settled tells that a further condition would not change the outcome.
func (a *allowance) settled(holds, fails bool) bool { return a.all && fails || !a.all && holds }

func (a *allowance) outcome(holds, fails bool) grant {
	switch {
	case a.all && fails:
		return refused
	case a.all && a.paths == nil, !a.all && holds:
		return admitted
	case a.paths == nil:
		return refused
	}
	return byPath
}

// allowed tells whether the allowances take m out. A text known under several
// paths is taken out only if each of them is allowed: one copy of it in a test
// folder does not excuse the one beside it.
func allowed(list []allowance, m *Match, in *Subject) bool {
	var patterns []*regexp.Regexp
	for i := range list {
		switch list[i].grant(m, in) {
		case admitted:
			return true
		case byPath:
			patterns = append(patterns, list[i].paths)
		}
	}
	if len(patterns) == 0 || len(in.Paths) == 0 {
		return false
	}
	for _, path := range in.Paths {
		if !anyMatch(patterns, path) {
			return false
		}
	}
	return true
}

func anyMatch(patterns []*regexp.Regexp, path string) bool {
	for _, p := range patterns {
		if path != "" && p.MatchString(path) {
			return true
		}
	}
	return false
}

func hasWord(value []byte, words []string) bool {
	if len(words) == 0 {
		return false
	}
	low := bytes.ToLower(value)
	for _, w := range words {
		if bytes.Contains(low, []byte(w)) {
			return true
		}
	}
	return false
}

// target is what an allowlist's regexes are matched against.
func target(kind string, m *Match, text []byte) []byte {
	switch kind {
	case "match":
		return bytes.Trim(text[m.Start:m.End], "\n")
	case "line":
		return lineAround(text, m.Start, m.End)
	}
	return text[m.Value[0]:m.Value[1]]
}

// lineAround is the line, or lines, that text[start:end] stands in, without the
// line breaks at its ends, lineCap bytes to either side at most.
func lineAround(text []byte, start, end int) []byte {
	from, to := max(start-lineCap, 0), min(end+lineCap, len(text))
	from += bytes.LastIndexByte(text[from:start], '\n') + 1
	if i := bytes.IndexByte(text[end:to], '\n'); i >= 0 {
		to = end + i
	}
	return bytes.TrimSuffix(text[from:to], []byte("\r"))
}
