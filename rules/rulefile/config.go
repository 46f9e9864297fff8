package rulefile

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// Config is a rule file as it was read. Merge makes the rules of it that a
// scan uses.
type Config struct {
	File        string
	Title       string
	Description string
	MinVersion  string // gitleaks': kept, not compared with anything
	Extend      Extend
	Rules       []rules.Rule      // as written; one that extends another of its id may lack anything but the id
	Allowlists  []rules.Allowlist // global: of the rules that TargetRules names, else of all

	doc    *document
	tables []*node // of Rules
	lists  []*node // of Allowlists
}

// Extend names what a file's rules are laid over.
type Extend struct {
	UseDefault    bool     // oakum's own rules (in gitleaks: gitleaks' own)
	Path          string   // another file, as seen from the folder oakum was called in
	DisabledRules []string // ids of the extended rules to leave out
}

// position of a node of the file; 0, 0 where c was not read from one.
func (c *Config) position(n *node) (line, column int) {
	if c.doc == nil || n == nil {
		return 0, 0
	}
	return c.doc.position(n.key)
}

// extendNode is the file's [extend], or the key of it.
func (c *Config) extendNode(key string) *node {
	if c.doc == nil {
		return nil
	}
	n := c.doc.root.field("extend")
	if n != nil && key != "" {
		n = n.field(key)
	}
	return n
}

func (e Extend) any() bool { return e.UseDefault || e.Path != "" }

// AddsNothing tells a file that has oakum's own rules be used as they are: one that
// was written as a place for what may come. Merge would give those rules, which then
// have to be compiled anew.
func (c *Config) AddsNothing() bool {
	return c.Extend.UseDefault && c.Extend.Path == "" && len(c.Extend.DisabledRules)+len(c.Rules)+len(c.Allowlists) == 0
}

// What we assume of a foreign rule that does not say it.
const (
	foreignProof    = leak.Pattern
	foreignSeverity = leak.High
)

// maxExtend is how many files deep a chain of extend.path may be, as in gitleaks.
const maxExtend = 2

// Merge lays c over what it extends and gives the rules to compile, the
// extended ones first. As in gitleaks, a rule of the same id as an extended one
// replaces what it gives itself and inherits the rest; its tags, keywords,
// components and allowlists are added. Global allowlists are copied into the
// rules they are for, so nothing else has to know of them.
//
// base are oakum's own rules, used where useDefault says so; open reads the
// file that extend.path names (nil: refused). notices are for the user: things
// in the file that have no effect, as an id in disabledRules that no rule has.
func (c *Config) Merge(base []rules.Rule, open func(path string) ([]byte, error)) (all []rules.Rule, notices []string, err error) {
	m := merger{base: base, open: open}
	if len(c.Rules) == 0 && !c.Extend.any() {
		// People write such files to add allowlists; gitleaks takes them at their
		// word and finds nothing.
		laid := *c
		laid.Extend.UseDefault = true
		c = &laid
		m.notice(c.File, 0, "there are no rules in it: oakum's are used, as with [extend] useDefault = true")
	}
	if err := m.config(c, nil); err != nil {
		return nil, nil, err
	}
	m.targets()
	m.dropIdle()
	m.references()
	if len(m.rules) == 0 && len(m.mistakes) == 0 {
		m.mistakes = append(m.mistakes, &rules.Mistake{File: c.File, What: "there are no rules in it, so nothing would be found: add [extend] with useDefault = true, or [[rules]]"})
	}
	return m.rules, m.notices, joinMistakes(m.mistakes)
}

// merger collects rules from the bottom of a chain of files upwards.
type merger struct {
	base       []rules.Rule
	open       func(path string) ([]byte, error)
	rules      []rules.Rule
	lists      []list
	disabled   map[string]bool
	useDefault bool
	notices    []string
	mistakes   []*rules.Mistake
}

// list is a global allowlist and where it stands.
type list struct {
	rules.Allowlist
	file string
	line int
}

func (m *merger) notice(file string, line int, format string, args ...any) {
	m.notices = append(m.notices, (&rules.Mistake{File: file, Line: line, What: fmt.Sprintf(format, args...)}).Error())
}

// config adds c over all that it extends; above are the paths of the files that
// led to it.
func (m *merger) config(c *Config, above []string) error {
	if err := m.extended(c, above); err != nil {
		return err
	}
	m.disable(c)
	for i := range c.Rules {
		m.lay(c, i)
	}
	for i, a := range c.Allowlists {
		var at *node
		if i < len(c.lists) {
			at = c.lists[i]
		}
		line, _ := c.position(at)
		m.lists = append(m.lists, list{a, c.File, line})
	}
	return nil
}

func (m *merger) extended(c *Config, above []string) error {
	switch {
	case c.Extend.UseDefault:
		m.rules, m.useDefault = slices.Clone(m.base), true
		return nil
	case c.Extend.Path == "":
		return nil
	case m.open == nil:
		return c.extendMistake("this file may not name another one: put its rules here")
	case slices.Contains(above, path.Clean(c.Extend.Path)) || path.Clean(c.Extend.Path) == path.Clean(c.File):
		return c.extendMistake(fmt.Sprintf("%q extends itself, by way of this file", c.Extend.Path))
	case len(above) == maxExtend:
		return c.extendMistake(fmt.Sprintf("files may extend each other %d deep: %q is one too many", maxExtend, c.Extend.Path))
	}
	data, err := m.open(c.Extend.Path)
	if err != nil {
		return c.extendMistake(fmt.Sprintf("read %q: %v", c.Extend.Path, err))
	}
	lower, err := Parse(c.Extend.Path, data)
	if err != nil {
		return err
	}
	return m.config(lower, append(slices.Clip(above), path.Clean(c.Extend.Path)))
}

// extendMistake stands where the file's extend.path does.
func (c *Config) extendMistake(what string) error {
	line, column := c.position(c.extendNode("path"))
	return &rules.Mistake{File: c.File, Line: line, Column: column, Key: "extend.path", What: what}
}

func (m *merger) disable(c *Config) {
	for _, id := range c.Extend.DisabledRules {
		i := indexRule(m.rules, id)
		if i < 0 {
			line, _ := c.position(c.extendNode(""))
			m.notice(c.File, line, "extend.disabledRules: no rule has the id %q%s", id, didYouMean(id, ids(m.rules)))
			continue
		}
		m.rules = slices.Delete(m.rules, i, i+1)
		if m.disabled == nil {
			m.disabled = map[string]bool{}
		}
		m.disabled[id] = true
	}
}

// lay puts c's rule i over the one of its id, or beside the others.
func (m *merger) lay(c *Config, i int) {
	own := c.Rules[i]
	at := indexRule(m.rules, own.ID)
	if at < 0 {
		m.rules = append(m.rules, own)
		return
	}
	if i >= len(c.tables) { // c was made by hand: what it gives is not known, so it gives all
		m.rules[at] = own
		return
	}
	merged := m.rules[at]
	again := &reader{file: c.File, doc: c.doc} // its mistakes are Parse's, told already
	readFields(again, ruleFields, c.tables[i], "rules.", &merged)
	if own.Regex != "" || own.Matcher != "" { // now it finds what the file says, not what ours did
		merged.File, merged.Line = own.File, own.Line
	}
	m.rules[at] = merged
	merged.File, merged.Line = own.File, own.Line
	for _, err := range Validate(merged) { // parts that are right alone may not fit together
		if mistake, ok := errors.AsType[*rules.Mistake](err); ok {
			m.mistakes = append(m.mistakes, mistake)
		}
	}
}

// targets hands the global allowlists to the rules.
func (m *merger) targets() {
	for _, l := range m.lists {
		for _, id := range l.TargetRules {
			if indexRule(m.rules, id) < 0 && !m.disabled[id] {
				m.notice(l.file, l.line, "allowlists.targetRules: no rule has the id %q%s", id, didYouMean(id, ids(m.rules)))
			}
		}
		for i := range m.rules {
			if len(l.TargetRules) == 0 || slices.Contains(l.TargetRules, m.rules[i].ID) {
				extend(&m.rules[i].Allowlists, []rules.Allowlist{l.Allowlist})
			}
		}
	}
}

// dropIdle takes out rules that were to extend one that is not there. Over
// oakum's own rules that is a notice: a file written for gitleaks may extend a
// rule that goes by another id here.
func (m *merger) dropIdle() {
	m.rules = slices.DeleteFunc(m.rules, func(r rules.Rule) bool {
		lack := idle(r)
		switch {
		case lack == nil:
			return false
		case m.useDefault:
			m.notice(r.File, r.Line, "rule %q has no regex of its own and no rule has that id to extend%s: it has no effect", r.ID, didYouMean(r.ID, ids(m.base)))
		default:
			m.mistakes = append(m.mistakes, lack)
		}
		return true
	})
}

// references checks the rules that components name.
func (m *merger) references() {
	known := map[string]bool{}
	for _, r := range m.rules {
		known[r.ID] = true
	}
	for i := range m.rules {
		r := &m.rules[i]
		r.Components = slices.DeleteFunc(slices.Clone(r.Components), func(c rules.Component) bool {
			if c.Regex != "" || known[c.Rule] {
				return false
			}
			if m.disabled[c.Rule] {
				if !c.Optional {
					m.notice(r.File, r.Line, "rule %q requires rule %q, which is disabled: it finds nothing now", r.ID, c.Rule)
				}
				return c.Optional
			}
			m.mistakes = append(m.mistakes, mistakeIn(*r, "components", "no rule has the id %q%s", c.Rule, didYouMean(c.Rule, ids(m.rules))))
			return false
		})
	}
}

func indexRule(list []rules.Rule, id string) int {
	return slices.IndexFunc(list, func(r rules.Rule) bool { return r.ID == id })
}

func ids(all []rules.Rule) []string {
	var list []string
	for _, r := range all {
		list = append(list, strings.ToLower(r.ID))
	}
	return list
}
