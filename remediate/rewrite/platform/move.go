package platform

import (
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
	"go.yaml.in/yaml/v3"
)

// drop takes the value out with its key, and the mappings above that would be
// left empty.
func (s *spot) drop() (change.Change, *change.Refusal) {
	n := len(s.levels) - 1
	for n > 0 && s.levels[n].node.Kind == yaml.MappingNode && len(s.levels[n].node.Content) == 2 && s.levels[n-1].node.Kind == yaml.MappingNode && n > 1 {
		n--
	}
	return s.remove(n)
}

// remove takes the child of the n-th level out that leads to the value.
func (s *spot) remove(n int) (change.Change, *change.Refusal) {
	l := s.levels[n]
	path := l.path.Child(leaf.Step(l.at, l.node.Content))
	first, last := l.at, l.at
	if l.node.Kind == yaml.MappingNode {
		first = l.at - 1
		path = l.path.Child(leaf.KeyOf(l.node.Content[first]))
	}
	c := change.Change{Touched: []change.Touch{{Path: path.String(), Gone: true, Prefix: true}}}
	if len(l.node.Content) == last-first+1 { // the list or mapping is left empty
		c.Touched = append(c.Touched, change.Touch{Path: l.path.String(), Prefix: true})
	}
	if s.isFlow(l.node) {
		c.Splices = []change.Splice{s.cutFlow(l.node, first, last)}
		return c, nil
	}
	if len(l.node.Content) == last-first+1 {
		return change.Change{}, change.Refuse(change.NoPlace, "%s would be left empty: take it out by hand", l.path.Show())
	}
	splice, ok := s.cutBlock(l.node, first, last)
	if !ok {
		return change.Change{}, change.Refuse(change.NoPlace, "%s does not stand on lines of its own: take it out by hand", path.Show())
	}
	c.Splices = []change.Splice{splice}
	return c, nil
}

func (s *spot) isFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// cutFlow takes children out of {…} or […] with the comma that belongs to them.
func (s *spot) cutFlow(n *yaml.Node, first, last int) change.Splice {
	start, end := s.start(n.Content[first]), s.end(n.Content[last])
	switch {
	case first > 0:
		start = s.end(n.Content[first-1])
	case last+1 < len(n.Content):
		end = s.start(n.Content[last+1])
	default:
		start, end = s.start(n)+1, s.end(n)-1
	}
	return change.Splice{Start: start, End: end}
}

// cutBlock takes children out of a block mapping or list, whole lines at a time.
func (s *spot) cutBlock(n *yaml.Node, first, last int) (change.Splice, bool) {
	at := s.start(n.Content[first])
	begin := lineStart(s.src, at)
	before := strings.TrimSpace(string(s.src[begin:at]))
	end := s.end(n.Content[last])
	if rest := strings.TrimSpace(string(s.src[end:lineEnd(s.src, end)])); rest != "" && rest[0] != '#' {
		return change.Splice{}, false
	}
	switch {
	case before == "" || n.Kind == yaml.SequenceNode && before == "-":
		return change.Splice{Start: begin, End: min(lineEnd(s.src, end)+1, len(s.src))}, true
	case before == "-" && last+1 < len(n.Content): // the first key of a list's element
		return change.Splice{Start: at, End: s.start(n.Content[last+1])}, true
	}
	return change.Splice{}, false
}

// addKey adds lines, of which the first is a key, to a block mapping: before
// its key that is named, or else behind its last.
func (s *spot) addKey(m *yaml.Node, path leaf.Path, before, key string, lines ...string) (change.Change, *change.Refusal) {
	if s.isFlow(m) || len(m.Content) == 0 {
		return change.Change{}, change.Refuse(change.NoPlace, "%s is written in one line: add %s by hand", path.Show(), key)
	}
	indent := s.indent(m.Content[0])
	c := change.Change{Touched: []change.Touch{{Path: path.Child(key).String(), Prefix: true}}}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if at := s.start(m.Content[i]); m.Content[i].Value == before {
			// The text goes between the key's indentation and the key.
			c.Splices = []change.Splice{{Start: at, End: at, Text: strings.TrimPrefix(s.lines(indent, lines...), indent) + s.eol() + indent}}
			return c, nil
		}
	}
	c.Splices = []change.Splice{s.behind(m.Content[len(m.Content)-1], s.lines(indent, lines...))}
	return c, nil
}

// behind puts whole lines after the line on which a node ends.
func (s *spot) behind(n *yaml.Node, text string) change.Splice {
	end := lineEnd(s.src, s.end(n))
	if end > 0 && s.src[end-1] == '\r' {
		end--
	}
	return change.Splice{Start: end, End: end, Text: s.eol() + text}
}

// addItem adds an element to a list under key, or the list. Elements of several
// edits that make the list share it.
func (s *spot) addItem(m *yaml.Node, path leaf.Path, before, key string, lines ...string) (change.Change, *change.Refusal) {
	list := sub(m, key)
	item := append([]string{"- " + lines[0]}, indented(lines[1:])...)
	if list == nil {
		c, no := s.addKey(m, path, before, key, append([]string{key + ":"}, indented(item)...)...)
		if no == nil {
			shareHead(&c.Splices[0], key, s.eol(), s.indent(m.Content[0]))
		}
		return c, no
	}
	if s.isFlow(list) || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return change.Change{}, change.Refuse(change.NoPlace, "%s is no list of lines: add to it by hand", path.Child(key).Show())
	}
	for _, have := range list.Content {
		if have.Value == lines[0] {
			return change.Change{}, nil
		}
	}
	first := s.start(list.Content[0])
	column := strings.LastIndexByte(string(s.src[lineStart(s.src, first):first]), '-')
	return change.Change{
		Splices: []change.Splice{s.behind(list.Content[len(list.Content)-1], s.lines(strings.Repeat(" ", column), item...))},
		Touched: []change.Touch{{Path: path.Child(key).String(), Prefix: true}},
	}, nil
}

func indented(lines []string) (out []string) {
	for _, l := range lines {
		out = append(out, "  "+l)
	}
	return out
}

// shareHead has insertions that each bring "key:" bring it once.
func shareHead(c *change.Splice, key, eol, indent string) {
	head, rest, ok := strings.Cut(c.Text, key+":"+eol)
	if !ok {
		return
	}
	c.Head, c.Sep = head+key+":"+eol, eol
	if body, has := strings.CutSuffix(rest, eol+indent); has {
		rest, c.Tail = body, eol+indent
	}
	c.Text = rest
}
