package leaf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// YAML reads with go.yaml.in/yaml/v3, which tells where each node begins; where
// one ends is found from its style. Aliases are not followed: an anchor's value
// is one leaf, and what refers to it is another.
func YAML() Syntax {
	return Syntax{Name: "yaml", Parse: parseYAML, Encode: encodeYAML, Whole: wholeYAML, Comment: hashComment}
}

// Documents are the nodes of a stream and a way from lines to bytes.
type Documents struct {
	Src   []byte
	Nodes []*yaml.Node // one a document, its content
	lines []int        // where each line begins
}

// ReadYAML reads a stream of documents.
func ReadYAML(src []byte) (*Documents, error) {
	d := &Documents{Src: src, lines: lineStarts(src)}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var node yaml.Node
		err := dec.Decode(&node)
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read YAML: %w", plainYAMLError(err))
		}
		if len(node.Content) > 0 {
			d.Nodes = append(d.Nodes, node.Content[0])
		}
	}
}

// plainYAMLError keeps what a YAML error quotes of the text to itself.
func plainYAMLError(err error) error {
	words, _, _ := strings.Cut(err.Error(), "`")
	return errors.New(strings.TrimSpace(words))
}

// lineStarts are the offsets of lines, by the line breaks of YAML 1.1 that the
// reader counts: LF, CR, CRLF, NEL, LS and PS.
func lineStarts(src []byte) []int {
	starts := []int{0}
	if bytes.HasPrefix(src, []byte(bom)) {
		starts[0] = len(bom) // no column counts the mark
	}
	for i := 0; i < len(src); i++ {
		if n := lineBreak(src[i:]); n > 0 {
			i += n - 1
			starts = append(starts, i+1)
		}
	}
	return starts
}

// lineBreak is the length of the break that src begins with, or 0.
func lineBreak(src []byte) int {
	switch {
	case bytes.HasPrefix(src, []byte("\r\n")), bytes.HasPrefix(src, []byte("\u0085")):
		return 2
	case len(src) > 0 && (src[0] == '\n' || src[0] == '\r'):
		return 1
	case bytes.HasPrefix(src, []byte("\u2028")), bytes.HasPrefix(src, []byte("\u2029")):
		return 3
	}
	return 0
}

// Offset is where a node begins, its tag and anchor included; -1 where the
// reader does not know.
func (d *Documents) Offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(d.lines) {
		return -1
	}
	at := d.lines[n.Line-1]
	for range n.Column - 1 {
		if at >= len(d.Src) {
			return -1
		}
		_, size := utf8.DecodeRune(d.Src[at:])
		at += size
	}
	return at
}

func parseYAML(src []byte) ([]Leaf, error) {
	d, err := ReadYAML(src)
	if err != nil {
		return nil, err
	}
	return d.Leaves()
}

// Leaves are the values of all documents; with more than one, paths begin with
// the document's place.
func (d *Documents) Leaves() ([]Leaf, error) {
	var leaves []Leaf
	for i, node := range d.Nodes {
		w := yamlWalk{d: d, leaves: &leaves}
		if err := w.node(d.Root(i), node, false); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

// Root is the path of the i-th document.
func (d *Documents) Root(i int) Path {
	if len(d.Nodes) == 1 {
		return nil
	}
	return Path(nil).Child(fmt.Sprintf("document%d", i))
}

type yamlWalk struct {
	d      *Documents
	leaves *[]Leaf
}

func (w yamlWalk) node(path Path, n *yaml.Node, flow bool) error {
	flow = flow || n.Style&yaml.FlowStyle != 0
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := w.node(path.Child(KeyOf(n.Content[i])), n.Content[i+1], flow); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if err := w.node(path.Child(Step(i, n.Content)), item, flow); err != nil {
				return err
			}
		}
	case yaml.AliasNode:
		*w.leaves = append(*w.leaves, Leaf{Path: path, Kind: "alias", Value: n.Value, Start: -1, End: -1})
		return nil
	case yaml.ScalarNode:
		l, err := w.d.Scalar(path, n, flow)
		if err != nil {
			return err
		}
		*w.leaves = append(*w.leaves, l)
		return nil
	}
	if len(n.Content) == 0 {
		*w.leaves = append(*w.leaves, Leaf{Path: path, Kind: "empty", Value: n.ShortTag(), Start: -1, End: -1})
	}
	return nil
}

// KeyOf is a mapping's key as a step of a path.
func KeyOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value
	case yaml.AliasNode:
		return "*" + n.Value
	}
	text, err := yaml.Marshal(n) // a mapping or list as a key
	if err != nil {
		return fmt.Sprintf("key at line %d", n.Line)
	}
	return string(text)
}

// Step is an element's step: by its name where every element of the list has
// one of its own (as Kubernetes' and ECS' lists do), else by its place.
func Step(i int, items []*yaml.Node) string {
	name := elementName(items[i])
	if name == "" {
		return fmt.Sprintf("[%d]", i)
	}
	for j, other := range items {
		if o := elementName(other); o == "" || o == name && j != i {
			return fmt.Sprintf("[%d]", i)
		}
	}
	return "[name=" + name + "]"
}

// elementName is the value of the field "name", however it is spelled.
func elementName(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, "name") && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// Scalar is a scalar node as a leaf with its bytes.
func (d *Documents) Scalar(path Path, n *yaml.Node, flow bool) (Leaf, error) {
	l := Leaf{Path: path, Kind: yamlKind(n.ShortTag()), Value: n.Value, Flow: flow, Start: -1, End: -1}
	at := d.Offset(n)
	if at < 0 || at >= len(d.Src) || n.Value == "" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
		return l, nil // an empty value takes no bytes
	}
	at = skipProperties(d.Src, at)
	l.Start = at
	switch {
	case n.Style&yaml.SingleQuotedStyle != 0:
		l.Quote, l.End = Single, quotedEnd(d.Src, at, '\'')
	case n.Style&yaml.DoubleQuotedStyle != 0:
		l.Quote, l.End = Double, quotedEnd(d.Src, at, '"')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		l.Quote, l.End = Block, blockEnd(d.Src, at)
	default:
		l.End = plainEnd(d.Src, at, n.Value)
	}
	if l.End < 0 {
		return Leaf{}, fmt.Errorf("read YAML: line %d: the value's end is not found", n.Line)
	}
	return l, nil
}

func yamlKind(tag string) string {
	switch tag {
	case "!!str":
		return "string"
	case "!!int", "!!float":
		return "number"
	case "!!bool":
		return "bool"
	case "!!null":
		return "null"
	}
	return tag
}

// skipProperties goes over an anchor and a tag, to the scalar itself.
func skipProperties(src []byte, at int) int {
	for at < len(src) {
		switch c := src[at]; {
		case c == '&' || c == '!':
			for at < len(src) && src[at] != ' ' && src[at] != '\t' && lineBreak(src[at:]) == 0 {
				at++
			}
		case c == ' ' || c == '\t':
			at++
		case lineBreak(src[at:]) > 0:
			at += lineBreak(src[at:])
		default:
			return at
		}
	}
	return at
}

// quotedEnd is where the token that begins at at ends. ” is an escape in single
// quotes, and \ one in double quotes.
func quotedEnd(src []byte, at int, quote byte) int {
	if at >= len(src) || src[at] != quote {
		return -1
	}
	for i := at + 1; i < len(src); i++ {
		switch {
		case quote == '"' && src[i] == '\\':
			i++
		case src[i] == quote && quote == '\'' && i+1 < len(src) && src[i+1] == quote:
			i++
		case src[i] == quote:
			return i + 1
		}
	}
	return -1
}

// blockEnd is where the lines of | or > end: before the first line that is not
// empty and stands no deeper than the parent, whose depth is that of the line
// with the indicator; the first content line says how deep the block is.
func blockEnd(src []byte, at int) int {
	depth, next := -1, at
	for next < len(src) && lineBreak(src[next:]) == 0 {
		next++
	}
	end := next
	for next < len(src) {
		next += lineBreak(src[next:])
		start := next
		for next < len(src) && src[next] == ' ' {
			next++
		}
		spaces := next - start
		for next < len(src) && lineBreak(src[next:]) == 0 {
			next++
		}
		if next-start == spaces { // an empty line may belong to it or not
			if next >= len(src) {
				break
			}
			continue
		}
		if depth < 0 {
			depth = spaces
		}
		if spaces < depth {
			break
		}
		end = next
	}
	return end
}

// plainEnd follows a value without quotes, whose line breaks are folded.
func plainEnd(src []byte, at int, value string) int {
	for i := 0; i < len(value); {
		c := value[i]
		if c == ' ' || c == '\n' {
			from := at
			for at < len(src) && (src[at] == ' ' || src[at] == '\t' || lineBreak(src[at:]) > 0) {
				at += max(lineBreak(src[at:]), 1)
			}
			if at == from {
				return -1
			}
			for i < len(value) && (value[i] == ' ' || value[i] == '\n' || value[i] == '\t') {
				i++
			}
			continue
		}
		if at >= len(src) || src[at] != c {
			return -1
		}
		at, i = at+1, i+1
	}
	return at
}
