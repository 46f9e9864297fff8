package rulefile

import (
	"errors"
	"fmt"
	"net/url"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/internal/tree"
	"github.com/oakum-sec/oakum/rules/proof"
)

// maxShow bounds Rule.Show: the longest public prefix in use, "github_pat_", has
// 11 bytes.
const maxShow = 12

// Validate tells what is wrong with a rule by itself, as *Mistake each. Foreign
// rules have to make sense, as in gitleaks; ours (File begins with "builtin/")
// have to be documented, tested and bounded as well. What needs the compiled
// set (keywords implied by the pattern, reach) is Compile's to refuse.
func Validate(r rules.Rule) []error {
	c := &ruleCheck{rule: r}
	c.identity()
	c.pattern()
	c.words()
	c.checksum()
	c.verify()
	c.components()
	for i := range r.Allowlists {
		for _, m := range emptyOrBroken(r.Allowlists[i]) {
			c.fail("allowlists."+m.Key, "%s", m.What)
		}
	}
	if r.Ours() {
		c.documented()
		c.examples()
		c.proof()
		c.bounded()
		c.shown()
	}
	return c.errs
}

// mistakeIn is one in r, at the line where it begins.
func mistakeIn(r rules.Rule, key, format string, args ...any) *rules.Mistake {
	return &rules.Mistake{File: r.File, Line: r.Line, Rule: r.ID, Key: "rules." + key, What: fmt.Sprintf(format, args...)}
}

// idle is the mistake of a rule that has nothing to find anything by, nil of
// others; such a rule makes sense only over one that has.
func idle(r rules.Rule) *rules.Mistake {
	if r.Regex == "" && r.Path == "" && r.Matcher == "" {
		return mistakeIn(r, "regex", "is missing, and path too: the rule would find nothing")
	}
	return nil
}

type ruleCheck struct {
	rule rules.Rule
	tree *syntax.Regexp // of Regex; nil where there is none that is right
	errs []error
}

func (c *ruleCheck) fail(key, format string, args ...any) {
	c.errs = append(c.errs, mistakeIn(c.rule, key, format, args...))
}

func (c *ruleCheck) identity() {
	id := c.rule.ID
	switch {
	case strings.TrimSpace(id) == "":
		c.fail("id", "is missing: reports and allow files name the rule by it")
	case strings.ContainsAny(id, "\n\r\t:"):
		c.fail("id", "must not hold a colon or a line break: ignore files separate their fields by them")
	case c.rule.Ours() && !kebab(id):
		c.fail("id", "must be small letters and digits in words joined by '-', as in github-pat")
	}
}

func kebab(id string) bool {
	for _, word := range strings.Split(id, "-") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}

func (c *ruleCheck) pattern() {
	if c.rule.Regex != "" {
		var why string
		if c.tree, why = checkPattern(c.rule.Regex); why != "" {
			c.fail("regex", "%s", why)
		} else if most := c.tree.MaxCap(); c.rule.SecretGroup > most {
			c.fail("secretGroup", "is %d, the regex has %d groups", c.rule.SecretGroup, most)
		}
	}
	if c.rule.Path != "" {
		if _, why := checkPattern(c.rule.Path); why != "" {
			c.fail("path", "%s", why)
		}
	}
	if slices.Contains(c.rule.Keywords, "") {
		c.fail("keywords", "an empty keyword is in every text: take it out")
	}
}

func (c *ruleCheck) words() {
	r := c.rule
	for _, w := range []struct {
		key, is string
		known   []string
	}{{"matcher", r.Matcher, matchers}, {"extent", r.Extent, extents}} {
		if !slices.Contains(w.known, w.is) {
			c.fail(w.key, "unknown word %q%s", w.is, didYouMean(w.is, w.known))
		}
	}
	if r.Matcher != "" && r.Regex != "" {
		c.fail("matcher", "finds by itself: take out the regex, or the matcher")
	}
	if r.Extent != "" && r.Regex == "" {
		c.fail("extent", "needs a regex, which finds where the value begins")
	}
	if r.Parse != "" && !slices.Contains(proof.Parsers(), r.Parse) {
		c.fail("parse", "unknown parser %q%s", r.Parse, parserHint(r.Parse))
	}
}

func (c *ruleCheck) checksum() {
	sum := c.rule.Checksum
	if sum == nil {
		return
	}
	if why := sumMistake(sum); why != "" {
		c.fail("checksum", "%s", why)
	}
	if sum.Sum == "" {
		c.fail("checksum", "sum is missing: it names the group of the regex that holds the checksum")
	}
	if c.tree == nil {
		return
	}
	names := c.tree.CapNames()
	for _, group := range []string{sum.Of, sum.Sum} {
		if group != "" && !slices.Contains(names, group) {
			c.fail("checksum", "the regex has no group (?P<%s>…)", group)
		}
	}
}

func (c *ruleCheck) components() {
	for _, part := range c.rule.Components {
		if part.Rule == "" {
			c.fail("components", "rule (in gitleaks' required: id) is missing: it names the rule that finds the other value")
		}
		if part.Rule == c.rule.ID {
			c.fail("components", "the rule cannot be a component of itself")
		}
		if part.Regex == "" {
			continue
		}
		if parsed, why := checkPattern(part.Regex); why != "" {
			c.fail("components", "regex: %s", why)
		} else if endless := unbounded(parsed); endless != "" && c.rule.Ours() {
			c.fail("components", "regex: %s repeats without end: write {1,64} or what the format allows", endless)
		}
	}
}

// emptyOrBroken tells the mistakes of an allowlist; Key is the allowlist's.
func emptyOrBroken(a rules.Allowlist) []*rules.Mistake {
	var all []*rules.Mistake
	fail := func(key, what string) { all = append(all, &rules.Mistake{Key: key, What: what}) }
	if len(a.Regexes)+len(a.Paths)+len(a.Commits)+len(a.StopWords) == 0 {
		fail("regexes", "is missing, and so are paths, commits and stopwords: an empty allowlist allows nothing")
	}
	for key, patterns := range map[string][]string{"regexes": a.Regexes, "paths": a.Paths} {
		for i, p := range patterns {
			if _, err := syntax.Parse(p, syntax.Perl); err != nil { // not quoted: it may be a value
				fail(key, fmt.Sprintf("the %s one is not RE2: %s", ordinal(i+1), syntaxWhy(err)))
			}
		}
	}
	for _, list := range [][]string{a.Regexes, a.Paths, a.Commits, a.StopWords} {
		if slices.Contains(list, "") {
			fail("regexes", "an empty pattern, commit or stopword is in everything: take it out")
		}
	}
	slices.SortStableFunc(all, func(a, b *rules.Mistake) int { return strings.Compare(a.Key, b.Key) })
	return all
}

func ordinal(n int) string {
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

// checkPattern parses a pattern as RE2. No such pattern is slow on any text
// (the time is linear in it); what can go wrong is its size.
func checkPattern(pattern string) (parsed *syntax.Regexp, why string) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		why := syntaxWhy(err)
		if e, ok := errors.AsType[*syntax.Error](err); ok && len(e.Expr) <= 40 {
			why = fmt.Sprintf("%q: %s", e.Expr, why)
		}
		return nil, "is not RE2: " + why
	}
	if n := tree.Size(parsed); n > tree.MaxProgram {
		return nil, fmt.Sprintf("compiles to about %d instructions, the limit is %d: lower its repeat counts", n, tree.MaxProgram)
	}
	return parsed, ""
}

func syntaxWhy(err error) string {
	e, ok := errors.AsType[*syntax.Error](err)
	if !ok {
		return err.Error()
	}
	switch e.Code {
	case syntax.ErrInvalidPerlOp:
		return "lookahead, lookbehind, atomic and conditional groups do not exist in RE2: match the context too, put the secret into a group, and take the rest out with an allowlist"
	case syntax.ErrInvalidEscape:
		return "unknown escape; back references and \\Z do not exist in RE2"
	case syntax.ErrInvalidRepeatSize:
		return "a repeat count may be 1000 at most, nested ones multiplied: write {n,} for more"
	case syntax.ErrLarge, syntax.ErrNestingDepth:
		return e.Code.String() + ": split the rule in two"
	}
	return e.Code.String()
}

func (c *ruleCheck) documented() {
	r := c.rule
	for _, f := range []struct{ key, is, want string }{
		{"description", r.Description, "one line that names what was found"},
		{"doc", r.Doc, "what it is and what a holder can do with it"},
		{"source", r.Source, "the page that documents the format"},
		{"rotate", r.Rotate, "how to rotate or revoke it, in one line"},
		{"rotate_url", r.RotateURL, "the vendor's page about that"},
	} {
		if strings.TrimSpace(f.is) == "" {
			c.fail(f.key, "is missing: %s", f.want)
		}
	}
	if strings.Contains(r.Description, "\n") || strings.Contains(r.Rotate, "\n") {
		c.fail("description", "and rotate must be one line each")
	}
	if u, err := url.Parse(r.RotateURL); r.RotateURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		c.fail("rotate_url", "must be an https:// address")
	}
}

func (c *ruleCheck) examples() {
	if len(c.rule.Want) == 0 {
		c.fail("want", "is missing: at least one text, as a template, in which the rule finds its value")
	}
	if len(c.rule.NotWant) == 0 {
		c.fail("not_want", "is missing: at least one text, as a template, that looks alike and is none")
	}
}

func (c *ruleCheck) proof() {
	r := c.rule
	checked := r.Checksum != nil || r.Parse != ""
	switch {
	case r.Proof == leak.Proven && !checked:
		c.fail("proof", "proven needs a checksum or a parser")
	case r.Proof == leak.Structural && !checked && r.Decodes == "" && r.Extent == "":
		c.fail("proof", "structural needs a checksum, a parser, or decodes: which part of the value decodes to what")
	case r.Matcher != "" && r.Proof > leak.Generic:
		c.fail("proof", "a name beside a value is generic")
	}
	if r.Bits >= leak.VouchedBits && r.Proof == leak.Generic {
		c.fail("bits", "a generic rule cannot vouch for randomness: leave it out")
	}
	if r.Public && r.Bits > 0 {
		c.fail("public", "and bits exclude each other: an identifier is hashed whatever its size")
	}
}

func (c *ruleCheck) bounded() {
	if c.tree == nil {
		return
	}
	if endless := unbounded(c.tree); endless != "" {
		c.fail("regex", "%s repeats without end, so a match could depend on the whole text: write {1,64} or what the format allows", endless)
	}
}

// unbounded is the first part of a pattern that may repeat without end, "" if
// there is none.
func unbounded(re *syntax.Regexp) string {
	switch {
	case re.Op == syntax.OpStar, re.Op == syntax.OpPlus, re.Op == syntax.OpRepeat && re.Max == -1:
		return re.String()
	}
	for _, sub := range re.Sub {
		if found := unbounded(sub); found != "" {
			return found
		}
	}
	return ""
}

// shown holds that what may be shown of a value is not secret: each of those
// bytes is fixed by the pattern, or one of a few.
func (c *ruleCheck) shown() {
	r := c.rule
	if r.Show == 0 || c.tree == nil {
		if r.Show > 0 {
			c.fail("show", "must be 0 without a regex: nothing tells that the value's first bytes are public")
		}
		return
	}
	if fixed, _ := leading(valueTree(c.tree, r.SecretGroup)); r.Show < 0 || r.Show > min(fixed, maxShow) {
		c.fail("show", "is %d, but only the first %d bytes of the value are the same in every instance (%d at most)", r.Show, fixed, maxShow)
	}
}

// parserHint ends the message about an unknown parser.
func parserHint(name string) string {
	return didYouMean(name, proof.Parsers()) + "; the known ones are " + strings.Join(proof.Parsers(), ", ")
}

// sumMistake tells why a checksum cannot be verified, "" if it can.
func sumMistake(c *rules.Checksum) string {
	if err := (proof.Sum{Algo: c.Algo, Encoding: c.Encoding, Seed: c.Seed}).Validate(); err != nil {
		return err.Error()
	}
	return ""
}
