package vap

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/rules"
)

// pattern is one way to find a rule's values in CEL: where prefix stands in a text,
// regex is matched with the window around it, and its value is weighed.
//
// CEL counts a regexp over a text at a fortieth of the product of their lengths, and an
// expression may cost 1,000,000: forty characters over 1.5 MB would be fifteen times
// that. Looking for a prefix costs a tenth of the text's length, so that comes first.
type pattern struct {
	rule, what  string
	prefix      string // at most prefixMost bytes
	left, right int    // bytes of the window before and behind the prefix
	regex       string // the rule's own, without groups
	value       string // what in the match is the value; the rule's group
	allow       string // values that the rule's allowlists take out; "": none
	allowMatch  string // and matches
	entropy     float64
	size        int // the longest value
}

const (
	prefixMost  = 10  // CEL charges contains by the tenth byte of what is looked for
	prefixLeast = 4   // shorter ones stand in every text
	valueMost   = 260 // a value's entropy costs the square of its length
	margin      = 8   // what a rule's regexp looks at behind the value
)

// hints say, for the rules that are not found by how their value begins, where to look.
type hint struct {
	prefixes []string
	before   string // a regexp that must stand before the rule's own
	only     string // of the rule's own prefixes, the one that counts
	left     int
}

// patterns makes what finds a rule's values, one pattern a prefix.
func patterns(r *rules.Rule, h hint) ([]pattern, error) {
	re, err := syntax.Parse(r.Regex, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.ID, err)
	}
	if h.only != "" {
		re = only(re, h.only)
	}
	most, ok := longest(re)
	if !ok {
		return nil, fmt.Errorf("rule %s: its values have no largest length", r.ID)
	}
	value, err := valueOf(re)
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.ID, err)
	}
	prefixes := h.prefixes
	if prefixes == nil {
		prefixes, _ = leading(re)
	}
	p := pattern{rule: r.ID, what: r.Description, left: max(1, h.left), right: most + margin,
		regex: h.before + plain(re).String(), value: plain(value).String(), entropy: r.Entropy}
	if p.size, ok = longest(value); !ok || p.size > valueMost && p.entropy > 0 {
		return nil, fmt.Errorf("rule %s: its values are too long", r.ID)
	}
	if r.Extent == "pem" {
		p.armoured()
	}
	if p.allow, p.allowMatch, err = allowed(r); err != nil {
		return nil, err
	}
	return p.each(prefixes)
}

// each gives the pattern for each prefix, cut to what is cheap to look for.
func (p pattern) each(prefixes []string) (list []pattern, err error) {
	var seen []string
	for _, prefix := range prefixes {
		if len(prefix) < prefixLeast {
			return nil, fmt.Errorf("rule %s: its values begin with %q, which stands everywhere", p.rule, prefix)
		}
		prefix = prefix[:min(len(prefix), prefixMost)]
		if slices.Contains(seen, prefix) {
			continue
		}
		seen = append(seen, prefix)
		one := p
		one.prefix = prefix
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("rule %s: no prefix to look for", p.rule)
	}
	return list, nil
}

// armoured asks, behind the head of a PEM block, for a line of a body: RFC 7468 has 64
// characters a line, and a head that is spoken of has none. An encrypted key's headers
// (RFC 1421) are not such a line, and the webhook has more to say of those.
func (p *pattern) armoured() {
	p.regex += `(?:\s|\\[nrt]){1,8}[A-Za-z0-9+/]{60}`
	p.value = p.regex
	p.size = len(p.regex) + 80
	p.right = p.size
}

// allowed joins the allowlists that look at the value, and those that look at the match.
// One that asks for more cannot be told in CEL.
func allowed(r *rules.Rule) (value, match string, err error) {
	var values, matches []string
	for _, a := range r.Allowlists {
		switch {
		case a.Condition == "AND" || len(a.StopWords)+len(a.Paths)+len(a.Commits) > 0 || a.RegexTarget == "line":
			return "", "", fmt.Errorf("rule %s: an allowlist of it cannot be told in CEL", r.ID)
		case a.RegexTarget == "match":
			matches = append(matches, a.Regexes...)
		default:
			values = append(values, a.Regexes...)
		}
	}
	return either(values), either(matches), nil
}

// either is a regexp that matches where one of them does; "" of none.
func either(regexes []string) string {
	if len(regexes) < 2 {
		return strings.Join(regexes, "")
	}
	return "(?:" + strings.Join(regexes, ")|(?:") + ")"
}
