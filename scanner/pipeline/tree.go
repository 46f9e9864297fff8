package pipeline

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// tree is a file in YAML, or JSON, which is YAML.
type tree struct {
	file *File
	docs []*yaml.Node
	last int // line
}

// readTree parses all documents of a file; nil where one does not parse, for names
// taken from half of a file may be those of another job.
//
// Aliases stay what they are: nodes that name others, so that a file of ten lines that
// expands to gigabytes is a file of ten lines. Tags are not resolved (!Ref, !Sub).
func readTree(f *File) (l layout) {
	defer func() {
		if recover() != nil { // of the parser, on what nobody has tried on it yet
			l = nil
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(plainBlanks(f.text)))
	t := &tree{file: f, last: len(f.lines)}
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil
		}
		if len(doc.Content) > 0 {
			t.docs = append(t.docs, doc.Content[0])
		}
	}
	if len(t.docs) == 0 {
		return nil
	}
	return t
}

// plainBlanks is text without what JSON takes for white space and YAML does not, at
// the same places.
func plainBlanks(text []byte) []byte {
	if first := bytes.TrimSpace(text); len(first) > 0 && first[0] == '{' {
		return bytes.ReplaceAll(text, []byte{'\t'}, []byte{' '})
	}
	return text
}

// crumb is one turn on the way from a document's root to a place: into a field of a
// mapping, or an element of a list.
type crumb struct {
	in          *yaml.Node // what was turned from
	key         string     // of a mapping's field
	index       int        // of a list's element, from 0 on; -1 in a mapping
	to          *yaml.Node // what stands there
	first, last int        // its lines, those of its key included
}

// crumbs lead to the byte at column of a line.
func (t *tree) crumbs(line, column int) (_ *yaml.Node, path []crumb) {
	text := t.file.line(line)
	if column <= maxColumn {
		column = utf8.RuneCount(text[:min(max(column-1, 0), len(text))]) + 1 // as the parser counts
	}
	which := max(sort.Search(len(t.docs), func(i int) bool { return t.docs[i].Line > line })-1, 0)
	root, last := t.docs[which], t.last
	if which+1 < len(t.docs) {
		last = t.docs[which+1].Line - 1
	}
	for n := root; ; {
		next, ok := turn(n, line, column, last)
		if !ok || len(path) == maxCrumbs {
			return root, path
		}
		path = append(path, next)
		n, last = next.to, next.last
	}
}

// maxCrumbs bounds how deep a place is looked for; the deepest of real files are at 15.
const maxCrumbs = 100

// maxColumn bounds the counting in a file that is one line: further on, characters are
// taken for bytes.
const maxColumn = 32 << 10

// turn is the field or element of n that a place is in.
func turn(n *yaml.Node, line, column, last int) (c crumb, ok bool) {
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	} else if n.Kind != yaml.SequenceNode {
		return c, false
	}
	// Heads stand in the order of the text.
	next := sort.Search(len(n.Content)/step, func(i int) bool {
		head := n.Content[i*step]
		return head.Line > line || head.Line == line && head.Column > column
	})
	if next == 0 {
		return c, false
	}
	at := (next - 1) * step
	c = crumb{in: n, index: next - 1, to: n.Content[at+step-1], first: n.Content[at].Line, last: last}
	if step == 2 {
		c.index, c.key = -1, n.Content[at].Value
	}
	if at+step < len(n.Content) {
		c.last = max(c.first, n.Content[at+step].Line-1)
	}
	return c, true
}

// field is a scalar field of a mapping, by the first of names that there is.
func field(n *yaml.Node, names ...string) string {
	if n == nil || n.Kind != yaml.MappingNode {
		return ""
	}
	for _, name := range names {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if v := n.Content[i+1]; n.Content[i].Value == name && v.Kind == yaml.ScalarNode && v.Value != "" {
				return v.Value
			}
		}
	}
	return ""
}

// at implements layout.
func (t *tree) at(line, column int, name string) spot {
	root, path := t.crumbs(line, column)
	s := spot{first: 1, last: t.last}
	w := way{root: root, path: path, spot: &s}
	ways[t.file.System](&w)
	if s.Variable = variable(path, name); t.file.comment(line) { // of which the path is its neighbour's
		s.Variable = name
	}
	return s
}

// scripts are the fields whose text is a program: what is set in there is set by it.
var scripts = []string{"run", "script", "before_script", "after_script", "after-script", "commands", "command", "entrypoint", "bash", "pwsh", "powershell", "inlineScript", "finally"}

// holders are the fields of a pair that hold its value, beside one that names it.
var holders = []string{"value", "default", "defaultvalue"}

// variable is what a value at the end of path is given to. name is what it was found
// under: that is all there is in a script, or in NAME=value.
func variable(path []crumb, name string) string {
	script := false
	for _, c := range path {
		script = script || c.to.Kind != yaml.MappingNode && slices.Contains(scripts, c.key)
	}
	if script || len(path) == 0 {
		return name
	}
	end := path[len(path)-1]
	assigned := name != "" && strings.Contains(end.to.Value, name+"=")
	if assigned || end.index >= 0 || end.to.Style == yaml.LiteralStyle || end.to.Style == yaml.FoldedStyle {
		return name
	}
	for _, h := range holders {
		if !strings.EqualFold(end.key, h) {
			continue
		}
		if named := field(end.in, "name", "Name", "key", "Key", "ParameterKey"); named != "" {
			return named
		}
		if len(path) > 1 && path[len(path)-2].key != "" {
			return path[len(path)-2].key
		}
	}
	return end.key
}
