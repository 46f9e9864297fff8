package rulefile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// term is a part of a Betterleaks filter that a rule file can say: an entropy, or
// patterns of one thing. A filter that holds takes the match out.
type term struct {
	entropy  string   // the value's entropy is at most this number
	subject  string   // "secret", "match", "line", "path": what patterns are for
	patterns []string // one of which matches
}

// parseFilter reads a filter that is a disjunction of terms, which nearly all are
// (Betterleaks' docs/config.md, "Filtering"). ok is false where it says anything
// else: conjunctions, negations, windows of text, word statistics.
func parseFilter(text string) (terms []term, ok bool) {
	s := filterScanner{rest: text}
	for {
		t, ok := s.term()
		if !ok {
			return nil, false
		}
		terms = append(terms, t)
		if s.space(); s.rest == "" {
			return terms, true
		}
		if !s.take("||") {
			return nil, false
		}
	}
}

// filterScanner reads the language of filters from the left.
type filterScanner struct{ rest string }

func (s *filterScanner) space() {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n")
		if !strings.HasPrefix(s.rest, "//") {
			return
		}
		_, s.rest, _ = strings.Cut(s.rest, "\n")
	}
}

// take takes the token off, if it is next.
func (s *filterScanner) take(token string) bool {
	s.space()
	after, ok := strings.CutPrefix(s.rest, token)
	if ok {
		s.rest = after
	}
	return ok
}

// all takes tokens off one after the other.
func (s *filterScanner) all(tokens ...string) bool {
	for _, t := range tokens {
		if !s.take(t) {
			return false
		}
	}
	return true
}

var number = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?`)

// term reads `entropy(finding["secret"]) <= N`, `matchesAny(SUBJECT, [LIST])`,
// `containsAny(SUBJECT, [LIST])` or `SUBJECT == STRING`; version 1 writes filter.
// before the functions.
func (s *filterScanner) term() (t term, ok bool) {
	if s.take("(") { // a term in parentheses
		if t, ok = s.term(); ok {
			ok = s.take(")")
		}
		return t, ok
	}
	s.take("filter.")
	switch {
	case s.take("entropy("):
		subject, ok := s.subject()
		if !ok || subject != "secret" || !s.take(")") || !s.take("<") {
			return t, false
		}
		s.take("=")
		s.space()
		t.entropy = number.FindString(s.rest)
		s.rest = s.rest[len(t.entropy):]
		return t, t.entropy != ""
	case s.take("matchesAny("):
		t.subject, t.patterns, ok = s.call()
		return t, ok
	case s.take("containsAny("):
		t.subject, t.patterns, ok = s.call()
		for i, word := range t.patterns {
			t.patterns[i] = regexp.QuoteMeta(word)
		}
		return t, ok
	}
	if t.subject, ok = s.subject(); !ok || !s.take("==") {
		return t, false
	}
	word, ok := s.text()
	t.patterns = []string{`^` + regexp.QuoteMeta(word) + `$`}
	return t, ok
}

// call reads what stands between the parentheses: SUBJECT, [LIST].
func (s *filterScanner) call() (subject string, list []string, ok bool) {
	if subject, ok = s.subject(); !ok || !s.all(",", "[") {
		return "", nil, false
	}
	for !s.take("]") {
		word, ok := s.text()
		if !ok {
			return "", nil, false
		}
		list = append(list, word)
		s.take(",")
	}
	return subject, list, s.take(")") && len(list) > 0
}

// subject reads which thing is looked at.
func (s *filterScanner) subject() (name string, ok bool) {
	switch {
	case s.take("finding["):
		name, ok = s.text()
		ok = ok && s.take("]") && (name == "secret" || name == "match" || name == "line")
	case s.all("get(", "attributes", ","):
		name, ok = s.text()
		ok = ok && s.take(",") && s.take(`""`) && s.take(")") && name == "path"
	case s.take("(attributes["):
		name, ok = s.text()
		ok = ok && s.all("]", "??", `""`, ")") && name == "path"
	}
	return name, ok
}

// text reads a string: between backticks as it is, between quotes with escapes.
func (s *filterScanner) text() (string, bool) {
	s.space()
	if quoted, err := strconv.QuotedPrefix(s.rest); err == nil && quoted[0] != '\'' {
		word, err := strconv.Unquote(quoted)
		s.rest = s.rest[len(quoted):]
		return word, err == nil
	}
	if after, ok := strings.CutPrefix(s.rest, "'"); ok {
		word, rest, ok := strings.Cut(after, "'")
		s.rest = rest
		return word, ok && !strings.Contains(word, `\`)
	}
	return "", false
}

// toml writes what a term says: into the rule where it is an entropy, else as an
// allowlist of the rule, or of all (header).
func (t term) toml(header string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n[[%s]]\ndescription = \"from a filter\"\n", header)
	key := "regexes"
	if t.subject == "path" {
		key = "paths"
	} else if t.subject != "secret" {
		fmt.Fprintf(&b, "regexTarget = %q\n", t.subject)
	}
	fmt.Fprintf(&b, "%s = [\n", key)
	for _, p := range t.patterns {
		fmt.Fprintf(&b, "  %s,\n", tomlString(p))
	}
	b.WriteString("]\n")
	return b.String()
}
