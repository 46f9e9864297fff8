package rulefile

import (
	"slices"

	"github.com/oakum-sec/oakum/rules"
)

// The keys of each table of a rule file. docs/rules-format.md lists them too,
// and a test holds that it lists all.

var configFields = fields[Config]{
	"title":       func(rd *reader, n *node, key string, c *Config) { c.Title = rd.text(n, key) },
	"description": func(rd *reader, n *node, key string, c *Config) { c.Description = rd.text(n, key) },
	"minVersion":  func(rd *reader, n *node, key string, c *Config) { c.MinVersion = rd.text(n, key) },
	"extend": func(rd *reader, n *node, key string, c *Config) {
		if t, ok := rd.table(n, key); ok {
			readFields(rd, extendFields, t, "extend.", &c.Extend)
		}
		if c.Extend.UseDefault && c.Extend.Path != "" {
			rd.mistake(n.key, key, "useDefault and path exclude each other: take one out (the file that path names may use useDefault)")
		}
	},
	"rules": func(rd *reader, n *node, key string, c *Config) {
		for _, t := range rd.tables(n, key) {
			c.Rules = append(c.Rules, rd.newRule(t))
			c.tables = append(c.tables, t)
		}
	},
	"allowlists": func(rd *reader, n *node, key string, c *Config) {
		for _, t := range rd.tables(n, key) {
			rd.global(t, key, c)
		}
	},
	"allowlist": func(rd *reader, n *node, key string, c *Config) { // gitleaks before 8.25
		if t, ok := rd.table(n, key); ok {
			rd.global(t, key, c)
		}
	},
}

var extendFields = fields[Extend]{
	"useDefault":    func(rd *reader, n *node, key string, e *Extend) { e.UseDefault = rd.boolean(n, key) },
	"path":          func(rd *reader, n *node, key string, e *Extend) { e.Path = rd.text(n, key) },
	"disabledRules": func(rd *reader, n *node, key string, e *Extend) { e.DisabledRules = rd.texts(n, key) },
	"url": func(rd *reader, n *node, key string, e *Extend) {
		rd.mistake(n.key, key, "rules are not fetched from the network: download the file and name it with path")
	},
}

var ruleFields = fields[rules.Rule]{
	"id":          func(rd *reader, n *node, key string, r *rules.Rule) { r.ID = rd.text(n, key) },
	"description": func(rd *reader, n *node, key string, r *rules.Rule) { r.Description = rd.text(n, key) },
	"doc":         func(rd *reader, n *node, key string, r *rules.Rule) { r.Doc = rd.text(n, key) },
	"source":      func(rd *reader, n *node, key string, r *rules.Rule) { r.Source = rd.text(n, key) },
	"regex":       func(rd *reader, n *node, key string, r *rules.Rule) { r.Regex = rd.text(n, key) },
	"secretGroup": func(rd *reader, n *node, key string, r *rules.Rule) { r.SecretGroup = rd.whole(n, key, 0, 1000) },
	"entropy":     func(rd *reader, n *node, key string, r *rules.Rule) { r.Entropy = rd.number(n, key, 0, 8) },
	"keywords":    func(rd *reader, n *node, key string, r *rules.Rule) { extend(&r.Keywords, rd.texts(n, key)) },
	"path":        func(rd *reader, n *node, key string, r *rules.Rule) { r.Path = rd.text(n, key) },
	"tags":        func(rd *reader, n *node, key string, r *rules.Rule) { extend(&r.Tags, rd.texts(n, key)) },
	"skipReport":  func(rd *reader, n *node, key string, r *rules.Rule) { r.SkipReport = rd.boolean(n, key) },
	"matcher":     func(rd *reader, n *node, key string, r *rules.Rule) { r.Matcher = rd.word(n, key, matchers, nil) },
	"extent":      func(rd *reader, n *node, key string, r *rules.Rule) { r.Extent = rd.word(n, key, extents, nil) },
	"proof":       func(rd *reader, n *node, key string, r *rules.Rule) { rd.level(n, key, &r.Proof, proofs) },
	"not_hollow":  func(rd *reader, n *node, key string, r *rules.Rule) { r.NotHollow = rd.boolean(n, key) },
	"decodes":     func(rd *reader, n *node, key string, r *rules.Rule) { r.Decodes = rd.text(n, key) },
	"parse":       func(rd *reader, n *node, key string, r *rules.Rule) { r.Parse = rd.text(n, key) },
	"severity":    func(rd *reader, n *node, key string, r *rules.Rule) { rd.level(n, key, &r.Severity, severities) },
	"rotate":      func(rd *reader, n *node, key string, r *rules.Rule) { r.Rotate = rd.text(n, key) },
	"rotate_url":  func(rd *reader, n *node, key string, r *rules.Rule) { r.RotateURL = rd.text(n, key) },
	"bits":        func(rd *reader, n *node, key string, r *rules.Rule) { r.Bits = rd.whole(n, key, 0, 1<<16) },
	"public":      func(rd *reader, n *node, key string, r *rules.Rule) { r.Public = rd.boolean(n, key) },
	"show":        func(rd *reader, n *node, key string, r *rules.Rule) { r.Show = rd.whole(n, key, 0, maxShow) },
	"want":        func(rd *reader, n *node, key string, r *rules.Rule) { r.Want = rd.texts(n, key) },
	"not_want":    func(rd *reader, n *node, key string, r *rules.Rule) { r.NotWant = rd.texts(n, key) },
	"checksum": func(rd *reader, n *node, key string, r *rules.Rule) {
		if t, ok := rd.table(n, key); ok {
			r.Checksum = &rules.Checksum{}
			readFields(rd, checksumFields, t, key+".", r.Checksum)
		}
	},
	"verify": func(rd *reader, n *node, key string, r *rules.Rule) {
		if t, ok := rd.table(n, key); ok {
			r.Verify = &rules.Verify{}
			readFields(rd, verifyFields, t, key+".", r.Verify)
		}
	},
	"components": func(rd *reader, n *node, key string, r *rules.Rule) { readComponents(rd, componentFields, n, key, r) },
	"required":   func(rd *reader, n *node, key string, r *rules.Rule) { readComponents(rd, requiredFields, n, key, r) },
	"allowlists": func(rd *reader, n *node, key string, r *rules.Rule) {
		for _, t := range rd.tables(n, key) {
			extend(&r.Allowlists, []rules.Allowlist{rd.allowlist(t, key, allowlistFields)})
		}
	},
	"allowlist": func(rd *reader, n *node, key string, r *rules.Rule) { // gitleaks before 8.21
		if t, ok := rd.table(n, key); ok {
			extend(&r.Allowlists, []rules.Allowlist{rd.allowlist(t, key, allowlistFields)})
		}
	},
}

var checksumFields = fields[rules.Checksum]{
	"algo":     func(rd *reader, n *node, key string, c *rules.Checksum) { c.Algo = rd.text(n, key) },
	"seed":     func(rd *reader, n *node, key string, c *rules.Checksum) { c.Seed = rd.text(n, key) },
	"of":       func(rd *reader, n *node, key string, c *rules.Checksum) { c.Of = rd.text(n, key) },
	"sum":      func(rd *reader, n *node, key string, c *rules.Checksum) { c.Sum = rd.text(n, key) },
	"encoding": func(rd *reader, n *node, key string, c *rules.Checksum) { c.Encoding = rd.text(n, key) },
	"mismatch": func(rd *reader, n *node, key string, c *rules.Checksum) {
		c.Mismatch = rd.word(n, key, mismatches, nil)
	},
}

var componentFields = fields[rules.Component]{
	"rule":     func(rd *reader, n *node, key string, c *rules.Component) { c.Rule = rd.text(n, key) },
	"regex":    func(rd *reader, n *node, key string, c *rules.Component) { c.Regex = rd.text(n, key) },
	"lines":    func(rd *reader, n *node, key string, c *rules.Component) { c.Lines = rd.lines(n, key) },
	"columns":  func(rd *reader, n *node, key string, c *rules.Component) { c.Columns = rd.whole(n, key, 1, 1<<20) },
	"entropy":  func(rd *reader, n *node, key string, c *rules.Component) { c.Entropy = rd.number(n, key, 0, 8) },
	"optional": func(rd *reader, n *node, key string, c *rules.Component) { c.Optional = rd.boolean(n, key) },
}

// requiredFields are gitleaks' names of the same; a required rule is never optional.
var requiredFields = fields[rules.Component]{
	"id":            componentFields["rule"],
	"withinLines":   componentFields["lines"],
	"withinColumns": componentFields["columns"],
}

var allowlistFields = fields[rules.Allowlist]{
	"description": func(rd *reader, n *node, key string, a *rules.Allowlist) { a.Description = rd.text(n, key) },
	"condition": func(rd *reader, n *node, key string, a *rules.Allowlist) {
		a.Condition = rd.word(n, key, conditions, map[string]string{"or": "OR", "||": "OR", "and": "AND", "&&": "AND"})
	},
	"regexTarget": func(rd *reader, n *node, key string, a *rules.Allowlist) {
		a.RegexTarget = rd.word(n, key, targets, nil)
		if a.RegexTarget == "secret" {
			a.RegexTarget = ""
		}
	},
	"regexes":   func(rd *reader, n *node, key string, a *rules.Allowlist) { a.Regexes = rd.texts(n, key) },
	"paths":     func(rd *reader, n *node, key string, a *rules.Allowlist) { a.Paths = rd.texts(n, key) },
	"commits":   func(rd *reader, n *node, key string, a *rules.Allowlist) { a.Commits = rd.texts(n, key) },
	"stopwords": func(rd *reader, n *node, key string, a *rules.Allowlist) { a.StopWords = rd.texts(n, key) },
}

// The closed lists of words. "" is the default, which is not written.
var (
	matchers   = []string{"", "assignment"}
	extents    = []string{"", "pem", "putty"}
	mismatches = []string{"drop", "downgrade"}
	conditions = []string{"OR", "AND"}
	targets    = []string{"secret", "match", "line"} // secret: ""
)

var globalFields = func() fields[rules.Allowlist] {
	all := fields[rules.Allowlist]{
		"targetRules": func(rd *reader, n *node, key string, a *rules.Allowlist) { a.TargetRules = rd.texts(n, key) },
	}
	for name, read := range allowlistFields {
		all[name] = read
	}
	return all
}()

// extend appends without writing into an array that another rule may hold.
func extend[T any](list *[]T, more []T) { *list = slices.Concat(*list, more) }

func (rd *reader) lines(n *node, key string) int {
	if v := rd.whole(n, key, 0, 1<<20); v > 0 {
		return v
	}
	return rules.SameLine
}

// newRule reads one [[rules]] table. What the file leaves out of a rule that is
// not ours: it was written on purpose and says nothing of harm, so we assume
// the middle tier of proof and an account's worth of harm.
func (rd *reader) newRule(t *node) rules.Rule {
	r := rules.Rule{File: rd.file}
	if !r.Ours() {
		r.Proof, r.Severity = foreignProof, foreignSeverity
	}
	if id := t.field("id"); id != nil {
		rd.rule = id.text
	}
	r.Line, _ = rd.doc.position(t.key)
	readFields(rd, ruleFields, t, "rules.", &r)
	rd.legacy(t, "rules.")
	rd.rule = ""
	return r
}

func readComponents(rd *reader, known fields[rules.Component], n *node, key string, r *rules.Rule) {
	for _, t := range rd.tables(n, key) {
		var c rules.Component
		readFields(rd, known, t, key+".", &c)
		extend(&r.Components, []rules.Component{c})
	}
}

func (rd *reader) allowlist(t *node, key string, known fields[rules.Allowlist]) rules.Allowlist {
	var a rules.Allowlist
	readFields(rd, known, t, key+".", &a)
	return a
}

// legacy refuses what gitleaks refuses: both spellings of allowlists in one table.
func (rd *reader) legacy(t *node, path string) {
	if old := t.field("allowlist"); old != nil && t.field("allowlists") != nil {
		rd.mistake(old.key, path+"allowlist", "[%[1]sallowlist] and [[%[1]sallowlists]] exclude each other: write [[%[1]sallowlists]] twice", path)
	}
}

func (rd *reader) global(t *node, key string, c *Config) {
	c.Allowlists = append(c.Allowlists, rd.allowlist(t, key, globalFields))
	c.lists = append(c.lists, t)
}
