package rulefile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/oakum-sec/oakum/rules"
)

// Imported is what [Import] made of a foreign rule file.
type Imported struct {
	TOML  []byte           // a rule file that Parse reads
	Rules int              // in it
	Left  []*rules.Mistake // what has no equal here, each where it stands: it does not count
}

// Import makes a rule file of Betterleaks' TOML, version 1 or 2, as far as it
// maps: rules with regex, keywords, path and required ones do; filters that are
// entropies and lists of patterns become those; other filters, and live checks,
// are named and left out, so that a rule finds more than there. A rule that can't
// stand without what is left out is left out whole.
func Import(file string, data []byte) (*Imported, error) {
	if err := checkText(file, data); err != nil {
		return nil, err
	}
	doc, clashes, err := parseTree(data)
	im := &importer{reader: reader{file: file, doc: doc}}
	if err != nil {
		at, what := syntaxOffset(data, err)
		im.mistake(at, "", "%s", what)
		return nil, joinMistakes(im.mistakes)
	}
	for _, c := range clashes {
		im.mistake(c.at, c.key, "%s", c.what)
	}
	im.top(doc.root)
	return &Imported{TOML: []byte(im.out.String()), Rules: im.rules, Left: im.mistakes}, nil
}

// importer collects in its reader what is left out.
type importer struct {
	reader
	out     strings.Builder
	rules   int
	extends bool // another file, whose rules a rule may complete
}

// top writes the file: its own keys, those of [extend], global allowlists, rules.
func (im *importer) top(root *node) {
	fmt.Fprintf(&im.out, "# Made of %s by `oakum rules import`.\n", strings.Map(printable, im.file))
	var lists strings.Builder
	var ruleTables []*node
	for _, key := range root.order {
		n := root.fields[key]
		name, known := canonical(configFields, key)
		switch {
		case name == "rules":
			ruleTables = im.tables(n, key)
		case name == "minVersion": // Betterleaks' own from version 2 on
		case known && (n.kind == unstable.Table || n.kind == unstable.ArrayTable):
			writeTOML(&lists, name, n)
		case known:
			writeTOML(&im.out, name, n)
		case key == "filter" || key == "prefilter":
			im.filter(&lists, n, key, "allowlists", nil)
		case key != "betterleaksMinVersion":
			im.leave(n, key)
		}
	}
	im.out.WriteString(lists.String())
	im.extends = root.field("extend") != nil
	for _, t := range ruleTables {
		im.rulesTable(t)
	}
}

func printable(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

func (im *importer) leave(n *node, key string) {
	what := map[string]string{
		"validate": "a live check of Betterleaks, which oakum does not run", "analyze": "a live check of Betterleaks, which oakum does not run",
		"revoke":          "Betterleaks' way to revoke: oakum rules show says how",
		"filter":          "an expression that oakum does not run: say the same with entropy and allowlists",
		"prefilter":       "an expression that oakum does not run: say the same with allowlists",
		"tokenEfficiency": "statistics of words that oakum does not run",
	}[key]
	if what == "" {
		what = "a key that oakum has no equal of"
	}
	im.mistake(n.key, key, "left out: %s", what)
}

// rulesTable writes one rule, if what is left of it is one.
func (im *importer) rulesTable(t *node) {
	im.rule = ""
	if id := t.field("id"); id != nil {
		im.rule = id.text
	}
	defer func() { im.rule = "" }()
	var head, tail strings.Builder
	head.WriteString("\n[[rules]]\n")
	for _, key := range t.order {
		n := t.fields[key]
		name, known := canonical(ruleFields, key)
		switch {
		case name == "components":
			im.components(&tail, n)
		case known && (n.kind == unstable.Table || n.kind == unstable.ArrayTable):
			writeTOML(&tail, "rules."+name, n)
		case known:
			writeTOML(&head, name, n)
		case key == "filter":
			im.filter(&tail, n, key, "rules.allowlists", &head)
		default:
			im.leave(n, key)
		}
	}
	text := head.String() + tail.String()
	if err := im.refused(text); err != nil {
		im.mistake(t.key, "", "left out, the rule: %v", err)
		return
	}
	im.out.WriteString(text)
	im.rules++
}

// refused is why a rule is none, in the words of the first mistake.
func (im *importer) refused(text string) error {
	if im.extends {
		text = "[extend]\nuseDefault = true\n" + text
	}
	_, err := Parse(im.file, []byte(text))
	if m, ok := errors.AsType[*rules.Mistake](err); ok {
		return errors.New(strings.TrimPrefix(m.Key+": ", ": ") + m.What)
	}
	return err
}

// filter writes a filter's terms as allowlists; an entropy goes into the rule, nil
// where there is none to put it.
func (im *importer) filter(lists *strings.Builder, n *node, key, header string, rule *strings.Builder) {
	terms, ok := parseFilter(n.text)
	for _, t := range terms {
		ok = ok && (t.entropy == "" || rule != nil)
	}
	if !ok {
		im.leave(n, key)
		return
	}
	for _, t := range terms {
		if t.entropy != "" {
			fmt.Fprintf(rule, "entropy = %s\n", t.entropy)
			continue
		}
		lists.WriteString(t.toml(header))
	}
}

var reach = regexp.MustCompile(`^(\d+)([LC])$`)

// components writes version 2's form of required rules: within = "5L,100C".
func (im *importer) components(out *strings.Builder, n *node) {
	for _, t := range n.items {
		out.WriteString("\n[[rules.components]]\n")
		for _, key := range t.order {
			v := t.fields[key]
			switch key {
			case "id", "rule":
				fmt.Fprintf(out, "rule = %s\n", tomlString(v.text))
			case "optional":
				fmt.Fprintf(out, "optional = %s\n", v.text)
			case "within":
				for _, part := range strings.Split(v.text, ",") {
					m := reach.FindStringSubmatch(strings.TrimSpace(part))
					switch {
					case m == nil:
						im.mistake(v.key, "components.within", "left out: oakum knows lines and columns, as 5L,100C")
					case m[2] == "L":
						fmt.Fprintf(out, "lines = %s\n", m[1])
					default:
						fmt.Fprintf(out, "columns = %s\n", m[1])
					}
				}
			default:
				im.leave(v, "components."+key)
			}
		}
	}
}

// writeTOML writes a value under its name; tables below their headers.
func writeTOML(b *strings.Builder, name string, n *node) {
	switch n.kind {
	case unstable.ArrayTable:
		for _, t := range n.items {
			fmt.Fprintf(b, "\n[[%s]]\n", name)
			writeFields(b, name, t)
		}
	case unstable.Table:
		fmt.Fprintf(b, "\n[%s]\n", name)
		writeFields(b, name, n)
	default:
		last := name[strings.LastIndexByte(name, '.')+1:]
		fmt.Fprintf(b, "%s = %s\n", last, tomlValue(n))
	}
}

func writeFields(b *strings.Builder, name string, t *node) {
	for _, key := range t.order {
		writeTOML(b, name+"."+key, t.fields[key])
	}
}

func tomlValue(n *node) string {
	switch n.kind {
	case unstable.String:
		return tomlString(n.text)
	case unstable.Array:
		var items []string
		for _, item := range n.items {
			items = append(items, tomlValue(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case unstable.InlineTable:
		var fields []string
		for _, key := range n.order {
			fields = append(fields, key+" = "+tomlValue(n.fields[key]))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	return n.text
}

// tomlString writes a string so that a pattern reads as it is, where TOML lets it.
func tomlString(s string) string {
	if !strings.Contains(s, "'") && !strings.ContainsAny(s, "\n\r") && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return "'" + s + "'"
	}
	if !strings.Contains(s, "'''") && !strings.HasSuffix(s, "'") && strings.IndexFunc(s, func(r rune) bool { return (r < ' ' && r != '\n') || r == 0x7f }) < 0 {
		return "'''\n" + s + "'''"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
