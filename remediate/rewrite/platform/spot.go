// Package platform rewrites the files of platforms that have a way of their own
// to say where a secret is kept: pipelines, compose, Kubernetes, ECS and
// CloudFormation. A value moves to where the platform looks for secrets; the
// file keeps its comments, its order and its indentation.
//
// Promise: the file is read again, and is equal but for the leaves that a change
// names. Limit: what a platform cannot express (a part of a value where nothing
// is expanded, a key of a flow mapping that would have to grow) is refused.
package platform

import (
	"bytes"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
	"go.yaml.in/yaml/v3"
)

// level is a node on the way to a value, with its path.
type level struct {
	node *yaml.Node
	path leaf.Path
	at   int // which child leads on: the index of the value in Content
}

// spot is a value in a file, and the way to it.
type spot struct {
	docs   *leaf.Documents
	src    []byte
	syntax leaf.Syntax
	levels []level // from the document's root down, without the value
	node   *yaml.Node
	leaf   leaf.Leaf
	edit   change.Edit
}

// find goes to the value that holds the edit's span.
func find(docs *leaf.Documents, json bool, e change.Edit) (*spot, *change.Refusal) {
	src := docs.Src
	s := &spot{docs: docs, src: src, syntax: leaf.YAML(), edit: e}
	if json {
		s.syntax = leaf.JSON()
	}
	for i, root := range docs.Nodes {
		if s.walk(docs.Root(i), root, json, e.Span) {
			return s, nil
		}
	}
	line := src[bytes.LastIndexByte(src[:e.Span.Start], '\n')+1 : e.Span.Start]
	if bytes.ContainsRune(line, '#') {
		return nil, change.Refuse(change.InComment, "the value stands in a comment, which nothing reads: delete it there")
	}
	return nil, change.Refuse(change.InName, "the value is not what a key holds: change it by hand")
}

func (s *spot) walk(path leaf.Path, n *yaml.Node, flow bool, span leak.Span) bool {
	flow = flow || n.Style&yaml.FlowStyle != 0
	if n.Kind == yaml.ScalarNode {
		l, err := s.docs.Scalar(path, n, flow)
		if err != nil || l.Start < 0 || int64(l.Start) > span.Start || int64(l.End) < span.End {
			return false
		}
		s.node, s.leaf = n, l
		return true
	}
	for i, child := range n.Content {
		step := path
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0:
			continue
		case n.Kind == yaml.MappingNode:
			step = path.Child(leaf.KeyOf(n.Content[i-1]))
		default:
			step = path.Child(leaf.Step(i, n.Content))
		}
		s.levels = append(s.levels, level{n, path, i})
		if s.walk(step, child, flow, span) {
			return true
		}
		s.levels = s.levels[:len(s.levels)-1]
	}
	return false
}

// keys are the steps to the value, lists being "[]", from the document on.
func (s *spot) keys() []string {
	var keys []string
	for _, l := range s.levels {
		if l.node.Kind == yaml.MappingNode {
			keys = append(keys, l.node.Content[l.at-1].Value)
		} else {
			keys = append(keys, "[]")
		}
	}
	return keys
}

// key is the name that the value stands under; "" in a list.
func (s *spot) key() string {
	last := s.levels[len(s.levels)-1]
	if last.node.Kind != yaml.MappingNode {
		return ""
	}
	return last.node.Content[last.at-1].Value
}

// matches compares the steps with a pattern: "*" is one step, "**" any number.
func matches(keys []string, pattern string) bool {
	return match(keys, strings.Fields(pattern))
}

func match(keys, pattern []string) bool {
	switch {
	case len(pattern) == 0:
		return len(keys) == 0
	case pattern[0] == "**":
		return match(keys, pattern[1:]) || len(keys) > 0 && match(keys[1:], pattern)
	case len(keys) == 0:
		return false
	}
	return (pattern[0] == "*" || pattern[0] == keys[0]) && match(keys[1:], pattern[1:])
}

// whole tells whether the edit takes the whole value.
func (s *spot) whole() bool {
	raw := strings.Trim(string(s.src[s.leaf.Start:s.leaf.End]), "\"'")
	return strings.TrimSpace(raw) == strings.TrimSpace(strings.Trim(string(s.src[s.edit.Span.Start:s.edit.Span.End]), "\"'"))
}

// put writes text in the value's place.
func (s *spot) put(text string) (change.Change, *change.Refusal) {
	splice, no := s.syntax.Replace(s.src, s.leaf, s.edit.Span, text)
	if no != nil {
		return change.Change{}, no
	}
	return change.Change{
		Splices: []change.Splice{splice},
		Touched: []change.Touch{{Path: s.leaf.Path.String(), Holds: text}},
	}, nil
}

// sub is the value under a mapping's key, or nil.
func sub(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// scalar is the text under a mapping's key, or "".
func scalar(n *yaml.Node, key string) string {
	if v := sub(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// start is where a node's bytes begin.
func (s *spot) start(n *yaml.Node) int { return s.docs.Offset(n) }

// end is where they end.
func (s *spot) end(n *yaml.Node) int {
	if n.Kind == yaml.ScalarNode {
		if l, err := s.docs.Scalar(nil, n, false); err == nil && l.End >= 0 {
			return l.End
		}
		return s.start(n)
	}
	if n.Kind == yaml.AliasNode {
		return s.start(n) + 1 + len(n.Value)
	}
	at := s.start(n)
	if len(n.Content) > 0 {
		at = s.end(n.Content[len(n.Content)-1])
	}
	if n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 {
		return at
	}
	closing := byte(']')
	if n.Kind == yaml.MappingNode {
		closing = '}'
	}
	for at < len(s.src) && s.src[at] != closing {
		if s.src[at] == '#' {
			at = lineEnd(s.src, at)
			continue
		}
		at++
	}
	return min(at+1, len(s.src))
}

// lineStart and lineEnd are the bounds of the line that holds at, its break out.
func lineStart(src []byte, at int) int { return bytes.LastIndexByte(src[:at], '\n') + 1 }

func lineEnd(src []byte, at int) int {
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(src)
}

// indent is what a node's line begins with up to its column, dashes as spaces.
func (s *spot) indent(n *yaml.Node) string {
	at := s.start(n)
	return strings.Repeat(" ", at-lineStart(s.src, at))
}

// eol is the file's line end.
func (s *spot) eol() string {
	if bytes.Contains(s.src, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// lines joins lines, each behind indent, with the file's line ends.
func (s *spot) lines(indent string, lines ...string) string {
	return indent + strings.Join(lines, s.eol()+indent)
}
