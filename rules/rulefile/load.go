package rulefile

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// maxRuleFile bounds a rule file: gitleaks' own, with 222 rules, has 120 kB.
const maxRuleFile = 16 << 20

// Parse reads a rule file: TOML whose keys are gitleaks v8's and ours, see
// docs/rules-format.md. It is strict: a key it does not know, a value of the
// wrong type, a pattern that does not compile, an id given twice are mistakes.
// All are told at once (errors.Join of *Mistake, in the file's order).
//
// file is named in messages and in the rules' File; rules of files whose name
// begins with "builtin/" are held to what [Validate] demands of ours.
func Parse(file string, data []byte) (*Config, error) { return parseConfig(file, data, true) }

// ParseTrusted is Parse without the look at each rule's insides, which takes
// longer than the reading: for the embedded files, which a test has parsed.
func ParseTrusted(file string, data []byte) (*Config, error) { return parseConfig(file, data, false) }

func parseConfig(file string, data []byte, validate bool) (*Config, error) {
	c := &Config{File: file}
	rd := &reader{file: file}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Notepad's mark
	if err := checkText(file, data); err != nil {
		return nil, err
	}
	doc, clashes, err := parseTree(data)
	rd.doc = doc
	for _, c := range clashes {
		rd.mistake(c.at, c.key, "%s", c.what)
	}
	if err != nil {
		at, what := syntaxOffset(data, err)
		rd.mistake(at, "", "%s (this is not valid TOML; patterns are best written between ''' and ''')", what)
		return nil, joinMistakes(rd.mistakes)
	}
	readFields(rd, configFields, doc.root, "", c)
	rd.legacy(doc.root, "")
	c.doc = doc
	if validate {
		rd.validate(c)
	}
	if err := joinMistakes(rd.mistakes); err != nil {
		return nil, err
	}
	return c, nil
}

func checkText(file string, data []byte) error {
	if len(data) > maxRuleFile {
		return &rules.Mistake{File: file, What: fmt.Sprintf("the file has %d bytes, a rule file may have %d: split it", len(data), maxRuleFile)}
	}
	for line, text := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(text) {
			return &rules.Mistake{File: file, Line: line + 1, What: "this line is not UTF-8: save the file as UTF-8"}
		}
	}
	return nil
}

// reader turns nodes into values and collects what is wrong with them.
type reader struct {
	file     string
	doc      *document
	rule     string // id of the rule that is being read
	mistakes []*rules.Mistake
}

func (rd *reader) mistake(offset int, key, format string, args ...any) {
	line, column := rd.doc.position(offset)
	rd.mistakes = append(rd.mistakes, &rules.Mistake{
		File: rd.file, Line: line, Column: column, Rule: rd.rule, Key: key, What: fmt.Sprintf(format, args...),
	})
}

// fields says how each key of a table is read into a T. A list is appended to
// what T has, everything else replaces it: so the same readers read a rule anew
// and lay one over another (see Config.Merge).
type fields[T any] map[string]func(rd *reader, n *node, key string, to *T)

// readFields reads a table. Keys count without regard to case, as in gitleaks.
func readFields[T any](rd *reader, known fields[T], table *node, path string, to *T) {
	seen := map[string]bool{}
	for _, written := range table.order {
		n := table.fields[written]
		name, ok := canonical(known, written)
		key := path + name
		switch {
		case !ok:
			rd.mistake(n.key, path+written, "%s", unknownKey(written, slices.Sorted(maps.Keys(known))))
		case seen[name]:
			rd.mistake(n.key, key, "this key is given twice: keep one of them")
		default:
			seen[name] = true
			known[name](rd, n, key, to)
		}
	}
}

func canonical[T any](known fields[T], written string) (string, bool) {
	if _, ok := known[written]; ok {
		return written, true
	}
	for name := range known {
		if strings.EqualFold(name, written) {
			return name, true
		}
	}
	return written, false
}

// foreignKeys are keys of Betterleaks' TOML that oakum has no equal of.
var foreignKeys = []string{"betterleaksMinVersion", "prefilter", "filter", "specificity", "tokenEfficiency", "validate", "analyze", "revoke", "confidence"}

func unknownKey(written string, known []string) string {
	for _, f := range foreignKeys {
		if strings.EqualFold(f, written) {
			return "this is a key of Betterleaks that oakum does not run: take it out, or have `oakum rules import` make of the file what maps"
		}
	}
	if hint := didYouMean(written, known); hint != "" {
		return "unknown key" + hint
	}
	return "unknown key; one of " + strings.Join(known, ", ")
}

// The readers of single values. Each takes the mistake down and returns the
// zero value where the node is something else.

func (rd *reader) text(n *node, key string) string {
	if n.kind != unstable.String {
		rd.mistake(n.key, key, "must be a string, is %s", kindName(n.kind))
		return ""
	}
	return n.text
}

func (rd *reader) texts(n *node, key string) []string {
	if n.kind != unstable.Array {
		rd.mistake(n.key, key, "must be a list of strings, is %s: write [\"…\"]", kindName(n.kind))
		return nil
	}
	var list []string
	for _, item := range n.items {
		list = append(list, rd.text(item, key))
	}
	return list
}

func (rd *reader) boolean(n *node, key string) bool {
	if n.kind != unstable.Bool {
		rd.mistake(n.key, key, "must be true or false, is %s", kindName(n.kind))
	}
	return n.text == "true"
}

// whole reads a number from least to most.
func (rd *reader) whole(n *node, key string, least, most int) int {
	if n.kind != unstable.Integer {
		rd.mistake(n.key, key, "must be a whole number, is %s", kindName(n.kind))
		return 0
	}
	v, err := strconv.Atoi(strings.ReplaceAll(n.text, "_", ""))
	if err != nil || v < least || v > most {
		rd.mistake(n.key, key, "must be from %d to %d", least, most)
		return 0
	}
	return v
}

func (rd *reader) number(n *node, key string, least, most float64) float64 {
	if n.kind != unstable.Integer && n.kind != unstable.Float {
		rd.mistake(n.key, key, "must be a number, is %s", kindName(n.kind))
		return 0
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(n.text, "_", ""), 64)
	if err != nil || !(v >= least && v <= most) { // so NaN is out
		rd.mistake(n.key, key, "must be from %g to %g", least, most)
		return 0
	}
	return v
}

// word reads one of a closed list; aliases maps other spellings to those.
func (rd *reader) word(n *node, key string, words []string, aliases map[string]string) string {
	w := rd.text(n, key)
	if n.kind != unstable.String || slices.Contains(words, w) {
		return w
	}
	if a, ok := aliases[strings.ToLower(w)]; ok {
		return a
	}
	shown := slices.DeleteFunc(slices.Clone(words), func(s string) bool { return s == "" })
	rd.mistake(n.key, key, "unknown word %q: one of %s%s", w, strings.Join(shown, ", "), didYouMean(w, shown))
	return ""
}

// level reads one of leak's words.
func (rd *reader) level(n *node, key string, to interface{ UnmarshalText([]byte) error }, words []string) {
	if w := rd.word(n, key, words, nil); w != "" {
		_ = to.UnmarshalText([]byte(w)) // words are those it knows; a test compares them
	}
}

func (rd *reader) table(n *node, key string) (*node, bool) {
	if n.kind != unstable.Table && n.kind != unstable.InlineTable {
		rd.mistake(n.key, key, "must be a table, is %s: write [%s] once", kindName(n.kind), key)
		return nil, false
	}
	return n, true
}

// tables are the items of [[key]], or of key = [{…}].
func (rd *reader) tables(n *node, key string) []*node {
	if n.kind != unstable.ArrayTable && n.kind != unstable.Array {
		rd.mistake(n.key, key, "must be a list of tables, is %s: write [[%s]]", kindName(n.kind), key)
		return nil
	}
	var list []*node
	for _, item := range n.items {
		if t, ok := rd.table(item, key); ok {
			list = append(list, t)
		}
	}
	return list
}

// proofs and severities are the words of leak.Proof and leak.Severity.
var (
	proofs     = words(leak.Generic, leak.Pattern, leak.Structural, leak.Proven)
	severities = words(leak.Low, leak.Medium, leak.High, leak.Critical)
)

func words[T fmt.Stringer](levels ...T) []string {
	var list []string
	for _, l := range levels {
		list = append(list, l.String())
	}
	return list
}

// validate runs Validate over c's rules and finds each mistake's line.
func (rd *reader) validate(c *Config) {
	first := map[string]int{}
	for i, rule := range c.Rules {
		table := c.tables[i]
		rd.rule = rule.ID
		if line, twice := first[rule.ID]; twice && rule.ID != "" {
			rd.mistake(table.key, "rules.id", "line %d has a rule of this id already: rename one of them", line)
		}
		first[rule.ID] = rule.Line
		for _, err := range rd.demands(c, i) {
			if m, ok := errors.AsType[*rules.Mistake](err); ok {
				rd.place(m, table)
				rd.mistakes = append(rd.mistakes, m)
			}
		}
	}
	rd.rule = ""
	for i := range c.Allowlists {
		for _, m := range emptyOrBroken(c.Allowlists[i]) {
			m.File, m.Key = rd.file, "allowlists."+m.Key
			m.Line, m.Column = rd.doc.position(c.lists[i].key)
			rd.mistakes = append(rd.mistakes, m)
		}
	}
}

// demands are those of rule i alone, of its neighbours none.
func (rd *reader) demands(c *Config, i int) []error {
	rule := c.Rules[i]
	errs := Validate(rule)
	if lack := idle(rule); lack != nil && !c.Extend.any() {
		errs = append(errs, lack)
	}
	for _, level := range []string{"proof", "severity"} {
		if rule.Ours() && c.tables[i].field(level) == nil {
			errs = append(errs, mistakeIn(rule, level, "is missing: say one of its words, there is no default for our own rules"))
		}
	}
	return errs
}

// otherSpelling is under what other key gitleaks' files have a thing.
var otherSpelling = map[string]string{"components": "required", "allowlists": "allowlist"}

// place moves a rule's mistake to the line of the key that it is about.
func (rd *reader) place(m *rules.Mistake, table *node) {
	for _, part := range strings.Split(strings.TrimPrefix(m.Key, "rules."), ".") {
		next := table.field(part)
		if other := otherSpelling[part]; next == nil && other != "" {
			next = table.field(other)
		}
		if next == nil {
			break
		}
		table = next
	}
	m.Line, m.Column = rd.doc.position(table.key)
}
