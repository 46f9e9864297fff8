package rulefile

import (
	"bytes"
	"errors"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// document is a TOML file as a tree of nodes that know where they stand: what
// the ordinary decoder forgets, and an error message needs.
type document struct {
	root  *node
	lines []int // offset at which each line begins
}

// node is a value of the document.
type node struct {
	kind   unstable.Kind    // Table also for those that dotted keys make; ArrayTable holds its tables in items
	text   string           // of a scalar: a string's value, else as it is written
	items  []*node          // of an Array or ArrayTable
	fields map[string]*node // of a Table or InlineTable
	order  []string         // its keys as they came
	key    int              // offset of its key; of the value itself where it stands in an array
	opened bool             // a [header] named it
}

// clash is a key or table that is given twice, or is not what it was before.
type clash struct {
	at   int
	key  string
	what string
}

// parseTree reads data, which must be UTF-8. A syntax error is the parser's
// *unstable.ParserError; clashes are collected.
func parseTree(data []byte) (doc *document, clashes []clash, err error) {
	doc = &document{root: newTable(0), lines: lineStarts(data)}
	b := treeBuilder{at: doc.root}
	p := &b.parser
	p.Reset(data)
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			b.open(doc.root, e)
		case unstable.KeyValue:
			b.assign(b.at, e)
		}
	}
	return doc, b.clashes, p.Error()
}

func lineStarts(data []byte) []int {
	starts := []int{0}
	for from := 0; ; {
		i := bytes.IndexByte(data[from:], '\n')
		if i < 0 {
			return starts
		}
		from += i + 1
		starts = append(starts, from)
	}
}

// position gives the 1-based line and column (in bytes) of an offset.
func (d *document) position(offset int) (line, column int) {
	line = sort.SearchInts(d.lines, offset+1)
	return line, offset - d.lines[line-1] + 1
}

func newTable(key int) *node {
	return &node{kind: unstable.Table, fields: map[string]*node{}, key: key}
}

func (n *node) put(key string, v *node) {
	n.fields[key] = v
	n.order = append(n.order, key)
}

// field is the value of a key, whatever its case; nil where there is none.
func (n *node) field(key string) *node {
	if v := n.fields[key]; v != nil {
		return v
	}
	for _, k := range n.order {
		if strings.EqualFold(k, key) {
			return n.fields[k]
		}
	}
	return nil
}

// treeBuilder puts the parser's expressions together.
type treeBuilder struct {
	parser  unstable.Parser
	at      *node // the table that the last header opened
	clashes []clash
}

// open finds or makes the table that a [header] or [[header]] names.
func (b *treeBuilder) open(root *node, e *unstable.Node) {
	table := root
	for keys := e.Key(); keys.Next(); {
		k := keys.Node()
		switch {
		case !keys.IsLast():
			table = b.descend(table, k)
		case e.Kind == unstable.ArrayTable:
			table = b.appendTable(table, k)
		default:
			table = b.descend(table, k)
			if table.opened {
				b.clash(k, "this table is opened a second time: put its keys together")
			}
			table.opened = true
		}
	}
	b.at = table
}

// descend goes into a table's table; into the last one of an array of tables.
// In the way of anything else it makes a table that nothing refers to.
func (b *treeBuilder) descend(table *node, k *unstable.Node) *node {
	name, offset := string(k.Data), int(k.Raw.Offset)
	next := table.fields[name]
	switch {
	case next == nil:
		next = newTable(offset)
		table.put(name, next)
	case next.kind == unstable.ArrayTable:
		next = next.items[len(next.items)-1]
	case next.kind != unstable.Table:
		b.clash(k, "this key has a value already and cannot be a table as well")
		next = newTable(offset)
	}
	return next
}

func (b *treeBuilder) appendTable(table *node, k *unstable.Node) *node {
	name, offset := string(k.Data), int(k.Raw.Offset)
	list := table.fields[name]
	fresh := newTable(offset)
	switch {
	case list == nil:
		list = &node{kind: unstable.ArrayTable, key: offset}
		table.put(name, list)
	case list.kind != unstable.ArrayTable:
		b.clash(k, "this key is there already as [table] or value; write [[table]] each time")
		return fresh
	}
	list.items = append(list.items, fresh)
	return fresh
}

// assign puts a key's value into its table.
func (b *treeBuilder) assign(table *node, e *unstable.Node) {
	for keys := e.Key(); keys.Next(); {
		k := keys.Node()
		if !keys.IsLast() {
			table = b.descend(table, k)
			continue
		}
		if name := string(k.Data); table.fields[name] == nil {
			table.put(name, b.value(e.Value(), int(k.Raw.Offset)))
		} else {
			b.clash(k, "this key is given twice: keep one of them")
		}
	}
}

func (b *treeBuilder) value(v *unstable.Node, key int) *node {
	n := &node{kind: v.Kind, key: key}
	switch v.Kind {
	case unstable.Array:
		for each := v.Children(); each.Next(); {
			item := each.Node()
			at := key
			if item.Raw.Length > 0 {
				at = int(item.Raw.Offset)
			}
			n.items = append(n.items, b.value(item, at))
		}
	case unstable.InlineTable:
		n.fields = map[string]*node{}
		for each := v.Children(); each.Next(); {
			b.assign(n, each.Node())
		}
	default:
		n.text = string(v.Data)
	}
	return n
}

func (b *treeBuilder) clash(k *unstable.Node, what string) {
	b.clashes = append(b.clashes, clash{int(k.Raw.Offset), string(k.Data), what})
}

// syntaxOffset is where in data the parser stopped, and what it says of it.
func syntaxOffset(data []byte, err error) (offset int, what string) {
	pe, ok := errors.AsType[*unstable.ParserError](err)
	if !ok {
		return 0, err.Error()
	}
	// A highlight is a part of data: they end in the same array.
	offset = min(max(cap(data)-cap(pe.Highlight), 0), len(data))
	return offset, strings.TrimPrefix(pe.Message, "toml: ")
}

// kindName is a TOML kind in the words of an error message.
func kindName(k unstable.Kind) string {
	switch k {
	case unstable.String:
		return "a string"
	case unstable.Integer:
		return "a whole number"
	case unstable.Float:
		return "a number"
	case unstable.Bool:
		return "true or false"
	case unstable.Array:
		return "a list"
	case unstable.ArrayTable:
		return "a [[list of tables]]"
	case unstable.Table, unstable.InlineTable:
		return "a table"
	}
	return "a date or time"
}
