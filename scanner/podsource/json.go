package podsource

import (
	"encoding/json"
	"errors"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// parseJSON reads a document of one JSON value (RFC 8259) with the order of its
// fields and the line and column of each text. It takes a tenth of the time that
// YAML takes.
func parseJSON(doc document, made *slab[node]) (*node, error) {
	r := &jsonReader{text: string(doc.text), line: doc.line, nodes: made}
	if strings.HasPrefix(r.text, "---") { // YAML's marker may stand before it
		r.at = 3
	}
	return r.document()
}

// document is the one value that the text is.
func (r *jsonReader) document() (*node, error) {
	n, err := r.value(0, "")
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(r.text) {
		return nil, errNotJSON
	}
	return &n, nil
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
	blind bool // lines and columns are not asked for
	asked bool // what a user asks for alone, see Limits
	nodes *slab[node]

	open []node // fields and elements of what is not read to its end, innermost last
	most int    // of them at once
}

// node is a new one, of what comes next.
func (r *jsonReader) node() (n node) {
	if !r.blind {
		n.line, n.column = int32(r.line), int32(r.at-r.begin+1)
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

func (r *jsonReader) value(depth int, key string) (n node, err error) {
	if r.made++; depth > maxDepth || r.limit > 0 && r.made > r.limit {
		return n, ErrTooLarge
	}
	r.space()
	n = r.node()
	n.key = key
	if r.at == len(r.text) {
		return n, errNotJSON
	}
	switch r.text[r.at] {
	case '{':
		r.at++
		n.kind = mapping
		n.kids, err = r.all('}', depth, key)
		return n, err
	case '[':
		r.at++
		n.kind = list
		n.kids, err = r.all(']', depth, key)
		return n, err
	case '"':
		if !r.blind {
			n.column++
		}
		n.text, err = r.string()
		return n, err
	}
	begin := r.at
	for r.at < len(r.text) && strings.IndexByte(",]} \t\r\n", r.text[r.at]) < 0 {
		r.at++
	}
	if n.text = r.text[begin:r.at]; !json.Valid([]byte(n.text)) {
		return n, errNotJSON
	}
	return n, nil
}

// all reads the fields or elements of what end ends, and stands under name.
func (r *jsonReader) all(end byte, depth int, name string) ([]node, error) {
	if r.next(end) {
		return nil, nil
	}
	first := len(r.open)
	for {
		key := ""
		if end == '}' {
			var err error
			if key, err = r.key(); err != nil {
				return nil, err
			}
		}
		if r.asked && spare(depth, name, key) {
			if err := r.skip(); err != nil {
				return nil, err
			}
		} else if kid, err := r.value(depth+1, key); err == nil {
			r.open = append(r.open, kid)
		} else {
			return nil, err
		}
		switch {
		case r.next(','):
		case r.next(end):
			kids := r.nodes.room(len(r.open) - first)
			copy(kids, r.open[first:])
			r.most = max(r.most, len(r.open))
			r.open = r.open[:first]
			return kids, nil
		default:
			return nil, errNotJSON
		}
	}
}

// key reads a field's name up to its value.
func (r *jsonReader) key() (string, error) {
	r.space()
	key, err := r.string()
	if err == nil && !r.next(':') {
		err = errNotJSON
	}
	return key, err
}

// spare tells what in an object is no user's: see Limits.
func spare(depth int, name, key string) bool {
	return depth == 0 && key == "status" || depth == 1 && name == "metadata" && key == "managedFields"
}

// skip passes by a value. Of what is in it, only strings and brackets are seen.
func (r *jsonReader) skip() error {
	r.space()
	for depth, began := 0, r.at; r.at < len(r.text); {
		switch r.text[r.at] {
		case '"':
			if _, err := r.string(); err != nil {
				return err
			}
		case '{', '[':
			depth++
			r.at++
		case '}', ']':
			if depth--; depth < 0 {
				return r.skipped(began)
			}
			r.at++
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return r.skipped(began)
			}
			r.at++
		default:
			r.at++
		}
	}
	return errNotJSON
}

// skipped tells whether anything was.
func (r *jsonReader) skipped(began int) error {
	if r.at == began {
		return errNotJSON
	}
	return nil
}

// string reads a string; one without escapes is a part of the text.
func (r *jsonReader) string() (string, error) {
	if r.at == len(r.text) || r.text[r.at] != '"' {
		return "", errNotJSON
	}
	begin, plain := r.at, true
	for r.at++; r.at < len(r.text); r.at++ {
		var ascii bool
		r.at, ascii = r.unusual()
		if plain = plain && ascii; r.at == len(r.text) {
			break
		}
		switch c := r.text[r.at]; {
		case c == '\\':
			r.at++
			plain = false
		case c < ' ':
			return "", errNotJSON
		case c == '"':
			r.at++
			if raw := r.text[begin:r.at]; !plain && (strings.IndexByte(raw, '\\') >= 0 || !utf8.ValidString(raw)) {
				var s string
				err := json.Unmarshal([]byte(raw), &s)
				return s, err
			}
			return r.text[begin+1 : r.at-1], nil
		}
	}
	return "", errNotJSON
}

// unusual is where the next quote, backslash or control character is, or the text's end,
// and whether all before it is ASCII. It asks eight bytes at once: strings are short, and
// most of a document.
func (r *jsonReader) unusual() (at int, ascii bool) {
	const each, top = 0x0101010101010101, 0x8080808080808080
	none := func(w uint64) uint64 { return (w - each) &^ w } // its lowest top bit is that of the first byte that is zero
	at = r.at
	var seen uint64
	for ; at+8 <= len(r.text); at += 8 {
		s := r.text[at : at+8]
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		seen |= w
		if found := (none(w^'"'*each) | none(w^'\\'*each) | (w-' '*each)&^w) & top; found != 0 {
			return at + bits.TrailingZeros64(found)/8, seen&top == 0
		}
	}
	for ; at < len(r.text); at++ {
		c := r.text[at]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		seen |= uint64(c)
	}
	return at, seen&top == 0
}
