package podsource

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// parseJSON reads a document of one JSON value (RFC 8259) with the order of its
// fields and the line and column of each text. It takes a tenth of the time that
// YAML takes.
func parseJSON(doc document) (*node, error) {
	r := &jsonReader{text: string(doc.text), line: doc.line}
	if strings.HasPrefix(r.text, "---") { // YAML's marker may stand before it
		r.at = 3
	}
	return r.document()
}

// document is the one value that the text is.
func (r *jsonReader) document() (*node, error) {
	n, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(r.text) {
		return nil, errNotJSON
	}
	return n, nil
}

var errNotJSON = errors.New("no JSON")

// ErrTooLarge is the error of an object that is deeper, or of more values, than is
// followed.
var ErrTooLarge = errors.New("too large, or too deep, to be followed")

type jsonReader struct {
	text  string
	at    int
	line  int
	begin int // where the line begins
	limit int // of values; 0: none
	made  int
	blind bool   // lines and columns are not asked for
	nodes []node // a slab of them

	open []*node // fields and elements of what is not read to its end, innermost last
	kids []*node // a slab of those of what is
}

// node is a new one, of what comes next.
func (r *jsonReader) node() *node {
	if len(r.nodes) == cap(r.nodes) {
		r.nodes = make([]node, 0, slab)
	}
	r.nodes = append(r.nodes, node{})
	n := &r.nodes[len(r.nodes)-1]
	if !r.blind {
		n.line, n.column = r.line, r.at-r.begin+1
	}
	return n
}

func (r *jsonReader) space() {
	for ; r.at < len(r.text); r.at++ {
		switch r.text[r.at] {
		case '\n':
			r.line, r.begin = r.line+1, r.at+1
		case ' ', '\t', '\r':
		default:
			return
		}
	}
}

// next passes by c if it comes next.
func (r *jsonReader) next(c byte) bool {
	r.space()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *jsonReader) value(depth int) (*node, error) {
	if r.made++; depth > maxDepth || r.limit > 0 && r.made > r.limit {
		return nil, ErrTooLarge
	}
	r.space()
	n := r.node()
	switch {
	case r.at == len(r.text):
		return nil, errNotJSON
	case r.next('{'):
		n.kind = mapping
		return n, r.all(n, '}', depth)
	case r.next('['):
		n.kind = list
		return n, r.all(n, ']', depth)
	case r.text[r.at] == '"':
		if !r.blind {
			n.column++
		}
		var err error
		n.text, err = r.string()
		return n, err
	}
	begin := r.at
	for r.at < len(r.text) && strings.IndexByte(",]} \t\r\n", r.text[r.at]) < 0 {
		r.at++
	}
	if n.text = r.text[begin:r.at]; !json.Valid([]byte(n.text)) {
		return nil, errNotJSON
	}
	return n, nil
}

// all reads the fields or elements of n up to its end.
func (r *jsonReader) all(n *node, end byte, depth int) error {
	if r.next(end) {
		return nil
	}
	first := len(r.open)
	for {
		key := ""
		if n.kind == mapping {
			r.space()
			var err error
			if key, err = r.string(); err != nil {
				return err
			}
			if !r.next(':') {
				return errNotJSON
			}
		}
		kid, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		kid.key = key
		r.open = append(r.open, kid)
		if r.next(end) {
			n.kids = r.together(r.open[first:])
			r.open = r.open[:first]
			return nil
		}
		if !r.next(',') {
			return errNotJSON
		}
	}
}

// together keeps a list of nodes, with no room to spare: there are as many lists as
// mappings, and most are short.
func (r *jsonReader) together(list []*node) []*node {
	if len(list) > slab {
		return slices.Clone(list)
	}
	if cap(r.kids)-len(r.kids) < len(list) {
		r.kids = make([]*node, 0, 4*slab)
	}
	from := len(r.kids)
	r.kids = append(r.kids, list...)
	return r.kids[from:len(r.kids):len(r.kids)]
}

// string reads a string; one without escapes is a part of the text.
func (r *jsonReader) string() (string, error) {
	if r.at == len(r.text) || r.text[r.at] != '"' {
		return "", errNotJSON
	}
	begin := r.at
	for r.at++; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '\\':
			r.at++
		case c < ' ':
			return "", errNotJSON
		case c == '"':
			r.at++
			if raw := r.text[begin:r.at]; strings.IndexByte(raw, '\\') >= 0 || !utf8.ValidString(raw) {
				var s string
				err := json.Unmarshal([]byte(raw), &s)
				return s, err
			}
			return r.text[begin+1 : r.at-1], nil
		}
	}
	return "", errNotJSON
}
