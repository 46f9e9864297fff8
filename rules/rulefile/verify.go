package rulefile

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/oakum-sec/oakum/rules"
)

// The keys of [rules.verify] and its answers.

var verifyFields = fields[rules.Verify]{
	"method":   func(rd *reader, n *node, key string, v *rules.Verify) { v.Method = rd.word(n, key, verifyMethods, nil) },
	"url":      func(rd *reader, n *node, key string, v *rules.Verify) { v.URL = rd.text(n, key) },
	"headers":  func(rd *reader, n *node, key string, v *rules.Verify) { v.Headers = rd.texts(n, key) },
	"basic":    func(rd *reader, n *node, key string, v *rules.Verify) { v.Basic = rd.text(n, key) },
	"form":     func(rd *reader, n *node, key string, v *rules.Verify) { v.Form = rd.texts(n, key) },
	"body":     func(rd *reader, n *node, key string, v *rules.Verify) { v.Body = rd.text(n, key) },
	"sign":     func(rd *reader, n *node, key string, v *rules.Verify) { v.Sign = rd.word(n, key, signatures, nil) },
	"identity": func(rd *reader, n *node, key string, v *rules.Verify) { v.Identity = rd.texts(n, key) },
	"doc":      func(rd *reader, n *node, key string, v *rules.Verify) { v.Doc = rd.text(n, key) },
	"answers": func(rd *reader, n *node, key string, v *rules.Verify) {
		for _, t := range rd.tables(n, key) {
			var a rules.Answer
			readFields(rd, answerFields, t, key+".", &a)
			v.Answers = append(v.Answers, a)
		}
	},
}

var answerFields = fields[rules.Answer]{
	"status": func(rd *reader, n *node, key string, a *rules.Answer) { a.Status = rd.statuses(n, key) },
	"field":  func(rd *reader, n *node, key string, a *rules.Answer) { a.Field = rd.text(n, key) },
	"is":     func(rd *reader, n *node, key string, a *rules.Answer) { a.Is = rd.texts(n, key) },
	"means": func(rd *reader, n *node, key string, a *rules.Answer) {
		a.Means = rd.word(n, key, rules.Meanings(), nil)
	},
	"why": func(rd *reader, n *node, key string, a *rules.Answer) { a.Why = rd.text(n, key) },
}

var (
	verifyMethods = []string{"GET", "POST"}
	signatures    = []string{"", "aws-sigv4"}
)

// statuses reads one HTTP status, or a list of them.
func (rd *reader) statuses(n *node, key string) []int {
	if n.kind != unstable.Array {
		return []int{rd.whole(n, key, 100, 599)}
	}
	var list []int
	for _, item := range n.items {
		list = append(list, rd.whole(item, key, 100, 599))
	}
	return list
}

// placeholder is what a question's parts are filled in by.
var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[^{}]*\}`) })

// verify holds that the question can be asked, and goes to one host only.
func (c *ruleCheck) verify() {
	v := c.rule.Verify
	if v == nil {
		return
	}
	u, err := url.Parse(placeholder().ReplaceAllString(v.URL, "x"))
	at := strings.Index(v.URL, "{")
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "":
		c.fail("verify.url", "must be an https:// address without user and fragment")
	case at >= 0 && !strings.Contains(v.URL[min(len("https://"), at):at], "/"):
		c.fail("verify.url", "has a placeholder in its host: the host is fixed, so that a value goes to nobody else")
	}
	for _, text := range slices.Concat([]string{v.URL, v.Basic}, v.Headers, v.Form) {
		c.placeholders(text)
	}
	for _, h := range v.Headers {
		if name, _, ok := strings.Cut(h, ": "); !ok || name == "" || strings.ContainsAny(name, " \t{") {
			c.fail("verify.headers", "%s: must be \"Name: value\"", strconv.Quote(h))
		}
	}
	if v.Body != "" && (len(v.Form) > 0 || v.Method != "POST") || len(v.Form) > 0 && v.Method != "POST" {
		c.fail("verify.body", "and form exclude each other, and ask for method = \"POST\"")
	}
	if c.rule.Ours() && v.Doc == "" {
		c.fail("verify.doc", "is missing: the vendor's page about the request")
	}
	c.answers(v)
}

// placeholders holds that a text has no others than those that are known, and
// that the parts are components of the rule.
func (c *ruleCheck) placeholders(text string) {
	for _, p := range placeholder().FindAllString(text, -1) {
		part, isPart := strings.CutPrefix(strings.Trim(p, "{}"), "part:")
		switch {
		case isPart && !slices.ContainsFunc(c.rule.Components, func(k rules.Component) bool { return k.Rule == part }):
			c.fail("verify", "{part:%s}: the rule has no such component", part)
		case !isPart && p != "{value}":
			c.fail("verify", "unknown placeholder %s (known: {value}, {part:RULE})", p)
		}
	}
}

func (c *ruleCheck) answers(v *rules.Verify) {
	means := map[string]bool{}
	for _, a := range v.Answers {
		means[a.Means] = true
		if len(a.Status) == 0 && a.Field == "" {
			c.fail("verify.answers", "one has neither status nor field, and would fit everything")
		}
		if len(a.Is) > 0 && a.Field == "" {
			c.fail("verify.answers", "is needs a field")
		}
	}
	if !means[rules.MeansValid] || means[""] {
		c.fail("verify.answers", "each needs means (one of %s), and one is valid", strings.Join(rules.Meanings(), ", "))
	}
}
