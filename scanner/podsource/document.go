package podsource

import (
	"bytes"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// document is one of a manifest's, and the line it begins in.
type document struct {
	text []byte
	line int // 1-based
}

// documents divides a stream at its markers (https://yaml.org/spec/1.2.2/#91-documents):
// one that is broken does not hide those that follow.
func documents(text []byte) (list []document) {
	line, begin, beginLine := 1, 0, 1
	for at := 0; at < len(text); {
		end := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if isMarker(text[at:end]) {
			list = append(list, document{text[begin:at], beginLine})
			begin, beginLine = at, line
		}
		at, line = end, line+1
	}
	return append(list, document{text[begin:], beginLine})
}

func isMarker(line []byte) bool {
	return bytes.HasPrefix(line, []byte("---")) && (len(line) == 3 || bytes.IndexByte([]byte(" \t\r\n"), line[3]) >= 0)
}

// node is a value of a document, with its fields and elements in their order.
type node struct {
	key          string // in a mapping
	text         string // of a scalar
	kids         []node
	line, column int32 // where its text begins; 0 where that is not known
	kind         kind
}

type kind uint8

const (
	scalar kind = iota
	mapping
	list
)

// field is a mapping's field, or nil.
func (n *node) field(name string) *node {
	if n == nil || n.kind != mapping {
		return nil
	}
	for i := range n.kids {
		if k := &n.kids[i]; k.key == name {
			return k
		}
	}
	return nil
}

// string is a scalar field's text, "" where there is none.
func (n *node) string(name string) string {
	if f := n.field(name); f != nil && f.kind == scalar {
		return f.text
	}
	return ""
}

// weigh counts texts, and the bytes that they and their names take, a line each: room for
// them is made at once, which spares a tenth of the time that a large object takes.
func (n *node) weigh() (texts, size int) {
	if n.kind == scalar {
		return 1, len(n.key) + len(n.text) + 2
	}
	for i := range n.kids {
		t, s := n.kids[i].weigh()
		texts, size = texts+t, size+s
	}
	return texts, size
}

// parse reads a document; nil is an empty one. JSON has a reader of its own, for
// an API server sends that, and waits.
func parse(doc document, made *slab[node]) (*node, error) {
	trimmed := bytes.TrimSpace(doc.text)
	if len(trimmed) == 0 {
		return nil, nil
	}
	if trimmed[0] == '{' || trimmed[0] == '[' {
		if n, err := parseJSON(doc, made); err == nil {
			return n, nil
		}
	}
	var root yaml.Node
	if err := yaml.Unmarshal(doc.text, &root); err != nil {
		return nil, err
	}
	if len(root.Content) == 0 {
		return nil, nil
	}
	t := transcriber{line: doc.line - 1}
	n := t.node(root.Content[0], 0)
	return &n, t.err
}

// maxNodes bounds what a document may expand to through its aliases, and maxDepth
// how deep: the largest objects that etcd takes have some 100,000 values.
const (
	maxNodes = 2_000_000
	maxDepth = 200
)

// transcriber makes nodes of YAML's.
type transcriber struct {
	line int // to be added
	made int
	err  error
}

func (t *transcriber) node(y *yaml.Node, depth int) node {
	if t.made++; t.made > maxNodes || depth > maxDepth {
		t.err = errors.New("it is too large, or too deep, to be followed")
		return node{}
	}
	n := node{line: int32(y.Line + t.line), column: int32(y.Column)}
	switch y.Kind {
	case yaml.AliasNode:
		return t.node(y.Alias, depth+1)
	case yaml.MappingNode:
		n.kind = mapping
		for i := 0; i+1 < len(y.Content) && t.err == nil; i += 2 {
			kid := t.node(y.Content[i+1], depth+1)
			kid.key = y.Content[i].Value
			n.kids = append(n.kids, kid)
		}
	case yaml.SequenceNode:
		n.kind = list
		for _, c := range y.Content {
			if t.err != nil {
				break
			}
			n.kids = append(n.kids, t.node(c, depth+1))
		}
	case yaml.ScalarNode:
		n.text = y.Value
		switch y.Style {
		case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
			n.column++
		case yaml.LiteralStyle, yaml.FoldedStyle:
			n.line, n.column = n.line+1, 1
		}
	default:
		t.err = fmt.Errorf("a node of kind %d", y.Kind)
	}
	return n
}
