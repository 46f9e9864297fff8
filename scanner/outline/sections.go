package outline

import (
	"bytes"
	"strings"
)

// sections goes over TOML and INI: [section], [[list of sections]], name = value.
func (t *tracker) sections(format Format) {
	s := sectioned{tracker: t, format: format, root: &node{}, lists: map[string]*node{}}
	s.now = s.root
	for s.p < len(t.text) && !t.done(s.p) {
		s.end = len(t.text)
		if i := bytes.IndexByte(t.text[s.p:], '\n'); i >= 0 {
			s.end = s.p + i
		}
		s.p = max(s.line(), s.end+1)
	}
}

type sectioned struct {
	*tracker
	format    Format
	root, now *node
	lists     map[string]*node // of TOML, by name
	p, end    int
}

// line reads one line and tells where the next is.
func (s *sectioned) line() int {
	line := bytes.TrimSpace(s.text[s.p:s.end])
	switch {
	case len(line) == 0 || line[0] == '#' || line[0] == ';':
		s.comment(line)
		return s.end + 1
	case line[0] == '[' && s.section(line):
		return s.end + 1
	}
	return s.assignment()
}

// comment reads an assignment that somebody commented out.
func (s *sectioned) comment(line []byte) {
	if name, _, ok := bytes.Cut(line, []byte("=")); ok {
		s.scalar(s.now, string(trim(bytes.TrimLeft(name, "#; "))), 0, s.p, s.end)
	}
}

// section opens the section that a line names; false where it is none.
func (s *sectioned) section(line []byte) bool {
	close := bytes.LastIndexByte(line, ']')
	if close < 1 || bytes.IndexByte(line[:close], '=') >= 0 {
		return false
	}
	name := strings.Trim(string(line[1:close]), "[] ")
	if s.format == TOML && bytes.HasPrefix(line, []byte("[[")) {
		list := s.lists[name]
		if list == nil {
			list = &node{parent: s.nested(name), key: lastKey(name), list: true}
			s.lists[name] = list
			list.index = -1
		}
		list.index++ // of the item; a mapping's list has no index of its own
		s.now = &node{parent: list, index: list.index}
		return true
	}
	s.now = s.nested(name + ".")
	return true
}

// nested is the node that a dotted name's last part stands in.
func (s *sectioned) nested(name string) *node {
	n := s.root
	if s.format == INI {
		return &node{parent: n, key: strings.TrimSuffix(name, ".")}
	}
	for _, part := range parts(name) {
		n = &node{parent: n, key: part}
	}
	return n
}

// parts are a dotted name's but the last; parts in quotes may have dots in them.
func parts(name string) (out []string) {
	for {
		i := dot(name)
		if i < 0 {
			return out
		}
		out = append(out, strings.Trim(name[:i], `"' `))
		name = name[i+1:]
	}
}

func lastKey(name string) string {
	for i := dot(name); i >= 0; i = dot(name) {
		name = name[i+1:]
	}
	return strings.Trim(name, `"' `)
}

// dot is where the first dot is that stands in no quotes; -1 for none.
func dot(name string) int {
	var open byte
	for i := range len(name) {
		switch c := name[i]; {
		case c == open:
			open = 0
		case open == 0 && (c == '"' || c == '\''):
			open = c
		case open == 0 && c == '.':
			return i
		}
	}
	return -1
}

// assignment reads name = value, and tells where the next line is.
func (s *sectioned) assignment() int {
	line := s.text[s.p:s.end]
	sign := bytes.IndexByte(line, '=')
	if sign < 0 && s.format == INI {
		sign = bytes.IndexByte(line, ':')
	}
	if sign < 0 {
		s.scalar(s.now, "", 0, s.p, s.end)
		return s.end + 1
	}
	in, key := s.now, string(trim(line[:sign]))
	if s.format == TOML {
		for _, part := range parts(string(bytes.TrimSpace(line[:sign]))) {
			in = &node{parent: in, key: part}
		}
		key = lastKey(string(bytes.TrimSpace(line[:sign])))
	}
	if i := strings.IndexByte(key, ' '); i > 0 && s.format == INI {
		key = key[:i] // of an inventory: host name=value name=value
	}
	from := s.p + sign + 1
	for from < s.end && (s.text[from] == ' ' || s.text[from] == '\t') {
		from++
	}
	if s.format == TOML && from < s.end {
		return s.value(in, key, from)
	}
	s.scalar(in, key, 0, from, s.end)
	return s.end + 1
}

// value reads what TOML assigns: a table or array in brackets, a string of several
// lines, or the rest of the line.
func (s *sectioned) value(in *node, key string, from int) int {
	rest := s.text[from:s.end]
	switch {
	case rest[0] == '{' || rest[0] == '[':
		f := flowing{tracker: s.tracker, now: &node{parent: in, key: key, list: rest[0] == '['}, to: len(s.text), p: from + 1}
		if rest[0] == '[' {
			f.count = append(f.count, 0)
		}
		for f.p < f.to && f.now != in && !s.done(f.p) {
			f.step()
		}
		return max(f.p, s.end+1)
	case bytes.HasPrefix(rest, []byte(`"""`)) || bytes.HasPrefix(rest, []byte("'''")):
		end := after(s.text, from+3, string(rest[:3]))
		s.scalar(in, key, 0, from, end)
		return end
	}
	s.scalar(in, key, 0, from, s.end)
	return s.end + 1
}
