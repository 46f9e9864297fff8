package outline

import (
	"bytes"
	"strings"
)

// markup goes over XML: elements, attributes, text.
func (t *tracker) markup() {
	m := tagged{tracker: t, now: &node{}}
	for m.p < len(t.text) && !t.done(m.p) {
		open := bytes.IndexByte(t.text[m.p:], '<')
		if open < 0 {
			break
		}
		m.content(m.p, m.p+open)
		m.p += open
		m.tag()
	}
	m.content(m.p, len(t.text))
}

type tagged struct {
	*tracker
	now  *node
	last string // of a property list: the key that stands before its value
	p    int
}

// content is text between two tags.
func (m *tagged) content(from, to int) {
	if m.now.parent == nil || from >= to {
		return
	}
	if strings.EqualFold(m.now.key, "key") {
		m.last = string(trim(m.text[from:to]))
	}
	m.scalar(m.now.parent, m.now.key, 0, from, to)
}

// tag reads what begins with <.
func (m *tagged) tag() {
	rest := m.text[m.p:]
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		m.p = after(m.text, m.p, "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		end := after(m.text, m.p, "]]>")
		m.content(m.p, end)
		m.p = end
	case bytes.HasPrefix(rest, []byte("</")):
		m.close(name(rest[2:]))
		m.p = after(m.text, m.p, ">")
	case len(rest) > 1 && (rest[1] == '?' || rest[1] == '!'):
		m.p = after(m.text, m.p, ">")
	default:
		m.element()
	}
}

// name is an element's or attribute's, without its namespace.
func name(b []byte) string {
	n := 0
	for n < len(b) && (b[n] > ' ' && bytes.IndexByte([]byte("=/>\"'<"), b[n]) < 0) {
		n++
	}
	full := string(b[:n])
	return full[strings.IndexByte(full, ':')+1:]
}

// close ends the nearest element of that name; where none is open it is left out.
func (m *tagged) close(what string) {
	for n := m.now; n.parent != nil; n = n.parent {
		if n.tag == what {
			m.now = n.parent
			return
		}
	}
}

// attribute is where an attribute's value stands.
type attribute struct {
	name     string
	from, to int
}

// element reads an opening tag.
func (m *tagged) element() {
	m.p++
	tag := name(m.text[m.p:])
	if tag == "" {
		return
	}
	attributes, empty := m.attributes()
	key := tag
	if tag == "string" && m.last != "" && strings.EqualFold(m.now.key, "dict") {
		key, m.last = m.last, ""
	}
	named := entries[strings.ToLower(tag)]
	for _, a := range attributes {
		if lower := strings.ToLower(a.name); named && (lower == "name" || lower == "key") {
			key = string(m.text[a.from:a.to])
		}
	}
	n := &node{parent: m.now, key: key, tag: tag}
	for _, a := range attributes {
		under, attr := n, a.name
		if _, half := valueFields[strings.ToLower(attr)]; half && named {
			under, attr = m.now, key
		}
		m.scalar(under, attr, 0, a.from, a.to)
	}
	if named {
		n.named = "" // the name is its key
	}
	if !empty {
		m.now = n
	}
}

// entries are elements that stand for what their name or key attribute says.
var entries = map[string]bool{"add": true, "property": true, "entry": true, "param": true, "string": true, "parameter": true, "setting": true, "item": true,
	"env": true, "var": true, "variable": true, "key": true, "option": true, "arg": true, "init-param": true, "context-param": true, "data": true, "field": true, "prop": true, "connectionstring": true}

// attributes reads those of the tag at hand and goes behind it; empty: nothing
// stands in the element.
func (m *tagged) attributes() (all []attribute, empty bool) {
	for m.p < len(m.text) && m.text[m.p] != '>' && m.text[m.p] != '<' {
		eq := bytes.IndexAny(m.text[m.p:], "=><")
		if eq < 0 {
			m.p = len(m.text)
			return all, true
		}
		if m.text[m.p+eq] != '=' {
			m.p += eq
			break
		}
		lead := bytes.TrimSpace(m.text[m.p : m.p+eq])
		label := name(lead[bytes.LastIndexAny(lead, " \t\r\n")+1:])
		m.p += eq + 1
		for m.p < len(m.text) && m.text[m.p] <= ' ' {
			m.p++
		}
		if m.p == len(m.text) || m.text[m.p] != '"' && m.text[m.p] != '\'' {
			continue
		}
		from := m.p + 1
		end := bytes.IndexByte(m.text[from:], m.text[m.p])
		if end < 0 {
			end = len(m.text) - from
		}
		all = append(all, attribute{label, from, from + end})
		m.p = min(from+end+1, len(m.text))
	}
	if m.p < len(m.text) && m.text[m.p] == '>' {
		m.p++
		return all, m.text[m.p-2] == '/'
	}
	return all, false
}
