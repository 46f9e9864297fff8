package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// node is a JSON value that keeps the order of its members, so that a settings file
// looks after a change as its owner left it.
type node struct {
	object, array bool
	members       []member
	items         []*node
	raw           string // of any other value
}

type member struct {
	name  string
	value *node
}

func readNode(data []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	d.UseNumber()
	n, err := nextNode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows its value")
	}
	return n, nil
}

func nextNode(d *json.Decoder, deep int) (*node, error) {
	if deep > maxDeep {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDeep)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	n := &node{object: t == json.Delim('{'), array: t == json.Delim('[')}
	if !n.object && !n.array {
		n.raw = written(t)
		return n, nil
	}
	for d.More() {
		var name json.Token
		if n.object {
			if name, err = d.Token(); err != nil {
				return nil, err
			}
		}
		value, err := nextNode(d, deep+1)
		if err != nil {
			return nil, err
		}
		if n.object {
			n.members = append(n.members, member{name.(string), value}) // a decoder takes no other name
		} else {
			n.items = append(n.items, value)
		}
	}
	_, err = d.Token()
	return n, err
}

// nodeOf is v, of objects whose order is that of their pairs, as a node.
func nodeOf(v any) *node {
	switch v := v.(type) {
	case pairs:
		n := &node{object: true}
		for i := 0; i+1 < len(v); i += 2 {
			n.members = append(n.members, member{v[i].(string), nodeOf(v[i+1])})
		}
		return n
	case []any:
		n := &node{array: true}
		for _, e := range v {
			n.items = append(n.items, nodeOf(e))
		}
		return n
	}
	return &node{raw: written(v)}
}

// pairs is an object: a name, its value, the next name, …
type pairs []any

func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// list is the list to which names lead, made where it is missing.
func (n *node) list(names ...string) (*node, error) {
	for i, name := range names {
		last := i == len(names)-1
		next := n.member(name)
		if next == nil {
			next = &node{object: !last, array: last}
			n.members = append(n.members, member{name, next})
		}
		if last && !next.array || !last && !next.object {
			return nil, fmt.Errorf("%s is not what hooks are kept in, so nothing was changed", strings.Join(names[:i+1], "."))
		}
		n = next
	}
	return n, nil
}

// put has the list hold value in the place of an entry of ours, or as its last.
// Another program's hooks in the same group stay.
func (n *node) put(value *node) {
	if i := slices.IndexFunc(n.items, (*node).command); i >= 0 {
		n.items[i] = value
		return
	}
	for _, group := range n.items {
		if hooks, fresh := group.member("hooks"), value.member("hooks"); hooks != nil && fresh != nil && hooks.ours() {
			hooks.put(fresh.items[0])
			return
		}
	}
	n.items = append(n.items, value)
}

// ours tells whether the value, anywhere in it, runs a command of ours.
func (n *node) ours() bool { return strings.Contains(string(n.text("")), mark) }

// drop takes entries of ours out, and the lists and objects that are empty then.
func (n *node) drop() {
	if n.array {
		n.items = slices.DeleteFunc(n.items, func(e *node) bool {
			had := e.ours()
			e.drop()
			return had && (e.command() || e.hollow())
		})
	}
	n.members = slices.DeleteFunc(n.members, func(m member) bool {
		had := m.value.ours()
		m.value.drop()
		return had && (m.value.array && len(m.value.items) == 0 || m.value.object && len(m.value.members) == 0)
	})
}

// command tells an entry that itself names a command of ours.
func (n *node) command() bool {
	return slices.ContainsFunc(n.members, func(m member) bool { return strings.Contains(m.value.raw, mark) })
}

// hollow tells a group whose hooks are all gone.
func (n *node) hollow() bool { return n.object && n.member("hooks") == nil }

// bare tells whether nothing is left but what such a file begins with.
func (n *node) bare(first []member) bool {
	return !slices.ContainsFunc(n.members, func(m member) bool {
		return !slices.ContainsFunc(first, func(f member) bool { return f.name == m.name })
	})
}

// text is the value as JSON, with the indent that the file has.
func (n *node) text(indent string) []byte {
	var b strings.Builder
	n.write(&b, "\n", indent)
	return []byte(b.String() + "\n")
}

func (n *node) write(b *strings.Builder, line, indent string) {
	if !n.object && !n.array {
		b.WriteString(n.raw)
		return
	}
	ends := "[]"
	if n.object {
		ends = "{}"
	}
	b.WriteByte(ends[0])
	sep := line + indent
	for i := range max(len(n.members), len(n.items)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(sep)
		if n.object {
			b.WriteString(written(n.members[i].name) + ": ")
			n.members[i].value.write(b, sep, indent)
		} else {
			n.items[i].write(b, sep, indent)
		}
	}
	if len(n.members)+len(n.items) > 0 {
		b.WriteString(line)
	}
	b.WriteByte(ends[1])
}

// indentOf is the white space before the first member of a file; two spaces where
// it has none.
func indentOf(old []byte) string {
	_, rest, ok := strings.Cut(string(old), "\n")
	if blank := rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]; ok && blank != "" {
		return blank
	}
	return "  "
}
